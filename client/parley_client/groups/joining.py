"""Requests to join: made by who holds a link, answered by devices of members who may add people.

Invariant: a request counts only where the link's public key of the policy verifies it for the very root key under which this
device knows the person; nobody comes in but by an ordinary commit that this device makes and everybody judges.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from parley_client.api import joining
from parley_client.errors import ClientError, IdentityChanged, UntrustedIdentity, UsageError
from parley_client.groups.commits import Plan, commit_change
from parley_client.groups.conversations import ensure_member, plan_change, roster_entry
from parley_client.groups.describing import owe_description, tell_owed
from parley_client.groups.editing import check_edit
from parley_client.groups.links import Invitation
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, list_conversations, load_conversation
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, LinkId, UserId
from parley_contracts.joining_api import JOIN_LABEL, JoinRequest, JoinRequestUpload, join_request_content
from parley_contracts.policy import Link, PolicyDocument
from parley_contracts.problems import NotFound, PolicyRefused, Problem
from parley_mls import Group, MlsError, sign_with_label, verify_with_label

#: Devices that may admit the same person wait up to this long, so that one of them is first.
_STAGGER_MS = 1500


class Joining(msgspec.Struct, frozen=True):
    """Where a request to join stands: `requested` until a member admits the person."""

    conversation_id: ConversationId
    state: Literal["requested", "member"]


class Asking(msgspec.Struct, frozen=True):
    """A person who asks to join, verified; `username` is empty until it is known."""

    user_id: UserId
    username: str
    link_id: LinkId
    requested_at: str


async def ask_to_join(session: Session, invitation: Invitation) -> Joining:
    """Ask by a link; `NotFound` for one that does not (or not any more) open anything."""
    conversation_id = invitation.conversation_id
    row = load_conversation(session.store, conversation_id)
    if row is not None and row.status in {"member", "outside"}:
        return Joining(conversation_id, "member")
    if invitation.log:
        await session.directory.log.introduce(invitation.log)
    inviter = await session.directory.identity(invitation.inviter)
    if inviter.root_fingerprint != invitation.inviter_fingerprint:
        raise UntrustedIdentity("the server shows other keys of who invites you than the link says")
    own = await session.directory.identity(session.device.user_id)
    content = _content(session, conversation_id, invitation.link_id, session.device.user_id, own.root_fingerprint)
    signature = sign_with_label(session.primitives, invitation.seed, JOIN_LABEL, content)
    upload = JoinRequestUpload(invitation.link_id, b64encode(signature))
    try:
        await joining.put_join_request(session.api, conversation_id, upload)
    except NotFound as problem:
        raise NotFound("this invitation link does not work, or not any more") from problem
    return Joining(conversation_id, "requested")


async def own_requests(session: Session) -> list[Joining]:
    """What this person has asked to join and nobody has answered."""
    made = await joining.get_own_join_requests(session.api)
    return [Joining(request.conversation_id, "requested") for request in made.join_requests]


async def who_asks(session: Session, conversation_id: ConversationId) -> list[Asking]:
    """Who asks to join a group; for members who may add people."""
    row = await ensure_member(session, conversation_id)
    return [
        Asking(request.user_id, await _username(session, request.user_id), request.link_id, request.requested_at)
        for request in await _verified(session, row)
    ]


async def admit(session: Session, conversation_id: ConversationId, user_id: UserId) -> None:
    """Let somebody in who asks; `NotFound` where they do not (or not any more)."""
    row = await ensure_member(session, conversation_id)
    wanted = [request for request in await _verified(session, row) if request.user_id == user_id]
    if not wanted:
        raise NotFound("this person does not ask to join")
    await _admit(session, wanted[0], lambda _: True)


async def turn_down(session: Session, conversation_id: ConversationId, user_id: UserId) -> None:
    """Forget somebody's request, or withdraw one's own."""
    await joining.delete_join_request(session.api, conversation_id, user_id)


async def admit_automatically(session: Session, conversation_id: ConversationId | None = None) -> None:
    """Let in who asks by automatic links, in one conversation or in all; what fails now is tried at the next occasion."""
    for row in list_conversations(session.store):
        if conversation_id in {None, row.conversation_id} and _admits(session, row):
            with contextlib.suppress(ClientError, Problem):
                await _admit_automatically(session, row)


def _admits(session: Session, row: ConversationRow) -> bool:
    policy = known_policy(row.policy)
    automatic = any(link.automatic for link in policy.links)
    return automatic and row.status == "member" and policy.may(session.device.user_id, "add")


async def _admit_automatically(session: Session, row: ConversationRow) -> None:
    if not await _verified(session, row):
        return
    await asyncio.sleep(secrets.randbelow(_STAGGER_MS) / 1000)
    for request in await _verified(session, row):
        with contextlib.suppress(NotFound, PolicyRefused, UsageError, IdentityChanged):
            await _admit(session, request, lambda link: link.automatic and link.is_open(time.time()))


async def _admit(session: Session, request: JoinRequest, allowed: Callable[[Link], bool]) -> None:
    owe_description(session, request.conversation_id)

    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        before = known_policy(row.policy)
        link = before.link(request.link_id)
        if request.user_id in before.user_ids:
            return None
        if link is None or not allowed(link):
            raise NotFound("the link by which this person asks is not open any more")
        after = await _with_person(session, before, request.user_id, link)
        check_edit(session, before, after)
        return await plan_change(session, row, member, after)

    await commit_change(session, request.conversation_id, plan)
    await tell_owed(session)


async def _with_person(session: Session, policy: PolicyDocument, user_id: UserId, link: Link) -> PolicyDocument:
    used = msgspec.structs.replace(link, uses=link.uses + 1)
    return msgspec.structs.replace(
        policy,
        roster=(*policy.roster, await roster_entry(session, user_id, link.role)),
        links=tuple(used if other == link else other for other in policy.links),
    )


async def _verified(session: Session, row: ConversationRow) -> list[JoinRequest]:
    """The requests that hold; the server's word alone lets nobody in."""
    waiting = await joining.get_join_requests(session.api, row.conversation_id)
    policy = known_policy(row.policy)
    return [request for request in waiting.join_requests if await _holds(session, policy, request)]


async def _holds(session: Session, policy: PolicyDocument, request: JoinRequest) -> bool:
    link = policy.link(request.link_id)
    if link is None or request.conversation_id != policy.conversation_id:
        return False
    try:
        await session.directory.fetch([request.user_id])
        identity = session.directory.known(request.user_id)
        signature = b64decode(request.signature)
    except (ClientError, NotFound, ValueError):
        return False
    if identity is None:
        return False
    content = _content(session, policy.conversation_id, link.link_id, request.user_id, identity.root_fingerprint)
    try:
        return verify_with_label(session.primitives, b64decode(link.public_key), JOIN_LABEL, content, signature)
    except MlsError:
        return False


def _content(
    session: Session, conversation_id: ConversationId, link_id: LinkId, user_id: UserId, fingerprint: bytes
) -> bytes:
    return join_request_content(session.device.server_name, conversation_id, link_id, user_id, fingerprint)


async def _username(session: Session, user_id: UserId) -> str:
    try:
        return await session.directory.username(user_id)
    except NotFound:
        return ""

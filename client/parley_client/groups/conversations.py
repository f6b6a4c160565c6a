"""Conversations as people ask for them: talk to somebody, make a group, be in it.

Invariant: who belongs is said by the policy document that this device writes; the server only keeps it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

import msgspec

from parley_client.channels.entering import ensure_in_channel
from parley_client.errors import NotAMember, NotReachable, UnknownConversation, UsageError
from parley_client.groups.claiming import claim
from parley_client.groups.commits import Plan, commit_change, leaves_outside, lost_leaves, send_pending
from parley_client.groups.entering import WELCOME_WAIT_S, enter, note_to_self
from parley_client.groups.judgement import (
    leaves_of,
    new_group_id,
    policy_extension,
)
from parley_client.groups.roots import is_doubted
from parley_client.people.blocks import expect_unblocked
from parley_client.push.leaves import own_leaf_extensions, sealed_secrets
from parley_client.resets.making import go_on
from parley_client.session import Session
from parley_client.store import queues
from parley_client.store.conversations import ConversationRow, load_conversation, save_conversation
from parley_client.store.queues import PendingCommit
from parley_client.sync.catch_up import forget_creation
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import chain_start
from parley_contracts.ids import (
    ClientId,
    ConversationId,
    DeviceId,
    UserId,
    as_channel,
    direct_conversation_id,
    new_uuid7,
)
from parley_contracts.limits import MEMBERS_PER_GROUP_MAX
from parley_contracts.messaging_api import ConversationCreation
from parley_contracts.policy import Kind, PolicyDocument, Role, RosterEntry, decode_policy
from parley_contracts.problems import NotFound
from parley_mls import Group, KeyPackage


async def open_direct(session: Session, user_id: UserId) -> ConversationId:
    """The conversation with a person (with oneself: note-to-self), begun where there is none; this device is in it.

    Where the person has new keys nobody is in it but oneself, and nothing is written there before they are let in again (`roots`).
    """
    own = session.device.user_id
    expect_unblocked(session, user_id)
    conversation_id = direct_conversation_id(own, user_id) if user_id != own else await note_to_self(session)
    row = load_conversation(session.store, conversation_id)
    if row is None:
        if user_id == own:
            policy = await _policy(session, conversation_id, "self", {own: "owner"})
        else:
            policy = await _policy(session, conversation_id, "direct", {own: "member", user_id: "member"})
        await _begin(session, policy)
    await ensure_member(session, conversation_id)
    await add_rostered(session, conversation_id)
    if not _reached(session, conversation_id) and not is_doubted(session, conversation_id):
        raise NotReachable("this person has no device yet that could receive messages")
    return conversation_id


async def create_group(session: Session, conversation_id: ConversationId, user_ids: Collection[UserId]) -> None:
    """Make a private group under an id that the caller chose, with oneself as owner."""
    if len(user_ids) >= MEMBERS_PER_GROUP_MAX:
        raise UsageError(f"a group has at most {MEMBERS_PER_GROUP_MAX} people")
    if load_conversation(session.store, conversation_id) is None:
        roles: dict[UserId, Role] = dict.fromkeys(user_ids, "member")
        policy = await _policy(session, conversation_id, "group", roles | {session.device.user_id: "owner"})
        await _begin(session, policy)
    await ensure_member(session, conversation_id)
    await add_rostered(session, conversation_id)


async def ensure_member(session: Session, conversation_id: ConversationId) -> ConversationRow:
    """Be in the group, by whatever way is open; `NotAMember` where the person is not wanted there."""
    channel_id = as_channel(conversation_id)
    if channel_id is not None:
        return await ensure_in_channel(session, channel_id)
    row = load_conversation(session.store, conversation_id)
    if row is not None and row.status == "creating":
        await send_pending(session, conversation_id)
        row = load_conversation(session.store, conversation_id)
        if row is not None and row.status == "creating":
            forget_creation(session, conversation_id)
            row = None
    if row is not None and row.status == "stuck":
        await go_on(session, conversation_id)
        row = load_conversation(session.store, conversation_id)
    if row is not None and row.status in {"member", "forked", "stuck", "paused"}:
        return row
    try:
        row = await enter(session, conversation_id, wait_s=WELCOME_WAIT_S if row is None else 0)
    except NotFound as error:
        raise UnknownConversation("there is no such conversation") from error
    if row.status != "member":
        raise NotAMember("you do not belong to this conversation any more")
    return row


async def add_rostered(session: Session, conversation_id: ConversationId) -> None:
    """Add the devices of people who belong and have none in the group yet; the creator answers for that."""
    row = load_conversation(session.store, conversation_id)
    if row is None or not row.creator or row.status != "member":
        return

    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        policy = decode_policy(row.policy)
        present = {leaf.user_id for leaf in leaves_of(member)}
        absent = policy.user_ids - present
        if row.epoch == 0 and len(await _own_other_devices(session)) > 0:
            absent |= {session.device.user_id}
        if not absent:
            return None
        plan = await plan_change(session, row, member, policy, people=absent)
        return plan if plan is not None and plan.add else None

    await commit_change(session, conversation_id, plan)
    async with session.lock(conversation_id):
        row = load_conversation(session.store, conversation_id)
        if row is not None and _reached(session, conversation_id):
            save_conversation(session.store, msgspec.structs.replace(row, creator=False))


def _reached(session: Session, conversation_id: ConversationId) -> bool:
    """Whether everyone of the roster has a leaf."""
    row = load_conversation(session.store, conversation_id)
    member, _ = session.groups.load(conversation_id)
    if row is None or member is None:
        return False
    return decode_policy(row.policy).user_ids <= {leaf.user_id for leaf in leaves_of(member)}


async def _begin(session: Session, policy: PolicyDocument) -> None:
    """Store and send a new conversation; where another device was first, forget it again."""
    conversation_id = policy.conversation_id
    document = policy.encode()
    group = Group.create(
        session.primitives,
        group_id=new_group_id(conversation_id),
        identity=session.device.certificate,
        signature_seed=session.device.device_secret,
        extensions=[policy_extension(document)],
        leaf_extensions=own_leaf_extensions(session),
    )
    client_id = ClientId(new_uuid7())
    upload = ConversationCreation(
        client_id,
        b64encode(group.group_info(session.primitives)),
        b64encode(document),
        sealed_secrets(session, group, conversation_id, policy.generation),
    )
    row = ConversationRow(
        conversation_id=conversation_id,
        kind=policy.kind,
        policy=document,
        cursor=0,
        chain_hash=chain_start(conversation_id),
        status="creating",
        epoch_at=int(time.time()),
    )
    pending = PendingCommit(
        conversation_id=conversation_id,
        client_id=client_id,
        upload=msgspec.json.encode(upload),
        member=group.to_bytes(),
        policy=document,
        creation=True,
    )
    async with session.lock(conversation_id):
        if load_conversation(session.store, conversation_id) is not None:
            return
        with session.store.transaction():
            save_conversation(session.store, row)
            queues.save_pending(session.store, pending)


async def _policy(
    session: Session, conversation_id: ConversationId, kind: Kind, roles: dict[UserId, Role]
) -> PolicyDocument:
    entries = [await roster_entry(session, user_id, role) for user_id, role in sorted(roles.items())]
    return PolicyDocument(conversation_id=conversation_id, kind=kind, generation=0, roster=tuple(entries))


async def roster_entry(session: Session, user_id: UserId, role: Role) -> RosterEntry:
    """A person as the roster pins them: by their present root key; `IdentityChanged` where it is not the accepted one."""
    identity = await session.directory.identity(user_id)
    return RosterEntry(user_id=user_id, root_fingerprint=b64encode(identity.root_fingerprint), role=role)


async def _own_other_devices(session: Session) -> frozenset[DeviceId]:
    await session.directory.fetch([session.device.user_id])
    return session.directory.devices(session.device.user_id) - {session.device.device_id}


async def plan_change(
    session: Session,
    row: ConversationRow,
    member: Group,
    policy: PolicyDocument,
    *,
    people: Iterable[UserId] | None = None,
) -> Plan:
    """What leads from the present leaves to the roster: claims for `people` (default: who joins), removals of lost devices."""
    before = decode_policy(row.policy)
    lost = await lost_leaves(session, row, member)
    joining = policy.user_ids - before.user_ids if people is None else people
    present = {leaf.device_id for leaf in leaves_of(member) if leaf.user_id in before.user_ids} | {
        session.device.device_id
    }
    packages: list[tuple[DeviceId, KeyPackage]] = []
    for user_id in joining:
        packages += [
            (device_id, package)
            for device_id, package in await claim(session, policy, user_id)
            if device_id not in present
        ]
    # Whoever left and comes in again comes with new leaves, not with those that nobody has taken out yet.
    strays = leaves_outside(member, before)
    return Plan(tuple(packages), (*lost, *strays), policy.encode() if policy != before else None)

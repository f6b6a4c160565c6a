"""Invitation links: made, listed, revoked, and read.

Invariant: a link's secret is in the URL's fragment, which no browser sends, and in its maker's sealed settings; the policy
document, which the server sees, has the public key only.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from parley_client.errors import UsageError
from parley_client.groups.membership import change_policy
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.settings import marks, syncing
from parley_client.store.conversations import ConversationRow
from parley_client.transparency.log import INTRODUCTION_SIZE_BYTES
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, LinkId, UserId, new_uuid7, uuid_bytes, uuid_text
from parley_contracts.policy import Link, PolicyDocument
from parley_contracts.problems import NotFound, Problem
from parley_mls import DecodeError, Primitives, Reader, Writer, decode

_MARK = "/#join="
_FORMAT = 1
_FORMAT_WITH_LOG = 2
SEED_SIZE_BYTES = 32
LIFETIME_S_MAX = 10 * 365 * 24 * 3600
USES_MAX = 1_000_000


@dataclass(frozen=True)
class Invitation:
    """What a link's fragment holds: into what it leads, the secret, and who vouches for it under which root key.

    `log` is the key (32 bytes) of the log of people's keys and the head of it that the inviter had; empty where there was none.
    """

    conversation_id: ConversationId
    link_id: LinkId
    seed: bytes = field(repr=False)
    inviter: UserId
    inviter_fingerprint: bytes
    log: bytes = b""

    def encode(self) -> bytes:
        """The fragment's bytes."""
        return (
            Writer()
            .uint8(_FORMAT_WITH_LOG if self.log else _FORMAT)
            .raw(uuid_bytes(self.conversation_id))
            .raw(uuid_bytes(self.link_id))
            .raw(self.seed)
            .raw(uuid_bytes(self.inviter))
            .raw(self.inviter_fingerprint)
            .raw(self.log)
            .finish()
        )

    def url(self, server: str) -> str:
        """The link at a server (`https://HOST:PORT`)."""
        return f"{server}{_MARK}{b64encode(self.encode())}"


class LinkInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A link as members see it; `url` is None on devices that do not hold its secret, `open` whether it still works."""

    link_id: LinkId
    created_by: str
    role: Literal["member", "guest"]
    uses: int
    uses_max: int | None
    expires_at: str | None
    automatic: bool
    open: bool
    url: str | None


def parse_link(server: str, unverified_url: str) -> Invitation:
    """The invitation in a link of this server; `UsageError` where it is none."""
    place, mark, fragment = unverified_url.strip().partition(_MARK)
    if not mark:
        raise UsageError("this is no invitation link")
    if place != server:
        raise UsageError("this invitation is for another server")
    try:
        return decode(b64decode(fragment), _read)
    except (DecodeError, ValueError) as error:
        raise UsageError("this invitation link is damaged") from error


async def create_link(
    session: Session,
    row: ConversationRow,
    *,
    role: Literal["member", "guest"] = "member",
    uses_max: int | None = None,
    lifetime_s: int | None = None,
    automatic: bool = False,
) -> LinkId:
    """Make a link of a group; with `automatic`, devices of members who may add people admit whoever asks by it."""
    for number, number_max in ((uses_max, USES_MAX), (lifetime_s, LIFETIME_S_MAX)):
        if number is not None and not 1 <= number <= number_max:
            raise UsageError("a link's uses and lifetime are positive numbers within reason")
    seed, link_id = os.urandom(SEED_SIZE_BYTES), LinkId(new_uuid7())
    link = Link(
        link_id=link_id,
        public_key=b64encode(session.primitives.ed25519_public(seed)),
        created_by=session.device.user_id,
        role=role,
        uses_max=uses_max,
        expires_at=int(time.time()) + lifetime_s if lifetime_s is not None else None,
        automatic=automatic,
    )
    # The secret first: a link in the policy that nobody can give away helps nobody.
    syncing.change(session, {marks.link_key(link_id): b64encode(seed)})

    def edit(policy: PolicyDocument) -> PolicyDocument:
        if policy.link(link_id) is not None:
            return policy
        return msgspec.structs.replace(policy, links=(*policy.links, link))

    try:
        await change_policy(session, row.conversation_id, edit)
    except Problem:
        syncing.change(session, {marks.link_key(link_id): None})
        raise
    return link_id


async def revoke_link(session: Session, conversation_id: ConversationId, link_id: LinkId) -> None:
    """Make a link useless; `NotFound` where there is none."""
    found = False

    def edit(policy: PolicyDocument) -> PolicyDocument:
        nonlocal found
        found = found or policy.link(link_id) is not None
        return msgspec.structs.replace(policy, links=tuple(link for link in policy.links if link.link_id != link_id))

    await change_policy(session, conversation_id, edit)
    syncing.change(session, {marks.link_key(link_id): None})
    if not found:
        raise NotFound("the group has no such link")


def list_links(session: Session, row: ConversationRow, server: str) -> list[LinkInfo]:
    """The links of a group; no network."""
    held = marks.values(session.store)
    return [
        _info(session, row, link, server, held.get(marks.link_key(link.link_id)))
        for link in known_policy(row.policy).links
    ]


def _info(session: Session, row: ConversationRow, link: Link, server: str, seed: object) -> LinkInfo:
    identity = session.directory.known(link.created_by)
    url = None
    if isinstance(seed, str) and identity is not None and _fits(session.primitives, link, seed):
        invitation = Invitation(
            row.conversation_id,
            link.link_id,
            b64decode(seed),
            link.created_by,
            identity.root_fingerprint,
            session.directory.log.introduction,
        )
        url = invitation.url(server)
    expires_at = dt.datetime.fromtimestamp(link.expires_at, dt.UTC) if link.expires_at is not None else None
    return LinkInfo(
        link_id=link.link_id,
        created_by=session.directory.known_name(link.created_by),
        role=link.role,
        uses=link.uses,
        uses_max=link.uses_max,
        expires_at=expires_at.isoformat().replace("+00:00", "Z") if expires_at else None,
        automatic=link.automatic,
        open=link.is_open(time.time()),
        url=url,
    )


def _fits(primitives: Primitives, link: Link, seed: str) -> bool:
    try:
        return primitives.ed25519_public(b64decode(seed)) == b64decode(link.public_key)
    except ValueError:
        return False


def _read(reader: Reader) -> Invitation:
    shape = reader.uint8()
    if shape not in {_FORMAT, _FORMAT_WITH_LOG}:
        raise DecodeError("an invitation of an unknown format")
    return Invitation(
        conversation_id=ConversationId(uuid_text(reader.raw(16))),
        link_id=LinkId(uuid_text(reader.raw(16))),
        seed=reader.raw(SEED_SIZE_BYTES),
        inviter=UserId(uuid_text(reader.raw(16))),
        inviter_fingerprint=reader.raw(32),
        log=reader.raw(INTRODUCTION_SIZE_BYTES if shape == _FORMAT_WITH_LOG else 0),
    )

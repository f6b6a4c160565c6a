"""What a screen shows, read from the store: conversations with their last message, and windows of a conversation.

Invariant: nothing here waits for the network; names that are not known yet are learnt in the background and announced.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import Literal

import msgspec

from parley_client.answers import AttachmentInfo
from parley_client.api import messaging
from parley_client.attachments.descriptor import attachments_in, info_of, text_in
from parley_client.errors import ClientError, UnknownConversation
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.settings.marks import Value, marks_of, values
from parley_client.store import messages, queues, reading
from parley_client.store.conversations import ConversationRow, Status, list_conversations, load_conversation
from parley_client.store.messages import KIND_NAME, KIND_TEXT, MessageRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, UserId
from parley_contracts.messaging_api import ReceiptUpload
from parley_contracts.policy import PERMISSIONS, Kind, Permission, Role
from parley_contracts.problems import Problem

PAGE_DEFAULT = 60
PAGE_MAX = 200
_SEQUENCE_MAX = 2**62

ItemKind = Literal["text", "name", "unopened"]


class ShownAttachment(AttachmentInfo, frozen=True):
    """A file of a message with its small picture (base64url), None where it has none."""

    thumbnail: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a conversation. `text` is the message, the new name, or the cause for which it did not open."""

    sequence: int
    client_id: ClientId
    user_id: UserId
    sender: str
    own: bool
    kind: ItemKind
    text: str
    attachments: list[ShownAttachment] = []
    sent_at: str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message of this device that the server has not acknowledged; `problem` says why it never will."""

    client_id: ClientId
    text: str
    attachments: list[ShownAttachment] = []
    state: Literal["waiting", "failed"]
    problem: dict[str, object] | None = None
    queued_at: str


class Member(msgspec.Struct, frozen=True):
    """A person who belongs; `username` is empty until it is known."""

    user_id: UserId
    username: str
    role: Role


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as a list shows it; `active_at` is when something last happened, RFC 3339.

    `read` is the last sequence that each other person is known to have read, `may` what this person's role allows. How the
    person keeps it (`archived` to `folder`) is as in `settings.marks.Marks`.
    """

    conversation_id: ConversationId
    kind: Kind
    name: str
    topic: str
    may: list[Permission]
    archived: bool
    muted_until: str | None
    favourite: bool
    pinned: bool
    folder: str
    members: list[Member]
    status: Status
    unread: int
    read: dict[UserId, int]
    read_sequence: int
    last: Item | None
    outgoing: Outgoing | None
    draft: str
    active_at: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a conversation, ascending. `start` and `end` say whether it reaches the first and the last row.

    `outgoing` is everything not acknowledged, `read` the last sequence that each other person is known to have read.
    """

    items: list[Item]
    start: bool
    end: bool
    outgoing: list[Outgoing]
    read: dict[UserId, int]
    read_sequence: int


def summaries(session: Session) -> list[Summary]:
    """All conversations, the most recent first."""
    drafts = reading.load_drafts(session.store)
    settings = values(session.store)
    found = [_summary(session, row, drafts, settings) for row in list_conversations(session.store)]
    _learn_names(session, {(s.conversation_id, m.user_id) for s in found for m in s.members if not m.username})
    return sorted(found, key=lambda summary: summary.active_at, reverse=True)


def summary(session: Session, conversation_id: ConversationId) -> Summary:
    """One conversation; `UnknownConversation`."""
    row = _known(session, conversation_id)
    found = _summary(session, row, reading.load_drafts(session.store), values(session.store))
    _learn_names(session, {(conversation_id, m.user_id) for m in found.members if not m.username})
    return found


def page(
    session: Session,
    conversation_id: ConversationId,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE_DEFAULT,
) -> Page:
    """The rows before, after or around a sequence; the newest where none is given. `limit` is at most `PAGE_MAX`."""
    _known(session, conversation_id)
    store, limit = session.store, max(1, min(limit, PAGE_MAX))
    if after is not None:
        rows = messages.seen_after(store, conversation_id, after, limit=limit)
    elif around is not None:
        rows = messages.seen_before(store, conversation_id, around, limit=limit // 2)
        rows += messages.seen_after(store, conversation_id, around - 1, limit=limit - len(rows))
    else:
        bound = _SEQUENCE_MAX if before is None else before
        rows = messages.seen_before(store, conversation_id, bound, limit=limit)
    first, last = (rows[0].sequence, rows[-1].sequence) if rows else (before or 0, after or _SEQUENCE_MAX)
    _learn_names(session, {(conversation_id, row.user_id) for row in rows if not _name(session, row.user_id)})
    own = session.device.user_id
    positions = reading.read_positions(store, conversation_id)
    return Page(
        items=[_item(session, row) for row in rows],
        start=not messages.seen_before(store, conversation_id, first, limit=1),
        end=not messages.seen_after(store, conversation_id, last, limit=1),
        outgoing=_outgoing(session, conversation_id),
        read={user_id: sequence for user_id, sequence in positions.items() if user_id != own},
        read_sequence=positions.get(own, 0),
    )


async def mark_read(session: Session, conversation_id: ConversationId, sequence: int) -> None:
    """This person has read up to a sequence: at once here, at the server when it can be reached."""
    if reading.raise_read_position(session.store, conversation_id, session.device.user_id, sequence, told=False):
        session.announce(conversation_id)
        await tell_read_positions(session)


async def tell_read_positions(session: Session) -> None:
    """Tell the server what it has not heard of this person's read positions; what fails now is told later."""
    own = session.device.user_id
    for conversation_id, sequence in reading.untold_positions(session.store, own):
        with contextlib.suppress(ClientError, Problem):
            await messaging.put_receipt(session.api, conversation_id, ReceiptUpload(sequence))
            reading.mark_told(session.store, conversation_id, own, sequence)


def _known(session: Session, conversation_id: ConversationId) -> ConversationRow:
    row = load_conversation(session.store, conversation_id)
    if row is None:
        raise UnknownConversation("there is no such conversation on this device")
    return row


def _summary(
    session: Session, row: ConversationRow, drafts: dict[ConversationId, str], settings: dict[str, Value]
) -> Summary:
    store, where, own = session.store, row.conversation_id, session.device.user_id
    newest = messages.seen_before(store, where, _SEQUENCE_MAX, limit=1)
    last = _item(session, newest[0]) if newest else None
    outgoing = _outgoing(session, where)
    positions = reading.read_positions(store, where)
    read_sequence = positions.get(own, 0)
    quiet_since = last.sent_at if last else _moment(row.epoch_at)
    policy, kept = known_policy(row.policy), marks_of(settings, where)
    return Summary(
        conversation_id=where,
        kind=row.kind,
        name=row.title,
        topic=row.topic,
        may=[permission for permission in PERMISSIONS if policy.may(own, permission)],
        **msgspec.structs.asdict(kept),
        members=[Member(entry.user_id, _name(session, entry.user_id), entry.role) for entry in policy.roster],
        status=row.status,
        unread=messages.count_texts_after(store, where, read_sequence, but_of=own),
        read={user_id: sequence for user_id, sequence in positions.items() if user_id != own},
        read_sequence=read_sequence,
        last=last,
        outgoing=outgoing[-1] if outgoing else None,
        draft=drafts.get(where, ""),
        active_at=outgoing[-1].queued_at if outgoing else quiet_since,
    )


def _item(session: Session, row: MessageRow) -> Item:
    kind: ItemKind = "unopened" if row.cause else "name" if row.kind == KIND_NAME else "text"
    return Item(
        sequence=row.sequence,
        client_id=row.client_id,
        user_id=row.user_id,
        sender=_name(session, row.user_id),
        own=row.user_id == session.device.user_id,
        kind=kind,
        text=text_in(row.body) if kind == "text" else row.cause or _named(row.body),
        attachments=_shown(row.body) if kind == "text" else [],
        sent_at=row.stored_at,
    )


def _outgoing(session: Session, conversation_id: ConversationId) -> list[Outgoing]:
    found = []
    for row, failure in queues.list_outbox(session.store, conversation_id):
        if row.kind == KIND_TEXT:
            found.append(
                Outgoing(
                    client_id=row.client_id,
                    text=text_in(row.body),
                    attachments=_shown(row.body),
                    state="failed" if failure else "waiting",
                    problem=json.loads(failure) if failure else None,
                    queued_at=_moment(int(row.client_id.replace("-", "")[:12], 16) / 1000),
                )
            )
    return found


def _shown(body: bytes) -> list[ShownAttachment]:
    return [
        ShownAttachment(
            **msgspec.structs.asdict(info_of(index, found)),
            thumbnail=b64encode(found.thumbnail) if found.thumbnail is not None else None,
        )
        for index, found in attachments_in(body).items()
    ]


class _Named(msgspec.Struct):
    name: str


def _named(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Named).name
    except (ValueError, RecursionError):
        return ""


def _moment(seconds: float) -> str:
    """Seconds since 1970 as the server writes times (client ids are UUIDv7 and begin with their milliseconds)."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _name(session: Session, user_id: UserId) -> str:
    name = session.directory.known_name(user_id)
    return "" if name == user_id else name


def _learn_names(session: Session, unknown: set[tuple[ConversationId, UserId]]) -> None:
    wanted = {(where, who) for where, who in unknown if who not in session.learning}
    if wanted:
        session.learning.update(who for _, who in wanted)
        session.spawn(_fetch_names(session, wanted))


async def _fetch_names(session: Session, wanted: set[tuple[ConversationId, UserId]]) -> None:
    for where, who in wanted:
        try:
            with contextlib.suppress(ClientError, Problem):
                await session.directory.username(who)
                session.announce(where)
        finally:
            session.learning.discard(who)

"""What a screen shows, read from the store: conversations with their last message, and windows of a conversation.

Invariant: nothing here waits for the network; names that are not known yet are learnt in the background and announced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json

import msgspec

from parley_client.content.bodies import TextBody, read
from parley_client.content.folding import pinned_targets
from parley_client.content.kinds import COUNTED_KINDS, SHOWN_KINDS
from parley_client.errors import ClientError, UnknownConversation
from parley_client.groups.muting import muted_until
from parley_client.groups.policies import known_policy
from parley_client.groups.roots import doubted_people, renewed_people
from parley_client.items import (
    Item,
    Outgoing,
    items_of,
    moment,
    name_of,
    people_in,
    quotes_of,
    shown_attachments,
)
from parley_client.people.blocks import blocked_people
from parley_client.people.requests import is_request
from parley_client.session import Session
from parley_client.settings.marks import Values, marks_of, values
from parley_client.state.methods import positions
from parley_client.state.reading import unread_after, unread_counts
from parley_client.store import messages, queues, reading
from parley_client.store.conversations import (
    ConversationRow,
    Status,
    list_conversations,
    load_conversation,
    load_picture,
)
from parley_client.store.reading import SEQUENCE_MAX
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.policy import PERMISSIONS, Kind, Permission, Role
from parley_contracts.problems import Problem

PAGE_DEFAULT = 60
PAGE_MAX = 200


class Member(msgspec.Struct, frozen=True):
    """A person who belongs; `username` is empty until it is known. `muted_until` is RFC 3339, `always`, or None."""

    user_id: UserId
    username: str
    role: Role
    muted_until: str | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as a list shows it; `active_at` is when something last happened, RFC 3339.

    `unread` messages of others wait above the sequence `unread_after`, `mentions` of them name this person; `read` and
    `delivered` are the last sequences that each other person is known to have read, and that one of their devices has got.
    `marked_unread`: the person wants it unread, from the first message that `unread` counts, if any. `may` is what this
    person's role allows, without `send` while they are muted. How the person keeps it (`archived` to `folder`) is as in
    `settings.marks.Marks`. `request`: a stranger has begun it and it waits for this person's word; `blocked`: this person has
    blocked the other one. `timer_s` and `retention_s` are those of the policy; `picture` changes with the group's picture,
    empty where it has none. `renewed` have new keys and wait to be let in again, `doubted` are those about whose
    new keys this person has to say something before they write here.
    """

    conversation_id: ConversationId
    kind: Kind
    name: str
    topic: str
    picture: str
    timer_s: int | None
    retention_s: int | None
    may: list[Permission]
    archived: bool
    muted_until: str | None
    favourite: bool
    pinned: bool
    folder: str
    members: list[Member]
    renewed: list[UserId]
    doubted: list[UserId]
    status: Status
    unread: int
    unread_after: int
    mentions: int
    marked_unread: bool
    read: dict[UserId, int]
    delivered: dict[UserId, int]
    read_sequence: int
    last: Item | None
    outgoing: Outgoing | None
    draft: str
    active_at: str
    request: bool
    blocked: bool


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a conversation, ascending. `start` and `end` say whether it reaches the first and the last row.

    `outgoing` is everything not acknowledged; `read` and `delivered` are those of `Summary`, asked anew of the server once
    for each connection when the newest rows are.
    """

    items: list[Item]
    start: bool
    end: bool
    outgoing: list[Outgoing]
    read: dict[UserId, int]
    delivered: dict[UserId, int]
    read_sequence: int


def summaries(session: Session) -> list[Summary]:
    """All conversations, the most recent first."""
    drafts = reading.load_drafts(session.store)
    settings, blocked = values(session.store), blocked_people(session.store)
    found = [_summary(session, row, drafts, settings, blocked) for row in list_conversations(session.store)]
    _learn_names(session, {(s.conversation_id, m.user_id) for s in found for m in s.members if not m.username})
    return sorted(found, key=lambda summary: summary.active_at, reverse=True)


def summary(session: Session, conversation_id: ConversationId) -> Summary:
    """One conversation; `UnknownConversation`."""
    row = _known(session, conversation_id)
    drafts, blocked = reading.load_drafts(session.store), blocked_people(session.store)
    found = _summary(session, row, drafts, values(session.store), blocked)
    _learn_names(session, {(conversation_id, m.user_id) for m in found.members if not m.username})
    return found


def page(
    session: Session,
    conversation_id: ConversationId,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    thread: int | None = None,
    limit: int = PAGE_DEFAULT,
) -> Page:
    """The rows before, after or around a sequence; the newest where none is given. `limit` is at most `PAGE_MAX`.

    With `thread`, what stands under that message instead of what stands in the conversation itself.
    """
    _known(session, conversation_id)
    store, limit = session.store, max(1, min(limit, PAGE_MAX))
    if after is not None:
        rows = messages.seen_after(store, conversation_id, after, limit=limit, thread=thread)
    elif around is not None:
        rows = messages.seen_before(store, conversation_id, around, limit=limit // 2, thread=thread)
        rows += messages.seen_after(store, conversation_id, around - 1, limit=limit - len(rows), thread=thread)
    else:
        bound = SEQUENCE_MAX if before is None else before
        rows = messages.seen_before(store, conversation_id, bound, limit=limit, thread=thread)
        if before is None:
            session.signals.receipts.opened(conversation_id)
    first, last = (rows[0].sequence, rows[-1].sequence) if rows else (before or 0, after or SEQUENCE_MAX)
    items = items_of(session, conversation_id, rows)
    _learn_names(session, _unknown(session, conversation_id, items))
    others = positions(session, conversation_id)
    return Page(
        items=items,
        start=not messages.seen_before(store, conversation_id, first, limit=1, thread=thread),
        end=not messages.seen_after(store, conversation_id, last, limit=1, thread=thread),
        outgoing=[each for each in _outgoing(session, conversation_id) if each.thread_root == thread],
        read=others.read,
        delivered=others.delivered,
        read_sequence=_own_position(session, conversation_id),
    )


def item(session: Session, conversation_id: ConversationId, sequence: int) -> Item | None:
    """One row as it stands, None where nothing stands there."""
    _known(session, conversation_id)
    row = messages.row_at(session.store, conversation_id, sequence)
    shown = row is not None and (row.kind in SHOWN_KINDS or row.cause is not None)
    return items_of(session, conversation_id, [row])[0] if row is not None and shown else None


def pins(session: Session, conversation_id: ConversationId) -> list[Item]:
    """What is pinned in a conversation, the last pinned first."""
    _known(session, conversation_id)
    places = pinned_targets(messages.pinning(session.store, conversation_id))
    rows = messages.rows_at(session.store, conversation_id, places)
    found = items_of(session, conversation_id, [rows[place] for place in places if place in rows])
    return [each for each in found if each.kind != "deleted"]


def _own_position(session: Session, conversation_id: ConversationId) -> int:
    return reading.read_positions(session.store, conversation_id).get(session.device.user_id, 0)


def _known(session: Session, conversation_id: ConversationId) -> ConversationRow:
    row = load_conversation(session.store, conversation_id)
    if row is None:
        raise UnknownConversation("there is no such conversation on this device")
    return row


def _summary(
    session: Session,
    row: ConversationRow,
    drafts: dict[ConversationId, str],
    settings: Values,
    blocked: frozenset[UserId],
) -> Summary:
    store, where = session.store, row.conversation_id
    newest = messages.seen_before(store, where, SEQUENCE_MAX, limit=1)
    last = items_of(session, where, newest)[0] if newest else None
    outgoing = _outgoing(session, where)
    others = positions(session, where)
    unread, mentions = unread_counts(session, where)
    quiet_since = last.sent_at if last else moment(row.epoch_at)
    policy, kept = known_policy(row.policy), marks_of(settings, where)
    own, now = session.device.user_id, session.clock()
    return Summary(
        conversation_id=where,
        kind=row.kind,
        name=row.title,
        topic=row.topic,
        picture=_picture_version(session, row),
        timer_s=policy.timer_s,
        retention_s=policy.retention_s,
        may=[each for each in PERMISSIONS if policy.may(own, each) and (each != "send" or policy.speaks(own, now))],
        **msgspec.structs.asdict(kept),
        members=[
            Member(each.user_id, name_of(session, each.user_id), each.role, muted_until(policy, each.user_id, now))
            for each in policy.roster
        ],
        renewed=renewed_people(session, policy) if row.kind != "open" else [],
        doubted=doubted_people(session, policy, settings),
        status=row.status,
        unread=unread,
        unread_after=unread_after(session, where),
        mentions=mentions,
        marked_unread=bool(reading.unread_mark(store, where).sequence),
        read=others.read,
        delivered=others.delivered,
        read_sequence=_own_position(session, where),
        last=last,
        outgoing=outgoing[-1] if outgoing else None,
        draft=drafts.get(where, ""),
        active_at=outgoing[-1].queued_at if outgoing else quiet_since,
        request=is_request(store, own, row, settings),
        blocked=row.kind == "direct" and bool(policy.user_ids & blocked),
    )


def _picture_version(session: Session, row: ConversationRow) -> str:
    found = load_picture(session.store, row.conversation_id) if row.kind == "group" else None
    return hashlib.sha256(found).hexdigest()[:16] if found else ""


def _outgoing(session: Session, conversation_id: ConversationId) -> list[Outgoing]:
    rows = [
        (row, failure)
        for row, failure in queues.list_outbox(session.store, conversation_id)
        if row.kind in COUNTED_KINDS
    ]
    if not rows:
        return []
    # A poll reads as a text, too: it has a question and perhaps a thread.
    texts = {row.client_id: read(row.body, TextBody) or TextBody(text="") for row, _ in rows}
    quotes = quotes_of(session, conversation_id, {text.reply_to for text in texts.values() if text.reply_to})
    found = []
    for row, failure in rows:
        text = texts[row.client_id]
        found.append(
            Outgoing(
                client_id=row.client_id,
                text=text.text,
                attachments=shown_attachments(row.body),
                reply_to=quotes.get(text.reply_to) if text.reply_to else None,
                thread_root=text.thread,
                state="failed" if failure else "waiting",
                problem=json.loads(failure) if failure else None,
                # Client ids are UUIDv7 and begin with their milliseconds.
                queued_at=moment(int(row.client_id.replace("-", "")[:12], 16) / 1000),
            )
        )
    return found


def _unknown(
    session: Session, conversation_id: ConversationId, items: list[Item]
) -> set[tuple[ConversationId, UserId]]:
    people = {user_id for each in items for user_id in people_in(each)}
    return {(conversation_id, user_id) for user_id in people if not name_of(session, user_id)}


def _learn_names(session: Session, unknown: set[tuple[ConversationId, UserId]]) -> None:
    wanted = {(where, who) for where, who in unknown if who not in session.learning}
    if wanted:
        session.learning.update(who for _, who in wanted)
        session.spawn(_fetch_names(session, wanted))


async def _fetch_names(session: Session, wanted: set[tuple[ConversationId, UserId]]) -> None:
    people = {who for _, who in wanted}
    try:
        with contextlib.suppress(ClientError, Problem):
            await session.directory.learn_names(people)
            for where in {where for where, _ in wanted}:
                session.announce(where)
    finally:
        session.learning -= people

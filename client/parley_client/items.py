"""Rows of a conversation as a screen shows them: each message with what was said of it since.

Invariant: nothing here waits for the network. What this device has said and the store does not hold yet is folded in as if
it stood at the log's end, so that a reaction or an edit shows at once, and stays when it is acknowledged.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from parley_client.answers import AttachmentInfo
from parley_client.attachments.descriptor import attachments_in, info_of
from parley_client.content.bodies import TextBody, name_in, read
from parley_client.content.describing import Change, changes_of
from parley_client.content.folding import Folded, Poll, fold, may_delete
from parley_client.content.kinds import (
    ANNOTATING_KINDS,
    COUNTED_KINDS,
    KIND_DELETE,
    KIND_HISTORY,
    KIND_MEMBERS,
    KIND_NAME,
    KIND_POLL,
    KIND_RESET,
    KIND_TEXT,
)
from parley_client.past.telling import history_in
from parley_client.resets.telling import culprit_in
from parley_client.session import Session
from parley_client.store import messages, queues
from parley_client.store.conversations import load_conversation
from parley_client.store.messages import MessageRow, ThreadState
from parley_client.store.queues import OutboxRow
from parley_client.store.reading import SEQUENCE_MAX
from parley_client.sync.opening import REMOVED
from parley_client.sync.placing import KeptFor, members_in, placed
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, UserId, as_channel

ItemKind = Literal["text", "poll", "deleted", "name", "members", "lifetimes", "history", "reset", "unopened"]
QUOTE_LENGTH_MAX = 280


class ShownAttachment(AttachmentInfo, frozen=True):
    """A file of a message with its small picture (base64url), None where it has none."""

    thumbnail: str | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody; `username` is empty until it is known."""

    user_id: UserId
    username: str


class Reaction(msgspec.Struct, frozen=True):
    """An emoji at a message and who gave it, the first first."""

    emoji: str
    people: list[Person]
    own: bool


class PollOption(msgspec.Struct, frozen=True):
    """An answer of a poll and who chose it."""

    text: str
    people: list[Person]
    own: bool


class ShownPoll(msgspec.Struct, frozen=True):
    """A poll as it stands; `voters` have voted, each for one answer or, with `several`, for any number."""

    options: list[PollOption]
    several: bool
    closed: bool
    voters: int


class Quote(msgspec.Struct, frozen=True):
    """The message that another one answers, cut to `QUOTE_LENGTH_MAX`; `gone` where it was deleted or is not readable."""

    sequence: int
    sender: Person | None
    text: str
    files: int
    gone: bool


class Thread(msgspec.Struct, frozen=True):
    """What stands under a message: who wrote there, the last first."""

    replies: int
    last_sequence: int
    last_at: str
    people: list[Person]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a conversation. `text` is the message or question, the new name, or the cause for which it did not open.

    `application` is the program that said it for the sender, in an open channel. `members` names in `added` and `removed`
    whom its author brought in and put out, in `again` whom they let in again under new keys; `lifetimes`, and `members` too, how long messages are kept from here on, where
    that has changed (`timer`, `retention`). `name` says what is new (`changed`). Of what was `deleted`, `deleted_by` did
    it; what disappears says when (`expires_at`, by this device's clock). `history` says that newcomers get what is said
    from here on (`on`) or not any more (`off`), or that its author handed on what was said before this person came in
    (`shared`). `reset` says that the group's keys were begun anew, and in `text` whose change could not be used, where that is known.
    """

    sequence: int
    client_id: ClientId
    user_id: UserId
    sender: str
    own: bool
    kind: ItemKind
    text: str
    attachments: list[ShownAttachment] = []
    sent_at: str
    edited_at: str | None = None
    deleted_by: Person | None = None
    reply_to: Quote | None = None
    reactions: list[Reaction] = []
    pinned: bool = False
    poll: ShownPoll | None = None
    thread: Thread | None = None
    thread_root: int | None = None
    mention: bool = False
    added: list[Person] = []
    removed: list[Person] = []
    again: list[Person] = []
    timer: KeptFor | None = None
    retention: KeptFor | None = None
    changed: list[Change] = []
    expires_at: str | None = None
    application: str = ""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message of this device that the server has not acknowledged; `problem` says why it never will."""

    client_id: ClientId
    text: str
    attachments: list[ShownAttachment] = []
    reply_to: Quote | None = None
    thread_root: int | None = None
    state: Literal["waiting", "failed"]
    problem: dict[str, object] | None = None
    queued_at: str


def items_of(session: Session, conversation_id: ConversationId, rows: Collection[MessageRow]) -> list[Item]:
    """The rows as items, in their order."""
    store = session.store
    places = [row.sequence for row in rows if row.kind in COUNTED_KINDS or row.cause == REMOVED]
    annotations = _annotations(session, conversation_id, places)
    threads = messages.threads_under(store, conversation_id, places)
    folded = {row.sequence: fold(row, annotations[row.sequence]) for row in rows if row.kind in COUNTED_KINDS}
    quotes = quotes_of(session, conversation_id, {f.reply_to for f in folded.values() if f.reply_to is not None})
    return [
        _message(session, row, folded[row.sequence], quotes, threads.get(row.sequence))
        if row.sequence in folded
        else _removed(session, row, annotations[row.sequence])
        if row.cause == REMOVED
        else _event(session, row)
        for row in rows
    ]


def quotes_of(session: Session, conversation_id: ConversationId, places: Collection[int]) -> dict[int, Quote]:
    """Earlier messages as others quote them, by sequence; one that cannot be read is `gone`."""
    rows = messages.rows_at(session.store, conversation_id, places)
    annotations = _annotations(session, conversation_id, rows)
    found = {}
    for place in places:
        row = rows.get(place)
        folded = fold(row, annotations[place]) if row is not None else None
        if row is None or folded is None or folded.deleted_by is not None:
            found[place] = Quote(place, _person(session, row.user_id) if row else None, "", 0, gone=True)
        else:
            text = folded.text[:QUOTE_LENGTH_MAX]
            found[place] = Quote(place, _person(session, row.user_id), text, len(attachments_in(row.body)), gone=False)
    return found


def shown_attachments(body: bytes) -> list[ShownAttachment]:
    """The files of a body with their small pictures."""
    return [
        ShownAttachment(
            **msgspec.structs.asdict(info_of(index, found)),
            thumbnail=b64encode(found.thumbnail) if found.thumbnail is not None else None,
        )
        for index, found in attachments_in(body).items()
    ]


def name_of(session: Session, user_id: UserId) -> str:
    """A person's user name, empty until it is known."""
    name = session.directory.known_name(user_id)
    return "" if name == user_id else name


def moment(seconds: float) -> str:
    """Seconds since 1970 as the server writes times."""
    at = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def people_in(item: Item) -> set[UserId]:
    """Everybody whom an item names."""
    groups: Iterable[list[Person]] = [
        item.added,
        item.removed,
        item.again,
        *(reaction.people for reaction in item.reactions),
        *(option.people for option in (item.poll.options if item.poll else [])),
        item.thread.people if item.thread else [],
    ]
    return {item.user_id, *(person.user_id for people in groups for person in people)}


def _annotations(
    session: Session, conversation_id: ConversationId, places: Collection[int]
) -> dict[int, list[MessageRow]]:
    """What was said of these messages, and what this device is about to say of them."""
    found = defaultdict(list, messages.annotations_of(session.store, conversation_id, places))
    own = session.device
    for said in _said_meanwhile(session, conversation_id):
        row = placed(
            MessageRow(
                conversation_id=conversation_id,
                sequence=SEQUENCE_MAX,
                user_id=own.user_id,
                device_id=own.device_id,
                client_id=said.client_id,
                kind=said.kind,
                body=said.body,
                stored_at="",
                manager=True,  # it was only queued where this person may
                may_pin=True,
            ),
            own.user_id,
        )
        if row.target is not None and row.target in places:
            found[row.target].append(row)
    return found


def _said_meanwhile(session: Session, conversation_id: ConversationId) -> list[OutboxRow]:
    """What this device has said of messages and the store does not hold: acknowledged and not here yet, then waiting."""
    landing = {key: each for key, each in session.landing.items() if each[1].conversation_id == conversation_id}
    conversation = load_conversation(session.store, conversation_id) if landing else None
    for key, (sequence, _) in landing.items():
        if conversation is None or sequence <= conversation.cursor:
            session.landing.pop(key, None)
    landed = [row for key, (_, row) in sorted(landing.items(), key=lambda each: each[1][0]) if key in session.landing]
    waiting = queues.list_outbox(session.store, conversation_id)
    return landed + [row for row, failure in waiting if failure is None and row.kind in ANNOTATING_KINDS]


def _message(
    session: Session, row: MessageRow, folded: Folded, quotes: dict[int, Quote], thread: ThreadState | None
) -> Item:
    deleted = folded.deleted_by is not None
    kind: ItemKind = "deleted" if deleted else "poll" if row.kind == KIND_POLL else "text"
    return Item(
        sequence=row.sequence,
        client_id=row.client_id,
        user_id=row.user_id,
        sender=name_of(session, row.user_id),
        own=row.user_id == session.device.user_id,
        kind=kind,
        text=folded.text,
        attachments=[] if deleted else shown_attachments(row.body),
        sent_at=row.stored_at,
        edited_at=folded.edited_at,
        deleted_by=_person(session, folded.deleted_by) if folded.deleted_by is not None else None,
        reply_to=quotes.get(folded.reply_to) if folded.reply_to is not None else None,
        reactions=[_reaction(session, emoji, people) for emoji, people in folded.reactions.items()],
        pinned=folded.pinned,
        poll=_poll(session, folded.poll) if folded.poll is not None else None,
        thread=_thread(session, thread) if thread is not None else None,
        thread_root=row.thread,
        mention=row.mention,
        expires_at=moment(row.expires_at) if row.expires_at is not None else None,
        application=_application(row) if not deleted else "",
    )


def _application(row: MessageRow) -> str:
    """The program that said it; in private conversations nobody but people and their devices speak."""
    said = read(row.body, TextBody) if as_channel(row.conversation_id) is not None and row.kind == KIND_TEXT else None
    return said.application if said is not None else ""


def _removed(session: Session, row: MessageRow, annotations: Iterable[MessageRow]) -> Item:
    """A message that was removed before this device saw it: deleted, where somebody who may has said so."""
    item = _event(session, row)
    for annotation in annotations:
        if annotation.kind == KIND_DELETE and may_delete(row, annotation):
            return msgspec.structs.replace(
                item, kind="deleted", text="", deleted_by=_person(session, annotation.user_id), thread_root=row.thread
            )
    return item


def _event(session: Session, row: MessageRow) -> Item:
    members = members_in(row.body) if row.kind == KIND_MEMBERS and row.cause is None else None
    history = history_in(row.body) if row.kind == KIND_HISTORY and row.cause is None else None
    named = row.kind == KIND_NAME and row.cause is None
    reset = row.kind == KIND_RESET and row.cause is None
    culprit = culprit_in(row.body) if reset else None
    kind: ItemKind = "unopened" if row.cause else "history" if history else "reset" if reset else "name"
    if members is not None:
        kind = "members" if members.added or members.removed or members.again else "lifetimes"
    return Item(
        sequence=row.sequence,
        client_id=row.client_id,
        user_id=row.user_id,
        sender=name_of(session, row.user_id),
        own=row.user_id == session.device.user_id,
        kind=kind,
        text=row.cause
        or history
        or (name_of(session, culprit) if culprit else name_in(row.body) if row.kind == KIND_NAME else ""),
        sent_at=row.stored_at,
        added=[_person(session, user_id) for user_id in members.added] if members else [],
        removed=[_person(session, user_id) for user_id in members.removed] if members else [],
        again=[_person(session, user_id) for user_id in members.again] if members else [],
        timer=members.timer if members else None,
        retention=members.retention if members else None,
        changed=changes_of(row, messages.names_before(session.store, row)) if named else [],
    )


def _person(session: Session, user_id: UserId) -> Person:
    return Person(user_id, name_of(session, user_id))


def _reaction(session: Session, emoji: str, people: list[UserId]) -> Reaction:
    return Reaction(emoji, [_person(session, who) for who in people], session.device.user_id in people)


def _poll(session: Session, poll: Poll) -> ShownPoll:
    own = session.device.user_id
    options = [
        PollOption(text, [_person(session, who) for who in poll.voters(index)], own in poll.voters(index))
        for index, text in enumerate(poll.options)
    ]
    return ShownPoll(options, poll.several, poll.closed, len(poll.votes))


def _thread(session: Session, thread: ThreadState) -> Thread:
    people = [_person(session, who) for who in thread.user_ids]
    return Thread(thread.replies, thread.last_sequence, thread.last_at, people)

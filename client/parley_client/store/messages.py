"""Messages as this device opened them, in the order in which it did, and what came of those that did not open.

Invariant: one (conversation, device, client id) is opened at most once, for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec

from parley_client.content.kinds import COUNTED_KINDS, KIND_EDIT, KIND_NAME, KIND_PIN, KIND_TEXT, SHOWN_KINDS
from parley_client.store.port import Store
from parley_client.store.restoring import come_back
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.messaging_api import Entry

#: The position to give a row of before this person came in.
OF_BEFORE = -1


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the log. `cause` is None where it was opened; otherwise `sealed` is the entry that did not open.

    `target` is the entry that this one changes, `thread` the one under which it stands; `mention` says that it names this
    person, `expires_at` (this device's clock, seconds) when it disappears, `manager` that its author could take others' messages out when it was sent, `may_pin` that they could pin. Who
    changes what is judged by `parley_client.content.folding`.
    """

    position: int = 0
    conversation_id: ConversationId
    sequence: int
    user_id: UserId
    device_id: DeviceId
    client_id: ClientId
    kind: int
    body: bytes
    stored_at: str
    cause: str | None = None
    sealed: bytes | None = None
    target: int | None = None
    thread: int | None = None
    mention: bool = False
    manager: bool = False
    may_pin: bool = False
    expires_at: int | None = None


_NAMES_LOOKED_AT_MAX = 20
_FIELDS = MessageRow.__struct_fields__
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM messages "  # noqa: S608 - our own names


def save_message(store: Store, row: MessageRow) -> None:
    """Store a message; one that did not open before is replaced when it opens and takes a new position.

    One that a restored log had lost takes its old position: it was received before. One of before this person came in
    (`position` is `OF_BEFORE`) takes a position below all others: nobody is told of it as of something new.
    """
    opened = row.cause is None and row.kind > 0
    position = come_back(store, row.conversation_id, row.device_id, row.client_id) if opened else None
    names = _FIELDS[1:]
    marks = ", ".join("?" for _ in names)
    where = "FROM messages WHERE conversation_id = ? AND sequence = ? AND cause IS NOT NULL"
    place = (row.conversation_id, row.sequence)
    before = store.execute(f"SELECT position {where}", place)
    store.execute(f"DELETE {where}", place)
    if row.position == OF_BEFORE or (before and before[0][0] < 0):
        position = store.execute("SELECT MIN(0, COALESCE(MIN(position), 0)) - 1 FROM messages")[0][0]
    values = [getattr(row, name) for name in names]
    sql = f"INSERT OR IGNORE INTO messages ({', '.join(names)}, position) VALUES ({marks}, ?)"  # noqa: S608
    store.execute(sql, [*values, position])


def was_opened(store: Store, conversation_id: ConversationId, device_id: DeviceId, client_id: ClientId) -> bool:
    """Whether a message of that device with that client id was opened before."""
    sql = "SELECT 1 FROM messages WHERE conversation_id = ? AND device_id = ? AND client_id = ? AND cause IS NULL"
    return bool(store.execute(sql, (conversation_id, device_id, client_id)))


def rights_at(store: Store, conversation_id: ConversationId, sequence: int) -> tuple[bool, bool]:
    """`manager` and `may_pin` of the entry there, as they were when it was sent."""
    row = row_at(store, conversation_id, sequence)
    return (row.manager, row.may_pin) if row is not None else (False, False)


def texts_after(store: Store, position: int, *, limit: int, but_of: DeviceId) -> list[MessageRow]:
    """Opened texts of other devices in the order in which this one opened them, after `position`."""
    sql = _SELECT + "WHERE position > ? AND kind = ? AND cause IS NULL AND device_id <> ? ORDER BY position LIMIT ?"
    return [_row(row) for row in store.execute(sql, (position, KIND_TEXT, but_of, limit))]


def texts_of(store: Store, conversation_id: ConversationId) -> list[MessageRow]:
    """All opened texts of a conversation, by sequence."""
    sql = _SELECT + "WHERE conversation_id = ? AND kind = ? AND cause IS NULL ORDER BY sequence"
    return [_row(row) for row in store.execute(sql, (conversation_id, KIND_TEXT))]


def _listed(kinds: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(kinds)))


#: What a person sees in a conversation, or in a thread of it: what stands as a row of its own, and what did not open.
_SEEN = f"conversation_id = ? AND thread IS ? AND (kind IN ({_listed(SHOWN_KINDS)}) OR cause IS NOT NULL)"
_COUNTED = f"kind IN ({_listed(COUNTED_KINDS)}) AND cause IS NULL"


def seen_before(
    store: Store, conversation_id: ConversationId, sequence: int, *, limit: int, thread: int | None = None
) -> list[MessageRow]:
    """The last rows below a sequence, ascending."""
    sql = _SELECT + f"WHERE {_SEEN} AND sequence < ? ORDER BY sequence DESC LIMIT ?"
    return [_row(row) for row in reversed(store.execute(sql, (conversation_id, thread, sequence, limit)))]


def seen_after(
    store: Store, conversation_id: ConversationId, sequence: int, *, limit: int, thread: int | None = None
) -> list[MessageRow]:
    """The first rows above a sequence, ascending."""
    sql = _SELECT + f"WHERE {_SEEN} AND sequence > ? ORDER BY sequence LIMIT ?"
    return [_row(row) for row in store.execute(sql, (conversation_id, thread, sequence, limit))]


def shown_after(store: Store, conversation_id: ConversationId, sequence: int, *, limit: int) -> list[MessageRow]:
    """The first rows above a sequence that a person sees, in the conversation or in a thread of it, ascending."""
    seen = f"(kind IN ({_listed(SHOWN_KINDS)}) OR cause IS NOT NULL)"
    sql = _SELECT + f"WHERE conversation_id = ? AND {seen} AND sequence > ? ORDER BY sequence LIMIT ?"
    return [_row(row) for row in store.execute(sql, (conversation_id, sequence, limit))]


def count_after(store: Store, conversation_id: ConversationId, sequence: int, *, but_of: UserId) -> tuple[int, int]:
    """How many messages of other people stand above a sequence, and how many of these mention this person."""
    sql = (
        f"SELECT COUNT(*), COALESCE(SUM(mention), 0) FROM messages "  # noqa: S608
        f"WHERE conversation_id = ? AND sequence > ? AND {_COUNTED} AND user_id <> ?"
    )
    unread, mentions = store.execute(sql, (conversation_id, sequence, but_of))[0]
    return int(unread), int(mentions)


def rows_at(store: Store, conversation_id: ConversationId, sequences: Collection[int]) -> dict[int, MessageRow]:
    """The opened messages at these places of the log, by sequence."""
    sql = _SELECT + f"WHERE conversation_id = ? AND {_COUNTED} AND sequence IN ({_marks(sequences)})"
    return {row.sequence: row for row in map(_row, store.execute(sql, (conversation_id, *sequences)))}


def row_at(store: Store, conversation_id: ConversationId, sequence: int) -> MessageRow | None:
    """Whatever is stored of the entry at a place of the log, or None."""
    rows = store.execute(_SELECT + "WHERE conversation_id = ? AND sequence = ?", (conversation_id, sequence))
    return _row(rows[0]) if rows else None


def of_others_after(store: Store, conversation_id: ConversationId, sequence: int, *, but_of: UserId) -> bool:
    """Whether anything of other people, opened or not, stands above a sequence."""
    sql = "SELECT 1 FROM messages WHERE conversation_id = ? AND sequence > ? AND user_id <> ? LIMIT 1"
    return bool(store.execute(sql, (conversation_id, sequence, but_of)))


def message_at(store: Store, conversation_id: ConversationId, sequence: int) -> MessageRow | None:
    """The opened message at a place of the log, or None."""
    return rows_at(store, conversation_id, [sequence]).get(sequence)


def annotations_of(
    store: Store, conversation_id: ConversationId, targets: Collection[int]
) -> dict[int, list[MessageRow]]:
    """What was said later of these entries, by target, in the order of the log."""
    # The plus keeps SQLite from walking the whole conversation for the sake of its order.
    sql = _SELECT + f"WHERE conversation_id = ? AND target IN ({_marks(targets)}) AND cause IS NULL ORDER BY +sequence"
    found: dict[int, list[MessageRow]] = defaultdict(list)
    for row in map(_row, store.execute(sql, (conversation_id, *targets))):
        found[row.target or 0].append(row)
    return found


def pinning(store: Store, conversation_id: ConversationId) -> list[MessageRow]:
    """All that was ever pinned or unpinned, in the order of the log."""
    sql = _SELECT + "WHERE conversation_id = ? AND kind = ? AND target IS NOT NULL AND cause IS NULL ORDER BY sequence"
    return [_row(row) for row in store.execute(sql, (conversation_id, KIND_PIN))]


def names_before(store: Store, row: MessageRow) -> list[MessageRow]:
    """How the conversation was named before a row, the last first; no more than anybody has to look at."""
    sql = (
        _SELECT
        + "WHERE conversation_id = ? AND kind = ? AND cause IS NULL AND sequence < ? ORDER BY sequence DESC LIMIT ?"
    )
    where = (row.conversation_id, KIND_NAME, row.sequence, _NAMES_LOOKED_AT_MAX)
    return [_row(each) for each in store.execute(sql, where)]


class ThreadState(msgspec.Struct, frozen=True):
    """What stands under a message: how many replies, the last one's place and time, and who wrote."""

    replies: int
    last_sequence: int
    last_at: str
    user_ids: tuple[UserId, ...]


def threads_under(store: Store, conversation_id: ConversationId, roots: Collection[int]) -> dict[int, ThreadState]:
    """The threads of these messages; a message without replies has none."""
    sql = (
        "SELECT thread, user_id, COUNT(*), MAX(sequence), MAX(stored_at) FROM messages "  # noqa: S608
        f"WHERE conversation_id = ? AND thread IN ({_marks(roots)}) AND {_COUNTED} GROUP BY thread, user_id "
        "ORDER BY MAX(sequence) DESC"
    )
    found: dict[int, ThreadState] = {}
    for root, user_id, replies, last, last_at in store.execute(sql, (conversation_id, *roots)):
        known = found.get(root) or ThreadState(0, last, last_at, ())
        found[root] = ThreadState(
            known.replies + replies, known.last_sequence, known.last_at, (*known.user_ids, UserId(user_id))
        )
    return found


def place_removed(store: Store, conversation_id: ConversationId, sequence: int, thread: int) -> None:
    """A message of which this device never saw more than its place stood in a thread."""
    sql = "UPDATE messages SET thread = ? WHERE conversation_id = ? AND sequence = ? AND cause IS NOT NULL"
    store.execute(sql, (thread, conversation_id, sequence))


def erase_bodies(store: Store, conversation_id: ConversationId, sequence: int) -> None:
    """Forget what a message said, and what it was changed into."""
    store.execute(
        "UPDATE messages SET body = x'', mention = 0 "
        "WHERE conversation_id = ? AND (sequence = ? OR (target = ? AND kind = ?))",
        (conversation_id, sequence, sequence, KIND_EDIT),
    )


def change_kind(store: Store, conversation_id: ConversationId, sequence: int, kind: int, body: bytes) -> None:
    """Let a row that people do not see stand for something that they do."""
    sql = "UPDATE messages SET kind = ?, body = ? WHERE conversation_id = ? AND sequence = ?"
    store.execute(sql, (kind, body, conversation_id, sequence))


def unopened(store: Store, cause: str) -> list[tuple[MessageRow, Entry]]:
    """Messages that did not open for this cause, with their entries."""
    rows = [_row(row) for row in store.execute(_SELECT + "WHERE cause = ? ORDER BY position", (cause,))]
    return [(row, msgspec.json.decode(row.sealed, type=Entry)) for row in rows if row.sealed is not None]


def count_unopened(store: Store) -> dict[str, int]:
    """How many messages did not open, by cause; those that were removed from the log are none of them."""
    sql = "SELECT cause, COUNT(*) FROM messages WHERE cause IS NOT NULL AND sealed IS NOT NULL GROUP BY cause"
    return {str(cause): int(count) for cause, count in store.execute(sql)}


def forget_unopened(store: Store, conversation_id: ConversationId, before: int, cause: str) -> None:
    """Forget messages before a place in the log that did not open for this reason."""
    sql = "DELETE FROM messages WHERE conversation_id = ? AND sequence < ? AND cause = ?"
    store.execute(sql, (conversation_id, before, cause))


def last_position(store: Store) -> int:
    """The position of the newest message, 0 where there is none."""
    return int(store.execute("SELECT COALESCE(MAX(position), 0) FROM messages")[0][0])


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" for _ in values)


def _row(values: tuple[object, ...]) -> MessageRow:
    return msgspec.convert(dict(zip(_FIELDS, values, strict=True)), MessageRow, strict=False)  # SQLite has no booleans

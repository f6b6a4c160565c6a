"""Messages as this device opened them, in the order in which it did, and what came of those that did not open.

Invariant: one (conversation, device, client id) is opened at most once, for ever.
"""

from __future__ import annotations

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.messaging_api import Entry

KIND_UNOPENED = 0
KIND_TEXT = 1
KIND_NAME = 2
KIND_HISTORY_KEY = 3
#: Kinds that are nobody's news.
SILENT_KINDS = frozenset({KIND_NAME, KIND_HISTORY_KEY})


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the log. `cause` is None where it was opened; otherwise `sealed` is the entry that did not open."""

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


_FIELDS = MessageRow.__struct_fields__
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM messages "  # noqa: S608 - our own names


def save_message(store: Store, row: MessageRow) -> None:
    """Store a message; one that did not open before is replaced when it opens and takes a new position."""
    names = _FIELDS[1:]
    marks = ", ".join("?" for _ in names)
    store.execute(
        "DELETE FROM messages WHERE conversation_id = ? AND sequence = ? AND cause IS NOT NULL",
        (row.conversation_id, row.sequence),
    )
    values = [getattr(row, name) for name in names]
    store.execute(f"INSERT OR IGNORE INTO messages ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608


def was_opened(store: Store, conversation_id: ConversationId, device_id: DeviceId, client_id: ClientId) -> bool:
    """Whether a message of that device with that client id was opened before."""
    sql = "SELECT 1 FROM messages WHERE conversation_id = ? AND device_id = ? AND client_id = ? AND cause IS NULL"
    return bool(store.execute(sql, (conversation_id, device_id, client_id)))


def texts_after(store: Store, position: int, *, limit: int, but_of: DeviceId) -> list[MessageRow]:
    """Opened texts of other devices in the order in which this one opened them, after `position`."""
    sql = _SELECT + "WHERE position > ? AND kind = ? AND cause IS NULL AND device_id <> ? ORDER BY position LIMIT ?"
    return [_row(row) for row in store.execute(sql, (position, KIND_TEXT, but_of, limit))]


def texts_of(store: Store, conversation_id: ConversationId) -> list[MessageRow]:
    """All opened texts of a conversation, by sequence."""
    sql = _SELECT + "WHERE conversation_id = ? AND kind = ? AND cause IS NULL ORDER BY sequence"
    return [_row(row) for row in store.execute(sql, (conversation_id, KIND_TEXT))]


#: What a person sees in a conversation: texts, changes of its name, and what did not open.
_SEEN = f"conversation_id = ? AND (kind IN ({KIND_TEXT}, {KIND_NAME}) OR cause IS NOT NULL)"


def seen_before(store: Store, conversation_id: ConversationId, sequence: int, *, limit: int) -> list[MessageRow]:
    """The last rows below a sequence, ascending."""
    sql = _SELECT + f"WHERE {_SEEN} AND sequence < ? ORDER BY sequence DESC LIMIT ?"
    return [_row(row) for row in reversed(store.execute(sql, (conversation_id, sequence, limit)))]


def seen_after(store: Store, conversation_id: ConversationId, sequence: int, *, limit: int) -> list[MessageRow]:
    """The first rows above a sequence, ascending."""
    sql = _SELECT + f"WHERE {_SEEN} AND sequence > ? ORDER BY sequence LIMIT ?"
    return [_row(row) for row in store.execute(sql, (conversation_id, sequence, limit))]


def count_texts_after(store: Store, conversation_id: ConversationId, sequence: int, *, but_of: UserId) -> int:
    """How many opened texts of other people stand above a sequence."""
    sql = (
        "SELECT COUNT(*) FROM messages "
        "WHERE conversation_id = ? AND sequence > ? AND kind = ? AND cause IS NULL AND user_id <> ?"
    )
    return int(store.execute(sql, (conversation_id, sequence, KIND_TEXT, but_of))[0][0])


def of_others_after(store: Store, conversation_id: ConversationId, sequence: int, *, but_of: UserId) -> bool:
    """Whether anything of other people, opened or not, stands above a sequence."""
    sql = "SELECT 1 FROM messages WHERE conversation_id = ? AND sequence > ? AND user_id <> ? LIMIT 1"
    return bool(store.execute(sql, (conversation_id, sequence, but_of)))


def message_at(store: Store, conversation_id: ConversationId, sequence: int) -> MessageRow | None:
    """The opened text at a place of the log, or None."""
    sql = _SELECT + "WHERE conversation_id = ? AND sequence = ? AND kind = ? AND cause IS NULL"
    rows = store.execute(sql, (conversation_id, sequence, KIND_TEXT))
    return _row(rows[0]) if rows else None


def unopened(store: Store, cause: str) -> list[tuple[MessageRow, Entry]]:
    """Messages that did not open for this cause, with their entries."""
    rows = [_row(row) for row in store.execute(_SELECT + "WHERE cause = ? ORDER BY position", (cause,))]
    return [(row, msgspec.json.decode(row.sealed, type=Entry)) for row in rows if row.sealed is not None]


def count_unopened(store: Store) -> dict[str, int]:
    """How many messages did not open, by cause."""
    sql = "SELECT cause, COUNT(*) FROM messages WHERE cause IS NOT NULL GROUP BY cause"
    return {str(cause): int(count) for cause, count in store.execute(sql)}


def last_position(store: Store) -> int:
    """The position of the newest message, 0 where there is none."""
    return int(store.execute("SELECT COALESCE(MAX(position), 0) FROM messages")[0][0])


def _row(values: tuple[object, ...]) -> MessageRow:
    return msgspec.convert(dict(zip(_FIELDS, values, strict=True)), MessageRow)

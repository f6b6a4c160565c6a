"""How far people have read and got, what this person wants to find unread, and what they have begun to write.

Invariant: positions only rise; `told` says whether the server knows this person's own. Of two unread marks the one of the
higher version holds, and this device's own until it is told.
"""

from __future__ import annotations

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.state_api import ReadState, Receipt

#: Larger numbers no server means, and no SQLite keeps.
SEQUENCE_MAX = VERSION_MAX = 2**53


class UnreadMark(msgspec.Struct, frozen=True):
    """Where a conversation counts as unread from, 0 for nowhere."""

    sequence: int = 0
    version: int = 0
    told: bool = True


def read_positions(store: Store, conversation_id: ConversationId) -> dict[UserId, int]:
    """The last sequence that each person is known to have read."""
    sql = "SELECT user_id, sequence FROM read_positions WHERE conversation_id = ? AND sequence > 0"
    return {UserId(user_id): sequence for user_id, sequence in store.execute(sql, (conversation_id,))}


def raise_read_position(
    store: Store, conversation_id: ConversationId, user_id: UserId, sequence: int, *, told: bool
) -> bool:
    """Move a person's position up; whether it moved."""
    if read_positions(store, conversation_id).get(user_id, 0) >= sequence:
        return False
    store.execute(
        "INSERT INTO read_positions (conversation_id, user_id, sequence, told) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (conversation_id, user_id) DO UPDATE SET sequence = excluded.sequence, told = excluded.told",
        (conversation_id, user_id, sequence, int(told)),
    )
    return True


def untold_positions(store: Store, user_id: UserId) -> list[tuple[ConversationId, int]]:
    """This person's positions that the server has not heard of."""
    sql = "SELECT conversation_id, sequence FROM read_positions WHERE user_id = ? AND told = 0"
    return [(ConversationId(conversation_id), sequence) for conversation_id, sequence in store.execute(sql, (user_id,))]


def mark_told(
    store: Store, conversation_id: ConversationId, user_id: UserId, sequence: int, *, told: bool = True
) -> None:
    """The server knows that position, or has turned out not to."""
    store.execute(
        "UPDATE read_positions SET told = ? WHERE conversation_id = ? AND user_id = ? AND sequence = ?",
        (int(told), conversation_id, user_id, sequence),
    )


# --- what others have got


def delivered_positions(store: Store, conversation_id: ConversationId) -> dict[UserId, int]:
    """The last sequence that a device of each person is known to have got, what they have read included."""
    sql = "SELECT user_id, MAX(delivered, sequence) FROM read_positions WHERE conversation_id = ?"
    return {UserId(user_id): sequence for user_id, sequence in store.execute(sql, (conversation_id,))}


def raise_delivered(store: Store, conversation_id: ConversationId, user_id: UserId, sequence: int) -> bool:
    """Move up how far a person's devices have got (of this person: what this device has told); whether it moved."""
    sql = "SELECT delivered FROM read_positions WHERE conversation_id = ? AND user_id = ?"
    rows = store.execute(sql, (conversation_id, user_id))
    if (rows[0][0] if rows else 0) >= sequence:
        return False
    store.execute(
        "INSERT INTO read_positions (conversation_id, user_id, sequence, told, delivered) VALUES (?, ?, 0, 1, ?) "
        "ON CONFLICT (conversation_id, user_id) DO UPDATE SET delivered = excluded.delivered",
        (conversation_id, user_id, sequence),
    )
    return True


def save_receipt(store: Store, conversation_id: ConversationId, receipt: Receipt) -> bool:
    """Take in how far another person has read and got; whether anything is new."""
    if max(receipt.read_sequence, receipt.delivered_sequence) > SEQUENCE_MAX:
        return False
    read = raise_read_position(store, conversation_id, receipt.user_id, receipt.read_sequence, told=True)
    return raise_delivered(store, conversation_id, receipt.user_id, receipt.delivered_sequence) or read


def undelivered(store: Store, user_id: UserId) -> list[tuple[ConversationId, int]]:
    """Conversations that stand further than was told of this device, with where they stand."""
    sql = (
        "SELECT c.conversation_id, c.cursor FROM conversations c LEFT JOIN read_positions r "
        "ON r.conversation_id = c.conversation_id AND r.user_id = ? "
        "WHERE c.status = 'member' AND c.cursor > COALESCE(r.delivered, 0)"
    )
    return [(ConversationId(conversation_id), cursor) for conversation_id, cursor in store.execute(sql, (user_id,))]


def delivery_told(store: Store, conversation_id: ConversationId, user_id: UserId) -> int:
    """How far this device has told that it has got."""
    sql = "SELECT delivered FROM read_positions WHERE conversation_id = ? AND user_id = ?"
    rows = store.execute(sql, (conversation_id, user_id))
    return int(rows[0][0]) if rows else 0


# --- what this person wants to find unread


def unread_mark(store: Store, conversation_id: ConversationId) -> UnreadMark:
    """The mark of a conversation."""
    sql = "SELECT sequence, version, told FROM unread_marks WHERE conversation_id = ?"
    rows = store.execute(sql, (conversation_id,))
    return UnreadMark(rows[0][0], rows[0][1], bool(rows[0][2])) if rows else UnreadMark()


def save_unread_mark(store: Store, conversation_id: ConversationId, mark: UnreadMark) -> None:
    """Replace the mark."""
    store.execute(
        "INSERT OR REPLACE INTO unread_marks (conversation_id, sequence, version, told) VALUES (?, ?, ?, ?)",
        (conversation_id, mark.sequence, mark.version, int(mark.told)),
    )


def untold_marks(store: Store) -> list[tuple[ConversationId, int]]:
    """Marks, set or cleared, that the server has not heard of."""
    sql = "SELECT conversation_id, sequence FROM unread_marks WHERE told = 0"
    return [(ConversationId(conversation_id), sequence) for conversation_id, sequence in store.execute(sql)]


def own_read_states(store: Store, user_id: UserId) -> list[ReadState]:
    """All that this device knows of how far its person has read."""
    marks = dict(_pairs(store, "SELECT conversation_id, sequence FROM unread_marks"))
    sql = "SELECT conversation_id, sequence FROM read_positions WHERE user_id = ?"
    positions = dict(_pairs(store, sql, user_id))
    return [
        ReadState(ConversationId(where), positions.get(where, 0), marks.get(where, 0))
        for where in positions.keys() | marks.keys()
    ]


def _pairs(store: Store, sql: str, *values: str) -> list[tuple[str, int]]:
    return [(where, sequence) for where, sequence in store.execute(sql, values)]


# --- drafts


def load_drafts(store: Store) -> dict[ConversationId, str]:
    """What was begun and not sent, by conversation."""
    return {ConversationId(where): text for where, text in store.execute("SELECT conversation_id, text FROM drafts")}


def save_draft(store: Store, conversation_id: ConversationId, text: str) -> None:
    """Keep a draft; an empty one is forgotten."""
    if text:
        store.execute("INSERT OR REPLACE INTO drafts (conversation_id, text) VALUES (?, ?)", (conversation_id, text))
    else:
        store.execute("DELETE FROM drafts WHERE conversation_id = ?", (conversation_id,))

"""How far people have read, what this person has begun to write, and how they like their app.

Invariant: read positions only rise; `told` says whether the server knows this person's own.
"""

from __future__ import annotations

from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId


def read_positions(store: Store, conversation_id: ConversationId) -> dict[UserId, int]:
    """The last sequence that each person is known to have read."""
    sql = "SELECT user_id, sequence FROM read_positions WHERE conversation_id = ?"
    return {UserId(user_id): sequence for user_id, sequence in store.execute(sql, (conversation_id,))}


def raise_read_position(
    store: Store, conversation_id: ConversationId, user_id: UserId, sequence: int, *, told: bool
) -> bool:
    """Move a person's position up; whether it moved."""
    if read_positions(store, conversation_id).get(user_id, 0) >= sequence:
        return False
    store.execute(
        "INSERT OR REPLACE INTO read_positions (conversation_id, user_id, sequence, told) VALUES (?, ?, ?, ?)",
        (conversation_id, user_id, sequence, int(told)),
    )
    return True


def untold_positions(store: Store, user_id: UserId) -> list[tuple[ConversationId, int]]:
    """This person's positions that the server has not heard of."""
    sql = "SELECT conversation_id, sequence FROM read_positions WHERE user_id = ? AND told = 0"
    return [(ConversationId(conversation_id), sequence) for conversation_id, sequence in store.execute(sql, (user_id,))]


def mark_told(store: Store, conversation_id: ConversationId, user_id: UserId, sequence: int) -> None:
    """The server knows that position."""
    store.execute(
        "UPDATE read_positions SET told = 1 WHERE conversation_id = ? AND user_id = ? AND sequence = ?",
        (conversation_id, user_id, sequence),
    )


def load_drafts(store: Store) -> dict[ConversationId, str]:
    """What was begun and not sent, by conversation."""
    return {ConversationId(where): text for where, text in store.execute("SELECT conversation_id, text FROM drafts")}


def save_draft(store: Store, conversation_id: ConversationId, text: str) -> None:
    """Keep a draft; an empty one is forgotten."""
    if text:
        store.execute("INSERT OR REPLACE INTO drafts (conversation_id, text) VALUES (?, ?)", (conversation_id, text))
    else:
        store.execute("DELETE FROM drafts WHERE conversation_id = ?", (conversation_id,))

"""What the timer has run out for: the text goes, with all that was said of it; a row without either stays.

Invariant: which device has used which client id is known for ever, so nothing that has disappeared is opened again.
"""

from __future__ import annotations

import itertools

from parley_client.content.kinds import KIND_GONE, KIND_MEMBERS
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId


def next_expiry(store: Store) -> int | None:
    """When the next message disappears, or None."""
    (at,) = store.execute("SELECT MIN(expires_at) FROM messages WHERE expires_at IS NOT NULL")[0]
    return None if at is None else int(at)


def let_disappear(store: Store, now: int) -> list[ConversationId]:
    """Erase what is due, here and among what a restore has lost; the conversations that it stood in."""
    with store.transaction():
        due = store.execute("SELECT conversation_id, sequence FROM messages WHERE expires_at <= ?", (now,))
        for place in due:
            store.execute(
                "UPDATE OR REPLACE messages SET kind = ?, body = x'', cause = NULL, sealed = NULL, mention = 0, target = NULL, thread = NULL, "
                "expires_at = NULL WHERE conversation_id = ? AND (sequence = ? OR (target = ? AND kind > 0 AND cause IS NULL))",
                (KIND_GONE, *place, place[1]),
            )
        store.execute("DELETE FROM lost_messages WHERE expires_at <= ?", (now,))
        places = sorted({where for where, _ in due})
        for where in places:
            _erase_secrets(store, where)
    return [ConversationId(where) for where in places]


def _erase_secrets(store: Store, conversation_id: str) -> None:
    """Erase the secrets of past epochs of which every message has disappeared."""
    epochs = store.execute(
        "SELECT epoch, anchor_sequence FROM epochs WHERE conversation_id = ? ORDER BY epoch", (conversation_id,)
    )
    for (epoch, first), (_, end) in itertools.pairwise(epochs):
        span = (conversation_id, first, end)
        counts = "SELECT COUNT(*) FROM messages WHERE conversation_id = ? AND sequence >= ? AND sequence < ? AND kind "
        (gone,) = store.execute(counts + "= ?", (*span, KIND_GONE))[0]
        (left,) = store.execute(counts + "NOT IN (?, ?)", (*span, KIND_GONE, KIND_MEMBERS))[0]
        if gone and not left:
            store.execute(
                "UPDATE epochs SET secret = x'' WHERE conversation_id = ? AND epoch = ?", (conversation_id, epoch)
            )

"""What moderators did, one row for each entry that did anything; rows are added and never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from parley_client.moderation.deeds import Deed
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId


class DeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the entry at `sequence` did, by its author and at the server's time of it."""

    conversation_id: ConversationId
    sequence: int
    user_id: UserId
    stored_at: str
    deeds: Sequence[Deed]


def add_deeds(store: Store, row: DeedRow) -> None:
    """Remember what an entry did; the first that is known of it stays."""
    store.execute(
        "INSERT OR IGNORE INTO deeds (conversation_id, sequence, user_id, stored_at, deeds) VALUES (?, ?, ?, ?, ?)",
        (row.conversation_id, row.sequence, row.user_id, row.stored_at, msgspec.msgpack.encode(row.deeds)),
    )


def deeds_before(store: Store, conversation_id: ConversationId, before: int, *, limit: int) -> list[DeedRow]:
    """The last rows before an entry, the newest first."""
    found = store.execute(
        "SELECT sequence, user_id, stored_at, deeds FROM deeds WHERE conversation_id = ? AND sequence < ? "
        "ORDER BY sequence DESC LIMIT ?",
        (conversation_id, before, limit),
    )
    return [
        DeedRow(
            conversation_id=conversation_id,
            sequence=sequence,
            user_id=user_id,
            stored_at=stored_at,
            deeds=msgspec.msgpack.decode(deeds, type=tuple[Deed, ...]),
        )
        for sequence, user_id, stored_at, deeds in found
    ]

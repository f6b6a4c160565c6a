"""What a person or an operator should know of: counter gaps, differing logs, commits that break the rules."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ConversationId

NoticeCode = Literal[
    "counter_gap",
    "fork",
    "archive_conflict",
    "commit_unusable",
    "history_incomplete",
    "restored",
    "history_refused",
    "other_key_log",
    "identity_changed",
]


class Notice(msgspec.Struct, frozen=True):
    """Something odd at an entry of a conversation (sequence 0: at none in particular)."""

    conversation_id: ConversationId
    code: NoticeCode
    sequence: int
    detail: str


def save_notice(store: Store, notice: Notice) -> None:
    """Remember a notice; the same again changes nothing."""
    values = (notice.conversation_id, notice.code, notice.sequence, notice.detail)
    store.execute(
        "INSERT INTO notices (conversation_id, code, sequence, detail) SELECT ?, ?, ?, ? WHERE NOT EXISTS "
        "(SELECT 1 FROM notices WHERE conversation_id = ? AND code = ? AND sequence = ? AND detail = ?)",
        values * 2,
    )


def list_notices(store: Store) -> list[Notice]:
    """All notices, oldest first."""
    rows = store.execute("SELECT conversation_id, code, sequence, detail FROM notices ORDER BY position")
    return [Notice(ConversationId(c), code, sequence, detail) for c, code, sequence, detail in rows]

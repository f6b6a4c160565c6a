"""Reporting a message to who runs the server: its content, and the proof that its sender committed to it.

The header of every message holds a commitment (HMAC-SHA256) to header and content, so a member can show what was said, and can
show nothing that was not; the rest of the conversation stays sealed.
"""

from __future__ import annotations

import hmac

import msgspec

from parley_contracts.envelope import MessageHeader


class ReportUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/reports/{sequence}`: `content` and `commitment_key` as they were inside."""

    content: str
    commitment_key: str
    reason: str


def is_committed(header: MessageHeader, commitment_key: bytes, content: bytes) -> bool:
    """Whether the sender of that header committed to the content."""
    committed = hmac.digest(commitment_key, header.encode_without_commitment() + content, "sha256")
    return hmac.compare_digest(committed, header.commitment)

"""Which node appends to a conversation: rendezvous hashing (Thaler and Ravishankar, 1998) over the live nodes.

The answer is a hint that spares conflicts; the log's unique index is the fence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def owner_of(conversation: bytes, node_ids: Iterable[str]) -> str | None:
    """The node with the highest weight for the conversation, None where there is no node."""
    return max(node_ids, key=lambda node_id: _weight(conversation, node_id), default=None)


def _weight(conversation: bytes, node_id: str) -> bytes:
    return hashlib.blake2b(conversation, key=node_id.encode()[:64], digest_size=8).digest()

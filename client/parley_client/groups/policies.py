"""Policy documents as this device meets them, again and again: decoded once."""

from __future__ import annotations

from functools import lru_cache

from parley_contracts.policy import PolicyDocument, decode_policy

_KEPT = 256


@lru_cache(maxsize=_KEPT)
def known_policy(document: bytes) -> PolicyDocument:
    """`decode_policy` of a document that was judged before; `InvalidRequest`."""
    return decode_policy(document)

"""The body of `KIND_HISTORY_KEY` and `KIND_SIGNING_KEY`: a new key, as an own device hands it to the others in note-to-self."""

from __future__ import annotations

import msgspec

from parley_client.crypto.history import HistoryKey
from parley_client.crypto.sealing import KEY_SIZE_BYTES
from parley_contracts.encoding import b64decode, b64encode

_VERSION_MAX = 2**32 - 1


class _HandedKey(msgspec.Struct):
    version: int
    secret: str


def encode_handed_key(key: HistoryKey) -> bytes:
    """The body."""
    return msgspec.json.encode(_HandedKey(key.version, b64encode(key.secret)))


def handed_key_in(unverified_body: bytes) -> HistoryKey | None:
    """The key in a body, None where it is none."""
    try:
        handed = msgspec.json.decode(unverified_body, type=_HandedKey)
        key = HistoryKey(handed.version, b64decode(handed.secret))
    except (ValueError, RecursionError):
        return None
    return key if 0 < key.version <= _VERSION_MAX and len(key.secret) == KEY_SIZE_BYTES else None

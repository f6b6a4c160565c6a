"""History keys: versioned secrets under which the archive is sealed, themselves sealed to the recovery key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from parley_client.crypto.sealing import KEY_SIZE_BYTES, place_of
from parley_contracts.ids import UserId
from parley_mls import CryptoError, Primitives, hpke_open, hpke_seal

_INFO = b"Parley History Key 1"


class HistoryKeyError(ValueError):
    """The sealed history key does not open."""


@dataclass(frozen=True)
class HistoryKey:
    """One version of the history key, 32 bytes."""

    version: int
    secret: bytes = field(repr=False)


def new_history_key(version: int) -> HistoryKey:
    """A fresh history key."""
    return HistoryKey(version, os.urandom(KEY_SIZE_BYTES))


def seal_history_key(
    p: Primitives, key: HistoryKey, recovery_public: bytes, *, user_id: UserId, server_name: str
) -> bytes:
    """The key, sealed to the recovery public key (HPKE base mode)."""
    place = place_of(server_name, user_id).uint32(key.version).finish()
    return hpke_seal(p, recovery_public, _INFO, place, key.secret)


def open_history_key(
    p: Primitives, sealed: bytes, recovery_private: bytes, *, version: int, user_id: UserId, server_name: str
) -> HistoryKey:
    """The key of `version`; `HistoryKeyError` where it is not that."""
    place = place_of(server_name, user_id).uint32(version).finish()
    try:
        secret = hpke_open(p, recovery_private, _INFO, place, sealed)
    except CryptoError as error:
        raise HistoryKeyError("a history key on the server does not open") from error
    if len(secret) != KEY_SIZE_BYTES:
        raise HistoryKeyError("a history key has a wrong size")
    return HistoryKey(version, secret)

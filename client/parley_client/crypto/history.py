"""History keys: versioned secrets under which the archive is sealed, themselves sealed to the recovery key.

    signature  = SignWithLabel(account signing key, "Parley History Key 1", place || statement version || secret)
    sealed     = HPKE(recovery public key, aad = place, secret || statement version || signature)
    place      = server name, user, version of the history key

The recovery public key is public: without the signature whoever keeps the sealed keys could put one of their own among them,
and read all that a restored device seals from then on.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parley_client.crypto.sealing import KEY_SIZE_BYTES, place_of
from parley_contracts.ids import UserId
from parley_mls import (
    CryptoError,
    Primitives,
    Reader,
    Writer,
    decode,
    hpke_open,
    hpke_seal,
    sign_with_label,
    verify_with_label,
)

_INFO = b"Parley History Key 1"
_SIGNATURE_LABEL = "Parley History Key 1"
_SIGNATURE_SIZE_BYTES = 64


class HistoryKeyError(ValueError):
    """The sealed history key does not open, or is not the account's."""


@dataclass(frozen=True)
class HistoryKey:
    """One version of the history key, 32 bytes."""

    version: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class HistoryKeySigner:
    """The account signing key (an Ed25519 seed) of a statement's version."""

    statement_version: int
    seed: bytes = field(repr=False)


def new_history_key(version: int) -> HistoryKey:
    """A fresh history key."""
    return HistoryKey(version, os.urandom(KEY_SIZE_BYTES))


def seal_history_key(
    p: Primitives,
    key: HistoryKey,
    recovery_public: bytes,
    *,
    signer: HistoryKeySigner,
    user_id: UserId,
    server_name: str,
) -> bytes:
    """The key, signed by the account and sealed to the recovery public key (HPKE base mode)."""
    place = place_of(server_name, user_id).uint32(key.version).finish()
    said = _said(place, signer.statement_version, key.secret)
    signature = sign_with_label(p, signer.seed, _SIGNATURE_LABEL, said)
    plaintext = Writer().raw(key.secret).uint32(signer.statement_version).raw(signature).finish()
    return hpke_seal(p, recovery_public, _INFO, place, plaintext)


def open_history_key(
    p: Primitives,
    sealed: bytes,
    recovery_keys: Iterable[bytes],
    *,
    version: int,
    signing_keys: Mapping[int, bytes],
    user_id: UserId,
    server_name: str,
) -> tuple[HistoryKey, int]:
    """The key of `version`, and the version of the statement whose signing key signed it; `HistoryKeyError` where it is not that.

    `recovery_keys` are the private keys that the account has had, `signing_keys` its own, by statement version, from verified
    statements.
    """
    try:
        place = place_of(server_name, user_id).uint32(version).finish()
        secret, statement_version, signature = decode(_opened(p, recovery_keys, place, sealed), _read)
    except ValueError as error:
        raise HistoryKeyError("a history key on the server does not open") from error
    signing_key = signing_keys.get(statement_version)
    said = _said(place, statement_version, secret)
    if signing_key is None or not verify_with_label(p, signing_key, _SIGNATURE_LABEL, said, signature):
        raise HistoryKeyError("a history key on the server is not signed by the account")
    return HistoryKey(version, secret), statement_version


def _opened(p: Primitives, recovery_keys: Iterable[bytes], place: bytes, sealed: bytes) -> bytes:
    for recovery_private in recovery_keys:
        with contextlib.suppress(CryptoError):
            return hpke_open(p, recovery_private, _INFO, place, sealed)
    raise HistoryKeyError("a history key on the server does not open")


def _said(place: bytes, statement_version: int, secret: bytes) -> bytes:
    return Writer().raw(place).uint32(statement_version).raw(secret).finish()


def _read(reader: Reader) -> tuple[bytes, int, bytes]:
    return reader.raw(KEY_SIZE_BYTES), reader.uint32(), reader.raw(_SIGNATURE_SIZE_BYTES)

"""A passkey that stands for the recovery key on a new device.

    wrap = `crypto.passkeys` of the recovery key under "Parley Recovery Passkey 1",
           place = server name ‖ user ‖ recovery public key[32], as the account's statement has it

Invariants: it is never the only way, for the recovery key opens the vault without it; a wrap opens only beside a statement with the
recovery key pair that it was made for, so it ends where another recovery key takes the place of the one in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from parley_client.api import recovery
from parley_client.api.http import Api
from parley_client.crypto.passkeys import PasskeyWrap, PasskeyWrapping
from parley_client.crypto.sealing import place_of
from parley_client.errors import RecoveryPasskeyRefused
from parley_contracts.encoding import b64decode
from parley_contracts.identity import AccountStatement
from parley_contracts.limits import (
    CREDENTIAL_ID_SIZE_BYTES_MAX,
    RECOVERY_PASSKEY_SALT_SIZE_BYTES,
    RECOVERY_PASSKEY_WRAP_SIZE_BYTES,
)
from parley_contracts.problems import NotFound
from parley_mls import CryptoError, Primitives

_LABEL: Final = "Parley Recovery Passkey 1"


@dataclass(frozen=True)
class PasskeySecret:
    """What a passkey gave, and what the server keeps for it."""

    kept: PasskeyWrap
    secret: bytes = field(repr=False)


async def kept_passkey(api: Api) -> PasskeyWrap:
    """What the server keeps, unverified but for its sizes; `RecoveryPasskeyRefused`."""
    try:
        answer = await recovery.get_recovery_passkey(api)
    except NotFound as problem:
        raise RecoveryPasskeyRefused(
            "none", "no passkey stands for this recovery key: give the key itself"
        ) from problem
    try:
        kept = PasskeyWrap(b64decode(answer.credential), b64decode(answer.salt), b64decode(answer.wrap))
    except ValueError as error:
        raise _malformed() from error
    sizes = (len(kept.salt), len(kept.wrap))
    known = (RECOVERY_PASSKEY_SALT_SIZE_BYTES, RECOVERY_PASSKEY_WRAP_SIZE_BYTES)
    if sizes != known or not 0 < len(kept.credential) <= CREDENTIAL_ID_SIZE_BYTES_MAX:
        raise _malformed()
    return kept


def open_by_passkey(given: PasskeySecret, primitives: Primitives, statement: AccountStatement) -> bytes:
    """The recovery key; `RecoveryPasskeyRefused`."""
    try:
        return _wrapping(primitives, statement).unwrap(given.kept, given.secret)
    except CryptoError as error:
        raise RecoveryPasskeyRefused(
            "unopened", "this passkey does not open this recovery key: give the key itself"
        ) from error


def wrap_for_passkey(
    recovery_key: bytes, primitives: Primitives, statement: AccountStatement, *, salt: bytes, secret: bytes
) -> bytes:
    """The recovery key under what a passkey gave for a salt."""
    return _wrapping(primitives, statement).wrap(recovery_key, secret, salt)


def _wrapping(primitives: Primitives, statement: AccountStatement) -> PasskeyWrapping:
    place = place_of(statement.server_name, statement.user_id).raw(statement.recovery_key).finish()
    return PasskeyWrapping(primitives, _LABEL, place)


def _malformed() -> RecoveryPasskeyRefused:
    return RecoveryPasskeyRefused("malformed", "what the server keeps for the passkey is none: give the recovery key")

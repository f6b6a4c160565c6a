"""What stands for the recovery key: the key itself, recovery words and what the server keeps for them, or a passkey (`recovery.passkeys`).

    wrap = `crypto.wraps` of the recovery key under "Parley Recovery Words 1", place = server name ‖ user, with the server's pepper

Invariant: words are drawn, never chosen, so they are nobody's password; they are never the only way, for the recovery key opens the
vault without them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from parley_client.api import recovery
from parley_client.api.http import Api, answered_bytes
from parley_client.crypto.passphrases import PassphraseError, new_passphrase, normal, require_strong
from parley_client.crypto.recovery import RecoveryKeyError, parse_recovery_key
from parley_client.crypto.sealing import place_of
from parley_client.crypto.wraps import WrapError, Wrapping
from parley_client.errors import RecoveryKeyRefused
from parley_client.platforms import stretching
from parley_client.recovery.passkeys import PasskeySecret, open_by_passkey
from parley_contracts.identity import AccountStatement
from parley_contracts.problems import NotFound
from parley_mls import Primitives

_LABEL: Final = "Parley Recovery Words 1"


@dataclass(frozen=True)
class DrawnWords:
    """Six words, as they were drawn."""

    text: str = field(repr=False)


#: What somebody gave: the key's 32 bytes, or what stands for them.
Recovery = bytes | DrawnWords | PasskeySecret


def read_recovery(unverified_text: str) -> Recovery:
    """What somebody typed; `RecoveryKeyRefused`."""
    try:
        require_strong(unverified_text)
    except PassphraseError:
        pass
    else:
        return DrawnWords(normal(unverified_text))
    try:
        return parse_recovery_key(unverified_text)
    except RecoveryKeyError as error:
        raise RecoveryKeyRefused(str(error)) from error


async def recovery_key_of(given: Recovery, api: Api, primitives: Primitives, statement: AccountStatement) -> bytes:
    """The recovery key that was given, or that words or passkey stand for; `RecoveryKeyRefused`, `RecoveryPasskeyRefused`.

    `statement` is the account's newest, verified.
    """
    if isinstance(given, bytes):
        return given
    if isinstance(given, PasskeySecret):
        return open_by_passkey(given, primitives, statement)
    try:
        kept = await recovery.get_recovery_words(api)
    except NotFound as problem:
        raise RecoveryKeyRefused("this account has no recovery words: give its recovery key") from problem
    wrap, pepper = answered_bytes(kept.wrap), answered_bytes(kept.pepper)
    try:
        return _wrapping(primitives).unwrap(wrap, given.text, _place(statement), pepper)
    except WrapError as error:
        raise RecoveryKeyRefused("these words are not the account's recovery words") from error


async def draw_recovery_words(
    recovery_key: bytes, api: Api, primitives: Primitives, statement: AccountStatement
) -> str:
    """New words for a key that is the account's, in place of any others; `SignInAgain`."""
    begun = await recovery.begin_recovery_words(api)
    words = new_passphrase()
    wrap = _wrapping(primitives).wrap(recovery_key, words, _place(statement), answered_bytes(begun.pepper))
    await recovery.put_recovery_words(api, salt=begun.salt, wrap=wrap)
    return words


def _wrapping(primitives: Primitives) -> Wrapping:
    return Wrapping(primitives, stretching.stretch, _LABEL)


def _place(statement: AccountStatement) -> bytes:
    return place_of(statement.server_name, statement.user_id).finish()

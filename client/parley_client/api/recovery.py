"""`/api/v1/auth/me/recovery-words` and `…/recovery-passkey`: one function for each operation, named after it."""

from __future__ import annotations

from parley_client.api.http import AUTH, Api
from parley_contracts.encoding import b64encode
from parley_contracts.recovery_api import RecoveryPasskey, RecoveryWords, RecoveryWordsBegun, RecoveryWordsUpload

_PATH = f"{AUTH}/me/recovery-words"
_PASSKEY_PATH = f"{AUTH}/me/recovery-passkey"


async def begin_recovery_words(api: Api) -> RecoveryWordsBegun:
    """Salt and pepper of a wrap to come; `SignInAgain`."""
    return await api.call("POST", _PATH, RecoveryWordsBegun)


async def put_recovery_words(api: Api, *, salt: str, wrap: bytes) -> None:
    """Store a wrap in place of any other; `SignInAgain`."""
    await api.call("PUT", _PATH, type(None), body=RecoveryWordsUpload(salt, b64encode(wrap)))


async def get_recovery_words(api: Api) -> RecoveryWords:
    """The wrap with its pepper, unverified; `NotFound`, `RateLimited`."""
    return await api.call("GET", _PATH, RecoveryWords)


async def delete_recovery_words(api: Api) -> None:
    """Have no wrap any more; `SignInAgain`."""
    await api.call("DELETE", _PATH, type(None))


async def put_recovery_passkey(api: Api, *, credential: bytes, salt: bytes, wrap: bytes) -> None:
    """Store a wrap by a passkey in place of any other; `SignInAgain`."""
    body = RecoveryPasskey(b64encode(credential), b64encode(salt), b64encode(wrap))
    await api.call("PUT", _PASSKEY_PATH, type(None), body=body)


async def get_recovery_passkey(api: Api) -> RecoveryPasskey:
    """The wrap by a passkey, unverified; `NotFound`, `RateLimited`."""
    return await api.call("GET", _PASSKEY_PATH, RecoveryPasskey)


async def delete_recovery_passkey(api: Api) -> None:
    """Have no wrap by a passkey any more; `SignInAgain`."""
    await api.call("DELETE", _PASSKEY_PATH, type(None))

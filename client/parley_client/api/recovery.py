"""`/api/v1/auth/me/recovery-words`: one function for each operation, named after it."""

from __future__ import annotations

from parley_client.api.http import AUTH, Api
from parley_contracts.encoding import b64encode
from parley_contracts.recovery_api import RecoveryWords, RecoveryWordsBegun, RecoveryWordsUpload

_PATH = f"{AUTH}/me/recovery-words"


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

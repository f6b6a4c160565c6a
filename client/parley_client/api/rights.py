"""`/api/v1/auth`, what is about the account as a whole: one function for each endpoint, named after it."""

from __future__ import annotations

from parley_client.api.http import AUTH, Api
from parley_contracts.rights_api import DeletionAsked


async def post_deletion(api: Api) -> DeletionAsked:
    """Let the account go after a while. Once: a repetition is of nobody who is signed in."""
    return await api.call("POST", f"{AUTH}/me/deletion", DeletionAsked, attempts=1)

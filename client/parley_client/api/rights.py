"""`/api/v1/auth`, what is about the account as a whole: one function for each endpoint, named after it."""

from __future__ import annotations

from urllib.parse import quote

from parley_client.api.http import ATTEMPTS, AUTH, Api
from parley_contracts.rights_api import EXPORT_MEDIA_TYPE, DeletionAsked, ExportInfo, Exports


async def post_deletion(api: Api) -> DeletionAsked:
    """Let the account go after a while. Once: a repetition is of nobody who is signed in."""
    return await api.call("POST", f"{AUTH}/me/deletion", DeletionAsked, attempts=1)


async def post_export(api: Api) -> ExportInfo:
    """Have an archive made of everything that the server keeps of one. Once: a repetition finds it under way."""
    return await api.call("POST", f"{AUTH}/me/exports", ExportInfo, attempts=1)


async def get_exports(api: Api) -> Exports:
    """One's archives and how far they are, the newest first."""
    return await api.call("GET", f"{AUTH}/me/exports", Exports)


async def get_export_part(api: Api, export_id: str, part: int) -> bytes:
    """A part of an archive that is ready, from 0; `NotFound` behind the last. Repeated where the way is bad or full."""
    path = f"{AUTH}/me/exports/{quote(export_id, safe='')}/archive?part={part}"
    return await api.fetch(path, EXPORT_MEDIA_TYPE, attempts=ATTEMPTS)

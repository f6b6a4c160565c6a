"""The sealed settings, as the server keeps them."""

from __future__ import annotations

from parley_client.api.http import Api
from parley_client.api.messaging import BASE
from parley_contracts.settings_api import SealedSettings


async def put_settings(api: Api, settings: SealedSettings) -> None:
    """Store the next version; `VersionStale`."""
    await api.call("PUT", f"{BASE}/settings", type(None), body=settings)


async def get_settings(api: Api, *, known: int) -> SealedSettings:
    """The stored version, without its bytes where it is the known one; version 0 before the first."""
    return await api.call("GET", f"{BASE}/settings", SealedSettings, query={"known": known})

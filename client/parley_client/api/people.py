"""`/api/v1/auth` around people: blocks, and being found by name."""

from __future__ import annotations

from urllib.parse import quote

from parley_client.api.http import AUTH, Api
from parley_contracts.ids import UserId
from parley_contracts.people_api import Blocks, Discovery


async def get_blocks(api: Api) -> Blocks:
    """Whom this person has blocked, the last first."""
    return await api.call("GET", f"{AUTH}/me/blocks", Blocks)


async def put_block(api: Api, user_id: UserId) -> Blocks:
    """Block somebody; `TooMany`, `NotFound`."""
    return await api.call("PUT", f"{AUTH}/me/blocks/{quote(user_id)}", Blocks)


async def delete_block(api: Api, user_id: UserId) -> Blocks:
    """Block somebody no more."""
    return await api.call("DELETE", f"{AUTH}/me/blocks/{quote(user_id)}", Blocks)


async def get_discovery(api: Api) -> Discovery:
    """Whether this person is found by name."""
    return await api.call("GET", f"{AUTH}/me/discovery", Discovery)


async def put_discovery(api: Api, wanted: Discovery) -> Discovery:
    """Be found by name, or not."""
    return await api.call("PUT", f"{AUTH}/me/discovery", Discovery, body=wanted)

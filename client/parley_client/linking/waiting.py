"""Waiting for the other device, as long as a link may last: for a part of it, or for the end."""

from __future__ import annotations

import asyncio
import contextlib

from parley_client.api import linking
from parley_client.api.http import Api, answered_bytes
from parley_client.crypto.linking import LinkError
from parley_client.errors import ClientError, LinkOver, LinkRefused
from parley_contracts.ids import DeviceLinkId
from parley_contracts.limits import LINK_LIFETIME_S
from parley_contracts.linking_api import LinkSlot
from parley_contracts.problems import Conflict, NotFound, Problem

_POLL_S = 0.7
_OVER = "the link is over: it lasts two minutes and one attempt, and either device may end it"


async def leave_part(api: Api, link_id: DeviceLinkId, slot: LinkSlot, data: bytes, *, name: str = "") -> None:
    """Leave a part for the other device; `LinkOver` where the link has ended, or somebody else has its turn."""
    try:
        await linking.put_link_part(api, link_id, slot, data, name=name)
    except (NotFound, Conflict) as error:
        raise LinkOver(_OVER) from error


async def wait_for_part(api: Api, link_id: DeviceLinkId, slot: LinkSlot) -> bytes:
    """A part, once it is there; `LinkOver` where the link ends before."""
    try:
        async with asyncio.timeout(LINK_LIFETIME_S):
            while True:
                part = getattr(await linking.get_link(api, link_id), slot)
                if part is not None:
                    return answered_bytes(part)
                await asyncio.sleep(_POLL_S)
    except (NotFound, TimeoutError) as error:
        raise LinkOver(_OVER) from error


async def wait_for_end(api: Api, link_id: DeviceLinkId) -> None:
    """Wait until the link is over, whoever ended it."""
    with contextlib.suppress(NotFound, TimeoutError):
        async with asyncio.timeout(LINK_LIFETIME_S):
            while True:
                await linking.get_link(api, link_id)
                await asyncio.sleep(_POLL_S)


async def refuse(api: Api, link_id: DeviceLinkId, sentence: str) -> LinkRefused:
    """End the link, for good; the error to raise."""
    with contextlib.suppress(ClientError, Problem):
        await linking.end_link(api, link_id)
    return LinkRefused(sentence)


def sized(part: bytes, size_bytes: int) -> bytes:
    """A part that has this size; `LinkError` otherwise."""
    if len(part) != size_bytes:
        raise LinkError("the other device sent something malformed")
    return part

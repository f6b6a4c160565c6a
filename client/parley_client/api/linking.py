"""`/api/v1/auth/me/links`: one function for each endpoint, named after it."""

from __future__ import annotations

from urllib.parse import quote

from parley_client.api.http import AUTH, Api
from parley_contracts.encoding import b64encode
from parley_contracts.ids import DeviceLinkId
from parley_contracts.linking_api import DeviceLink, DeviceLinkPart, DeviceLinks, LinkSlot


async def get_links(api: Api) -> list[DeviceLink]:
    """What new devices of this account have begun and nobody has answered."""
    return (await api.call("GET", f"{AUTH}/me/links", DeviceLinks)).links


async def get_link(api: Api, link_id: DeviceLinkId) -> DeviceLink:
    """Which parts of a link there are; `NotFound` once it is over."""
    return await api.call("GET", _path(link_id), DeviceLink)


async def put_link_part(api: Api, link_id: DeviceLinkId, slot: LinkSlot, data: bytes, *, name: str = "") -> None:
    """Leave a part for the other device; `Conflict`, `SignInAgain`."""
    await api.call("PUT", _path(link_id), DeviceLink, body=DeviceLinkPart(slot, b64encode(data), name))


async def end_link(api: Api, link_id: DeviceLinkId) -> None:
    """End a link."""
    await api.call("DELETE", _path(link_id), type(None))


def _path(link_id: DeviceLinkId) -> str:
    return f"{AUTH}/me/links/{quote(link_id)}"

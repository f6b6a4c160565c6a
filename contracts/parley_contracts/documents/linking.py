"""The operations of `/api/v1/auth` by which a device links another one."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation
from parley_contracts.linking_api import DeviceLink, DeviceLinkPart, DeviceLinks
from parley_contracts.problems import Conflict, NotFound, SignInAgain

LINKING = (
    Operation(
        name="get_links",
        method="GET",
        path="/me/links",
        summary="What new devices of the account have begun and nobody has answered.",
        caller="session",
        answer=DeviceLinks,
    ),
    Operation(
        name="get_link",
        method="GET",
        path="/me/links/{link_id}",
        summary="Which parts of a link there are.",
        description="Not found once it is over: it ends after two minutes, by either device, or with its last part.",
        caller="session",
        answer=DeviceLink,
        problems=(NotFound,),
    ),
    Operation(
        name="put_link_part",
        method="PUT",
        path="/me/links/{link_id}",
        summary="Leave a part for the other device; each is written once, in its turn.",
        description="From a session that has a device it asks for a recent sign-in.",
        caller="session",
        body=DeviceLinkPart,
        answer=DeviceLink,
        problems=(Conflict, NotFound, SignInAgain),
    ),
    Operation(
        name="end_link",
        method="DELETE",
        path="/me/links/{link_id}",
        summary="End a link, whoever began it; nothing happens where it is over.",
        caller="session",
    ),
)

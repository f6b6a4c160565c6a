"""Routes by which a device links another one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.directory import links
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.web.labels import read_label
from parley_auth.web.rates import limit
from parley_contracts.limits import DEVICE_NAME_LENGTH_MAX, LINK_PART_SIZE_BYTES_MAX
from parley_contracts.linking_api import DeviceLinkPart, DeviceLinks
from parley_contracts.problems import InvalidRequest
from parley_serving.django.bodies import json_response, read_binary, read_body

router = Router(auth=BearerAuth())


@router.get("/me/links")
def get_links(request: HttpRequest) -> HttpResponse:
    """What new devices of the account have begun and nobody has answered."""
    session = caller_of(request)
    limit(request, "read", session.user.user_id)
    return json_response(DeviceLinks(links.open_links(session)))


@router.get("/me/links/{unverified_link_id}")
def get_link(request: HttpRequest, unverified_link_id: str) -> HttpResponse:
    """Which parts of a link there are."""
    session = caller_of(request)
    limit(request, "read", session.user.user_id)
    return json_response(links.access_link(session, unverified_link_id))


@router.put("/me/links/{unverified_link_id}")
def put_link_part(request: HttpRequest, unverified_link_id: str) -> HttpResponse:
    """Leave a part for the other device."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    body = read_body(request, DeviceLinkPart)
    if not read_binary(body.data, field="data", size_bytes_max=LINK_PART_SIZE_BYTES_MAX):
        raise InvalidRequest("A part is not empty.", field="data")
    name = read_label(body.name, field="name", length_max=DEVICE_NAME_LENGTH_MAX) if body.name else ""
    if session.device_id is not None:
        expect_recent_sign_in(session)
    return json_response(links.put_part(session, unverified_link_id, body.slot, data=body.data, name=name))


@router.delete("/me/links/{unverified_link_id}")
def end_link(request: HttpRequest, unverified_link_id: str) -> HttpResponse:
    """End a link, whoever began it."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    links.end_link(session, unverified_link_id)
    return HttpResponse(status=204)

"""Routes of the log of people's keys. Anybody may follow it: who audits it needs no account, and it names nobody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.directory import key_log
from parley_auth.web.rates import client_address, limit
from parley_contracts.key_log import Cosignature
from parley_contracts.limits import CHECKPOINT_SIZE_BYTES_MAX
from parley_contracts.problems import InvalidRequest, TooLarge
from parley_serving.django.bodies import json_response, read_body

router = Router()
_NUMBER_DIGITS_MAX = 9


@router.get("/key-log/head")
def get_key_log_head(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint, with what witnesses signed."""
    limit(request, "key_log", client_address(request))
    return json_response(key_log.head())


@router.get("/key-log/leaves")
def get_key_log_leaves(request: HttpRequest) -> HttpResponse:
    """A page of leaves."""
    limit(request, "key_log", client_address(request))
    first, size = (_number(request.GET.get("first", ""), "first"), _number(request.GET.get("size", ""), "size"))
    return json_response(key_log.leaves(first, size))


@router.get("/key-log/consistency")
def get_key_log_consistency(request: HttpRequest) -> HttpResponse:
    """A proof between two sizes."""
    limit(request, "key_log", client_address(request))
    first, second = (_number(request.GET.get("first", ""), "first"), _number(request.GET.get("second", ""), "second"))
    return json_response(key_log.consistency(first, second))


@router.post("/key-log/cosignatures")
def post_key_log_cosignature(request: HttpRequest) -> HttpResponse:
    """What a witness signed."""
    limit(request, "cosignature", client_address(request))
    body = read_body(request, Cosignature)
    if len(body.checkpoint) > CHECKPOINT_SIZE_BYTES_MAX:
        raise TooLarge(limit_bytes=CHECKPOINT_SIZE_BYTES_MAX)
    key_log.keep_cosignature(body.checkpoint)
    return HttpResponse(status=204)


def _number(unverified_text: str, field: str) -> int:
    if not unverified_text.isascii() or not unverified_text.isdigit() or len(unverified_text) > _NUMBER_DIGITS_MAX:
        raise InvalidRequest(f"`{field}` is a number of leaves.", field=field)
    return int(unverified_text)

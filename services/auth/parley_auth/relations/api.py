"""Routes of blocks, and of being found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.accounts.models import User
from parley_auth.relations.blocking import block, blocks_of, unblock
from parley_auth.relations.finding import discovery_of, store_discovery
from parley_auth.signin.access import BearerAuth, caller_of
from parley_auth.web.rates import limit
from parley_contracts.people_api import Discovery
from parley_serving.django.bodies import json_response, read_body

router = Router(auth=BearerAuth())


@router.get("/me/blocks")
def get_blocks(request: HttpRequest) -> HttpResponse:
    """Whom one has blocked."""
    user = _person(request, "read")
    return json_response(blocks_of(user))


@router.put("/me/blocks/{unverified_user_id}")
def put_block(request: HttpRequest, unverified_user_id: str) -> HttpResponse:
    """Block a person."""
    user = _person(request, "write")
    block(user, unverified_user_id)
    return json_response(blocks_of(user))


@router.delete("/me/blocks/{unverified_user_id}")
def delete_block(request: HttpRequest, unverified_user_id: str) -> HttpResponse:
    """Block a person no more."""
    user = _person(request, "write")
    unblock(user, unverified_user_id)
    return json_response(blocks_of(user))


@router.get("/me/discovery")
def get_discovery(request: HttpRequest) -> HttpResponse:
    """Whether one is found by name."""
    return json_response(discovery_of(_person(request, "read")))


@router.put("/me/discovery")
def put_discovery(request: HttpRequest) -> HttpResponse:
    """Be found by name, or not."""
    user = _person(request, "write")
    store_discovery(user, read_body(request, Discovery))
    return json_response(discovery_of(user))


def _person(request: HttpRequest, rate: str) -> User:
    """The caller, counted."""
    user = caller_of(request).user
    limit(request, rate, user.user_id)
    return user

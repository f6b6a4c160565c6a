"""Announcements, terms, and agreeing to them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.signin.access import BearerAuth, caller_of
from parley_auth.telling import announcements, terms
from parley_auth.web.rates import limit
from parley_contracts.problems import NotFound
from parley_contracts.telling_api import Agreement, Announcements
from parley_serving.django.bodies import json_response, read_body

router = Router(auth=BearerAuth())


@router.get("/announcements")
def get_announcements(request: HttpRequest) -> HttpResponse:
    """What operators tell everybody at present."""
    limit(request, "read", caller_of(request).user.user_id)
    return json_response(Announcements(announcements.standing()))


@router.get("/terms", auth=None)
def get_terms(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja asks for the name
    """The newest terms."""
    found = terms.newest()
    if found is None:
        raise NotFound
    return json_response(found)


@router.get("/me/consent")
def get_consent(request: HttpRequest) -> HttpResponse:
    """What one agreed to, and what one is asked for."""
    user = caller_of(request).user
    limit(request, "read", user.user_id)
    return json_response(terms.consent_of(user))


@router.put("/me/consent")
def put_consent(request: HttpRequest) -> HttpResponse:
    """Agree to the newest terms."""
    user = caller_of(request).user
    limit(request, "write", user.user_id)
    return json_response(terms.agree(user, read_body(request, Agreement).version))

"""Leaving for a provider, and the accounts at providers that sign somebody in."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from parley_auth.factors.codes import check_code, has_second_factor
from parley_auth.providers import flows
from parley_auth.providers.id_tokens import Claims
from parley_auth.providers.identities import find_user, link, links_of, unlink
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.signin.models import Session
from parley_auth.web.rates import client_address, limit
from parley_contracts.limits import PROVIDER_SIGN_IN_AGE_S_MAX
from parley_contracts.problems import ProviderRefused
from parley_contracts.providers_api import OwnProviderAnswer, OwnProviderBegin, ProviderBegin, ProviderLinks
from parley_serving.django.bodies import json_response, read_body

router = Router()


@router.post("/providers/{unverified_provider}/begin")
def begin_provider(request: HttpRequest, unverified_provider: str) -> HttpResponse:
    """Begin to sign in by a provider."""
    limit(request, "provider", client_address(request))
    body = read_body(request, ProviderBegin)
    return json_response(flows.begin(flows.provider_by_id(unverified_provider), body.redirect_uri))


@router.get("/me/providers", auth=BearerAuth())
def get_provider_links(request: HttpRequest) -> HttpResponse:
    """The accounts at providers that sign one in."""
    user = caller_of(request).user
    limit(request, "read", user.user_id)
    return json_response(ProviderLinks(links_of(user)))


@router.post("/me/providers/{unverified_provider}/begin", auth=BearerAuth())
def begin_own_provider(request: HttpRequest, unverified_provider: str) -> HttpResponse:
    """Begin to link an account at a provider, or to show by one once more who one is."""
    session = caller_of(request)
    limit(request, "provider", client_address(request))
    body = read_body(request, OwnProviderBegin)
    provider = flows.provider_by_id(unverified_provider)
    if body.purpose == "link":
        expect_recent_sign_in(session)
    begun = flows.begin(provider, body.redirect_uri, user_id=session.user.user_id, purpose=body.purpose)
    return json_response(begun)


@router.post("/me/providers", auth=BearerAuth())
def finish_own_provider(request: HttpRequest) -> HttpResponse:
    """Come back: the account there signs one in from now on, or this session counts as a recent sign-in."""
    session = caller_of(request)
    limit(request, "provider", client_address(request))
    body = read_body(request, OwnProviderAnswer)
    leaving = flows.take_leaving(body.flow_token, user_id=session.user.user_id)
    claims = flows.finish(leaving, code=body.code, state=body.state, iss=body.iss)
    if leaving.purpose == "link":
        expect_recent_sign_in(session)
        link(session.user, provider=leaving.provider, issuer=claims.issuer, subject=claims.subject)
    else:
        _expect_fresh(session, claims)
        if has_second_factor(session.user):
            check_code(request, session.user, body.second_factor)
        Session.objects.filter(pk=session.pk).update(authenticated_at=timezone.now())
    return json_response(ProviderLinks(links_of(session.user)))


@router.delete("/me/providers/{unverified_link_id}", auth=BearerAuth())
def delete_provider_link(request: HttpRequest, unverified_link_id: str) -> HttpResponse:
    """Let an account at a provider sign one in no more."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    unlink(session.user, unverified_link_id)
    return HttpResponse(status=204)


def _expect_fresh(session: Session, claims: Claims) -> None:
    """`ProviderRefused` where it was somebody else, or the provider did not just ask them who they are."""
    if find_user(claims.issuer, claims.subject) != session.user:
        raise ProviderRefused
    if time.time() - claims.auth_time > PROVIDER_SIGN_IN_AGE_S_MAX:
        raise ProviderRefused("The provider did not ask who you are just now.")

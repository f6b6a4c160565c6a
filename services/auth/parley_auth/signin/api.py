"""Refreshing tokens, signing out, and one's sessions with their devices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.signin import listing
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.signin.alerts import sign_ins_of
from parley_auth.signin.cookie import forget, hand_over, presented_token
from parley_auth.signin.families import rotate, sign_out
from parley_auth.web.idempotency import read_idempotency_key
from parley_auth.web.labels import read_label
from parley_auth.web.rates import client_address, client_network, limit
from parley_contracts.auth_api import RefreshRequest, SessionName, Sessions, SignIns
from parley_contracts.limits import DEVICE_NAME_LENGTH_MAX
from parley_contracts.problems import Unauthenticated
from parley_serving.django.bodies import json_response, read_body

router = Router()


@router.post("/token/refresh")
def refresh(request: HttpRequest) -> HttpResponse:
    """New tokens for a refresh token, once; with the same `Idempotency-Key` a lost answer is given again."""
    limit(request, "refresh", client_address(request))
    body = read_body(request, RefreshRequest)
    retry_key = read_idempotency_key(request) if "Idempotency-Key" in request.headers else None
    try:
        token = presented_token(request, body.refresh_token)
        tokens = rotate(token, unverified_retry_key=retry_key, network=client_network(request))
    except Unauthenticated:
        forget(request)
        raise
    return json_response(hand_over(request, tokens))


@router.post("/logout", auth=BearerAuth())
def logout(request: HttpRequest) -> HttpResponse:
    """End this session and revoke its device."""
    sign_out(caller_of(request))
    forget(request)
    return HttpResponse(status=204)


@router.get("/me/sessions", auth=BearerAuth())
def get_sessions(request: HttpRequest) -> HttpResponse:
    """One's signed-in sessions."""
    session = caller_of(request)
    limit(request, "read", session.user.user_id)
    return json_response(Sessions(listing.sessions_of(session)))


@router.get("/me/sign-ins", auth=BearerAuth())
def get_sign_ins(request: HttpRequest) -> HttpResponse:
    """When one signed in, from about where, and by what."""
    user = caller_of(request).user
    limit(request, "read", user.user_id)
    return json_response(SignIns(sign_ins_of(user)))


@router.patch("/me/sessions/{unverified_session_id}", auth=BearerAuth())
def rename_session(request: HttpRequest, unverified_session_id: str) -> HttpResponse:
    """Give a session's device another name."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    name = read_label(read_body(request, SessionName).name, field="name", length_max=DEVICE_NAME_LENGTH_MAX)
    return json_response(listing.rename(session, listing.access_session_by_id(session, unverified_session_id), name))


@router.delete("/me/sessions/{unverified_session_id}", auth=BearerAuth())
def end_session(request: HttpRequest, unverified_session_id: str) -> HttpResponse:
    """Sign a session out and revoke its device."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    ended = listing.access_session_by_id(session, unverified_session_id)
    expect_recent_sign_in(session)
    sign_out(ended)
    if ended.pk == session.pk:
        forget(request)
    return HttpResponse(status=204)


@router.delete("/me/sessions", auth=BearerAuth())
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign all other sessions out and revoke their devices."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    for other in listing.living_sessions(session.user).exclude(pk=session.pk):
        sign_out(other)
    return HttpResponse(status=204)

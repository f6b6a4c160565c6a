"""Refreshing tokens and signing out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.signin.access import BearerAuth, caller_of
from parley_auth.signin.cookie import forget, hand_over, presented_token
from parley_auth.signin.families import rotate, sign_out
from parley_auth.web.idempotency import read_idempotency_key
from parley_auth.web.rates import client_address, limit
from parley_contracts.auth_api import RefreshRequest
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
        tokens = rotate(presented_token(request, body.refresh_token), unverified_retry_key=retry_key)
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

"""Routes of second factors; each that changes something asks for a recent sign-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from parley_auth.factors import codes, passkeys
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.signin.models import Session
from parley_auth.web.labels import read_label
from parley_auth.web.rates import limit
from parley_contracts.auth_api import PasskeyConfirmation, PasskeyProof, TotpConfirmation
from parley_contracts.limits import PASSKEY_NAME_LENGTH_MAX
from parley_serving.django.bodies import json_response, read_body

router = Router(auth=BearerAuth())


@router.get("/me/second-factors")
def get_second_factors(request: HttpRequest) -> HttpResponse:
    """Which second factors one has."""
    user = caller_of(request).user
    limit(request, "read", user.user_id)
    return json_response(codes.factors_of(user))


@router.post("/me/second-factors/totp")
def begin_totp(request: HttpRequest) -> HttpResponse:
    """Begin to set up an authenticator app."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    return json_response(codes.begin_totp(session.user))


@router.put("/me/second-factors/totp")
def confirm_totp(request: HttpRequest) -> HttpResponse:
    """Switch the second step on by a first code."""
    session = caller_of(request)
    codes.count_guess(request, session.user)
    body = read_body(request, TotpConfirmation)
    expect_recent_sign_in(session)
    return json_response(codes.confirm_totp(session.user, body.setup, body.code))


@router.delete("/me/second-factors/totp")
def remove_totp(request: HttpRequest) -> HttpResponse:
    """Switch the second step off."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    codes.remove_totp(session.user)
    return HttpResponse(status=204)


@router.post("/me/second-factors/recovery-codes")
def renew_recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes in place of the earlier ones."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    return json_response(codes.renew_recovery_codes(session.user))


@router.post("/me/second-factors/passkeys")
def begin_passkey(request: HttpRequest) -> HttpResponse:
    """Begin to add a passkey."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    return json_response(passkeys.begin_passkey(session.user))


@router.put("/me/second-factors/passkeys")
def confirm_passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    body = read_body(request, PasskeyConfirmation)
    name = read_label(body.name, field="name", length_max=PASSKEY_NAME_LENGTH_MAX)
    expect_recent_sign_in(session)
    return json_response(passkeys.confirm_passkey(session.user, body, name))


@router.post("/me/reauthenticate/passkey")
def begin_passkey_check(request: HttpRequest) -> HttpResponse:
    """Begin to prove by a passkey that it is still this person."""
    user = caller_of(request).user
    limit(request, "write", user.user_id)
    return json_response(passkeys.begin_check(user))


@router.put("/me/reauthenticate/passkey")
def confirm_passkey_check(request: HttpRequest) -> HttpResponse:
    """Prove it."""
    session = caller_of(request)
    codes.count_guess(request, session.user)
    passkeys.confirm_check(session.user, read_body(request, PasskeyProof))
    Session.objects.filter(pk=session.pk).update(authenticated_at=timezone.now())
    return HttpResponse(status=204)


@router.delete("/me/second-factors/passkeys/{unverified_number}")
def remove_passkey(request: HttpRequest, unverified_number: str) -> HttpResponse:
    """Take a passkey away."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    passkeys.remove_passkey(session.user, unverified_number)
    return HttpResponse(status=204)

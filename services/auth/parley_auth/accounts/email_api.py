"""Routes around e-mail addresses and passwords: confirming, changing, resetting.

Invariant: what `request_reset` answers, and all that it does, is the same for any address.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from parley_auth.accounts.api import own_profile
from parley_auth.accounts.attempts import LoginAttempt
from parley_auth.accounts.codes import use_code
from parley_auth.accounts.emails import read_email
from parley_auth.accounts.models import SentCode, User
from parley_auth.accounts.passwords import canonical_password, check_strength, expect_place
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.factors.codes import check_code, has_second_factor
from parley_auth.invitations.admitting import expect_address
from parley_auth.letters.asking import ask_for_letter, tell_person
from parley_auth.letters.models import Letter
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.signin.families import end_sessions
from parley_auth.signin.models import Session
from parley_auth.web.rates import client_address, limit
from parley_contracts.auth_api import (
    EmailChange,
    EmailCode,
    PasswordChange,
    PasswordReset,
    Reauthentication,
    ResetRequest,
)
from parley_contracts.limits import PASSWORD_LENGTH_MAX
from parley_contracts.problems import Conflict, EmailTaken, InvalidRequest, WrongCredentials
from parley_serving.django.bodies import json_response, read_body

router = Router()


@router.post("/me/email/verification", auth=BearerAuth())
def request_verification(request: HttpRequest) -> HttpResponse:
    """Send a letter to one's address."""
    user = caller_of(request).user
    limit(request, "letter", user.user_id)
    if user.email_verified_at is not None:
        raise Conflict("This address is confirmed already.")
    ask_for_letter(Letter.Kind.VERIFY, user.open_email(), user)
    return HttpResponse(status=204)


@router.post("/me/email/verify", auth=BearerAuth())
def verify_email(request: HttpRequest) -> HttpResponse:
    """Confirm the address that a code was sent to; from now on it is the account's."""
    session = caller_of(request)
    limit(request, "code", session.user.user_id)
    body = read_body(request, EmailCode)
    try:
        with transaction.atomic():
            user, email = use_code(body.code, SentCode.Purpose.VERIFY, user=session.user)
            expect_address(user, email)
            if user.open_email() != email:
                tell_person(Letter.Kind.EMAIL_CHANGED, user)
                # What went to the address that is left must not open the account.
                user.email_codes.all().delete()
            user.take_email(email)
            user.email_verified_at = timezone.now()
            user.save(update_fields=["email_sealed", "email_index", "email_verified_at"])
            record_own(Act.EMAIL_CONFIRMED, user)
    except IntegrityError as error:
        raise EmailTaken from error
    session.user = user
    return json_response(own_profile(session))


@router.put("/me/email", auth=BearerAuth())
def change_email(request: HttpRequest) -> HttpResponse:
    """Send a letter to a new address; the old one stays until its code is given."""
    session = caller_of(request)
    limit(request, "letter", session.user.user_id)
    email = read_email(read_body(request, EmailChange).email)
    expect_recent_sign_in(session)
    ask_for_letter(Letter.Kind.VERIFY, email, session.user)
    return HttpResponse(status=204)


@router.post("/me/reauthenticate", auth=BearerAuth())
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Give the password again, and a code where the person has a second factor."""
    session = caller_of(request)
    body = read_body(request, Reauthentication)
    _check_own_password(request, session.user, body.password)
    if has_second_factor(session.user):
        check_code(request, session.user, body.code)
    Session.objects.filter(pk=session.pk).update(authenticated_at=timezone.now())
    return HttpResponse(status=204)


@router.put("/me/password", auth=BearerAuth())
def change_password(request: HttpRequest) -> HttpResponse:
    """Take another password; all other sessions end."""
    session = caller_of(request)
    body = read_body(request, PasswordChange)
    _check_own_password(request, session.user, body.current_password)
    password = _new_password(body.new_password, session.user)
    with transaction.atomic():
        _set_password(session.user, password, keep=session)
        record_own(Act.PASSWORD_CHANGED, session.user)
    return HttpResponse(status=204)


@router.post("/password/reset-request")
def request_reset(request: HttpRequest) -> HttpResponse:
    """Let a letter be written to an address; whether an account has it, only the worker looks."""
    limit(request, "reset_request", client_address(request))
    email = read_email(read_body(request, ResetRequest).email)
    limit(request, "reset_address", email)
    ask_for_letter(Letter.Kind.RESET, email)
    return HttpResponse(status=204)


@router.post("/password/reset")
def reset_password(request: HttpRequest) -> HttpResponse:
    """Set a new password by a code; all sessions end, and encrypted history stays as closed as it was."""
    expect_place()
    limit(request, "reset", client_address(request))
    body = read_body(request, PasswordReset)
    with transaction.atomic():
        user, _ = use_code(body.code, SentCode.Purpose.RESET)
        password = _new_password(body.new_password, user)
        _set_password(user, password, keep=None)
        record_own(Act.PASSWORD_RESET, user)
    return HttpResponse(status=204)


def _set_password(user: User, password: str, *, keep: Session | None) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    user.email_codes.filter(purpose=SentCode.Purpose.RESET).delete()
    tell_person(Letter.Kind.PASSWORD_CHANGED, user)
    living = user.sessions.filter(ended_at=None)
    end_sessions(list(living.exclude(pk=keep.pk) if keep else living), reason="password")


def _new_password(unverified_password: str, user: User) -> str:
    if len(unverified_password) > PASSWORD_LENGTH_MAX:
        raise InvalidRequest(f"A password has at most {PASSWORD_LENGTH_MAX} characters.", field="new_password")
    password = canonical_password(unverified_password)
    check_strength(password, user, email=user.open_email(), field="new_password")
    return password


def _check_own_password(request: HttpRequest, user: User, unverified_password: str) -> None:
    expect_place()
    attempt = LoginAttempt.start(request, user.username)
    long = len(unverified_password) > PASSWORD_LENGTH_MAX
    if long or not user.check_password(canonical_password(unverified_password)):
        raise WrongCredentials("The password is wrong.")
    attempt.succeeded()

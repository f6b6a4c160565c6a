"""Who speaks: the one place where a bearer token becomes a session."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from parley_auth.accounts.models import User
from parley_auth.directory.models import Device
from parley_auth.invitations.admitting import confirmation_demanded
from parley_auth.signin.models import Session
from parley_auth.signin.tokens import read_access_token
from parley_contracts.ids import is_uuid
from parley_contracts.limits import RECENT_SIGN_IN_S
from parley_contracts.problems import DeviceRequired, EmailUnverified, SignInAgain, TokenExpired, Unauthenticated


class BearerAuth(HttpBearer):
    """Puts the caller's session into `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> Session:  # noqa: ARG002 - ninja's signature
        """The session of an access token that is valid and has not ended (I8)."""
        claims = read_access_token(token)
        if not is_uuid(claims.session_id):
            raise Unauthenticated
        session = (
            Session.objects.select_related("user", "device")
            .filter(id=uuid.UUID(claims.session_id), ended_at=None, user__is_active=True)
            .first()
        )
        if session is None or session.user.user_id != claims.sub:
            raise Unauthenticated
        session.token_issued_at = claims.iat
        return session


def caller_of(request: HttpRequest) -> Session:
    """The session that `BearerAuth` found."""
    session = request.auth  # type: ignore[attr-defined]
    assert isinstance(session, Session)
    return session


def token_of(request: HttpRequest) -> str:
    """The access token that `BearerAuth` took."""
    return request.headers["Authorization"].partition(" ")[2]


def expect_recent_sign_in(session: Session) -> None:
    """`SignInAgain` where the person signed in too long ago for what a stolen token must not do.

    `TokenExpired` where the token is from before that: who stole one gains nothing by the person's giving the password again.
    """
    if timezone.now() - session.authenticated_at > timedelta(seconds=RECENT_SIGN_IN_S):
        raise SignInAgain
    if session.token_issued_at < int(session.authenticated_at.timestamp()):
        raise TokenExpired("This token is older than the last sign-in: refresh it.")


def expect_confirmed_email(user: User) -> None:
    """`EmailUnverified` where the operator asks for confirmed addresses and this person has none."""
    if confirmation_demanded() and user.email_verified_at is None:
        raise EmailUnverified


def device_of(request: HttpRequest) -> Device:
    """The caller's device; `DeviceRequired` where the session has none yet."""
    device = caller_of(request).device
    if device is None:
        raise DeviceRequired
    return device

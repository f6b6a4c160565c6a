"""How allauth speaks to Parley's accounts."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.adapter import DefaultHeadlessAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from parley_auth.accounts.attempts import LoginAttempt
from parley_auth.accounts.models import User
from parley_auth.accounts.names import canonical_username, check_username
from parley_auth.invitations.admitting import rules
from parley_auth.rights.names import is_taken
from parley_auth.web.rates import client_address

_log = structlog.get_logger("parley_auth.signin")


class AccountAdapter(DefaultAccountAdapter):
    """Parley's rules for names, and its limits for attempts."""

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The canonical name; Django `ValidationError` where it breaks a rule or is taken."""
        name = canonical_username(username)
        check_username(name)
        if not shallow and is_taken(name):
            raise self.validation_error("username_taken")
        return name

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: `authenticate` counts the attempt."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Check a password, within the limits of `attempts`."""
        attempt = LoginAttempt.start(request, str(credentials.get("username", "")))
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is None or not user.is_active:
            _log.info("sign-in refused", methods=["password"])
            return None
        attempt.succeeded()
        return user

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Whether anybody may make an account at all; `expect_admission` says who."""
        return rules().mode != "closed"

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where the request comes from."""
        return client_address(request)


class HeadlessAdapter(DefaultHeadlessAdapter):
    """What a sign-in flow says of the person."""

    def serialize_user(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Identifier and names; the profile route says more."""
        assert isinstance(user, User)
        return {"id": user.user_id, "username": user.username, "display": user.display_name}

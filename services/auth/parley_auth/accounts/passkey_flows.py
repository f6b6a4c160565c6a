"""Signing in by passkeys: alone, or as the second step; allauth's flows with Parley's shapes and problems."""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.headless.internal.restkit.inputs import Input
from allauth.headless.mfa.inputs import AuthenticateWebAuthnInput, LoginWebAuthnInput
from allauth.headless.mfa.views import AuthenticateWebAuthnView, LoginWebAuthnView
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from parley_auth.accounts.forms import problem_of_input
from parley_auth.factors.passkeys import MALFORMED, as_fido2
from parley_auth.web.rates import client_address, limit
from parley_contracts.auth_api import AssertionBody
from parley_serving.django.bodies import read_body


def _read_credential(request: HttpRequest) -> dict[str, Any] | None:
    if request.method != "POST":
        return None
    given = read_body(request, AssertionBody).credential
    response = given.response
    return {
        "credential": as_fido2(
            given,
            clientDataJSON=response.client_data,
            authenticatorData=response.authenticator_data,
            signature=response.signature,
            userHandle=response.user_handle,
        )
    }


class _Passkey:
    """What fido2 trips over is a wrong passkey, and none of our bugs."""

    def clean_credential(self) -> Authenticator:
        """The passkey that signed the flow's challenge; Django `ValidationError`."""
        try:
            authenticator: Authenticator = super().clean_credential()  # type: ignore[misc]
        except MALFORMED as error:
            raise ValidationError("Wrong passkey.", code="incorrect_code") from error
        if not authenticator.user.is_active:
            raise ValidationError("Wrong passkey.", code="incorrect_code")
        return authenticator


class PasskeyInput(_Passkey, LoginWebAuthnInput):
    """A passkey that signs in alone."""


class PasskeyStepInput(_Passkey, AuthenticateWebAuthnInput):
    """A passkey as the second step."""


class PasskeyLoginView(LoginWebAuthnView):
    """`GET` and `POST webauthn/login`."""

    input_class = {"POST": PasskeyInput}  # noqa: RUF012 - allauth's own shape

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the request before anything is looked at."""
        limit(request, "passkey", client_address(request))
        return super().handle(request, *args, **kwargs)

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        return _read_credential(request)

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise problem_of_input(input)


class PasskeyStepView(AuthenticateWebAuthnView):
    """`GET` and `POST webauthn/authenticate`."""

    input_class = {"POST": PasskeyStepInput}  # noqa: RUF012 - allauth's own shape

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go on signing in."""
        limit(request, "second_factor", self.stage.login.user.user_id)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        return _read_credential(request)

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise problem_of_input(input)

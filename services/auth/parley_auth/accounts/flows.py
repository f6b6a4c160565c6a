"""Signing up and signing in: allauth's flows with Parley's fields, rules and problems.

Only flows that stand here are reachable. What follows the first step is carried by a flow token (`X-Session-Token`).
"""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.headless.account.inputs import LoginInput, SignupInput
from allauth.headless.account.views import LoginView, SignupView
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.inputs import CharField, EmailField, Input
from allauth.headless.mfa.inputs import AuthenticateInput
from allauth.headless.mfa.views import AuthenticateView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from parley_auth.accounts.accounts import create_account
from parley_auth.accounts.emails import canonical_email
from parley_auth.accounts.forms import problem_of_input, read_form
from parley_auth.accounts.models import User
from parley_auth.accounts.names import canonical_username
from parley_auth.accounts.passkey_flows import PasskeyLoginView, PasskeyStepView
from parley_auth.accounts.passwords import canonical_password, check_strength, expect_place
from parley_auth.accounts.steps import expect_no_second_step
from parley_auth.factors.adapter import FactorAdapter
from parley_auth.factors.codes import count_guess, factor_of_code
from parley_auth.invitations.admitting import admit, expect_admission
from parley_auth.providers.views import ProviderFinishView, ProviderSignupView
from parley_auth.web.rates import client_address, limit
from parley_contracts.auth_api import LoginBody, SecondFactorBody, SignupBody
from parley_contracts.limits import (
    EMAIL_LENGTH_MAX,
    FACTOR_CODE_LENGTH_MAX,
    INVITATION_CODE_LENGTH_MAX,
    PASSWORD_LENGTH_MAX,
)
from parley_contracts.problems import WeakPassword


class ParleySignupInput(SignupInput):
    """The fields of a new account; the address never enters allauth's own table (see `emails`)."""

    password = CharField(strip=False, max_length=PASSWORD_LENGTH_MAX)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = EmailField(required=True, max_length=EMAIL_LENGTH_MAX)
        self.fields["invitation"] = CharField(required=False, max_length=INVITATION_CODE_LENGTH_MAX)

    def clean_email(self) -> str:
        """The canonical address. Whether an account has it is not said: only a letter to it tells."""
        return canonical_email(self.cleaned_data["email"])

    def clean_password(self) -> str:
        """The canonical password; the rules are checked when the other fields are known."""
        return canonical_password(self.cleaned_data["password"])

    def clean(self) -> dict[str, Any]:
        """Check the password's strength, against the other fields too."""
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("password"):
            person = User(username=cleaned.get("username", ""))
            try:
                check_strength(cleaned["password"], person, email=cleaned.get("email", ""), field="password")
            except WeakPassword as problem:
                self.add_error("password", ValidationError(problem.detail, code=WeakPassword.slug))
        return cleaned

    def save(self, request: HttpRequest) -> User:  # noqa: ARG002 - allauth's signature
        """Create the account."""
        fields = self.cleaned_data
        username, email, password = fields["username"], fields["email"], fields["password"]
        return admit(
            email,
            fields["invitation"],
            lambda: create_account(username=username, email=email, password=password),
        )


class ParleyLoginInput(LoginInput):
    """User name and password."""

    username = CharField(max_length=EMAIL_LENGTH_MAX)
    password = CharField(strip=False, max_length=PASSWORD_LENGTH_MAX)

    def clean_username(self) -> str:
        """The form under which accounts are stored."""
        return canonical_username(self.cleaned_data["username"])

    def clean_password(self) -> str:
        """The form that is hashed."""
        return canonical_password(self.cleaned_data["password"])


class ParleySignupView(SignupView):
    """`POST signup`."""

    input_class = {"POST": ParleySignupInput}  # noqa: RUF012 - allauth's own shape

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the request before anything is looked at."""
        if request.method == "POST":
            expect_place()
            limit(request, "signup", client_address(request))
        return super().handle(request, *args, **kwargs)

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        form = read_form(request, SignupBody)
        if form is not None:
            expect_admission(canonical_email(form["email"]), form["invitation"])
        return form

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise problem_of_input(input)


class ParleyLoginView(LoginView):
    """`POST login`."""

    input_class = ParleyLoginInput

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse at once what would be refused later."""
        expect_place()
        return super().handle(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in, or say that a second step is needed."""
        answer: HttpResponse = super().post(request, *args, **kwargs)
        expect_no_second_step(request)
        return answer

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        return read_form(request, LoginBody)

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise problem_of_input(input)


class CodeInput(AuthenticateInput):
    """A code of the authenticator app, or a recovery code."""

    code = CharField(max_length=FACTOR_CODE_LENGTH_MAX)

    def clean_code(self) -> str:
        """Use the code up, and keep what it is of."""
        code: str = self.cleaned_data["code"]
        factor = factor_of_code(self.user, code)
        if factor is None:
            raise FactorAdapter().validation_error("incorrect_code")
        self.authenticator = factor
        return code


class SecondFactorView(AuthenticateView):
    """`POST 2fa/authenticate`."""

    input_class = CodeInput

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        return read_form(request, SecondFactorBody)

    def get_input_kwargs(self) -> dict[str, Any]:
        """Count the guess before the code is looked at."""
        kwargs: dict[str, Any] = super().get_input_kwargs()
        count_guess(self.request, kwargs["user"])
        return kwargs

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise problem_of_input(input)


urlpatterns = [
    path("app/v1/config", ConfigView.as_api_view(client=Client.APP)),
    path("app/v1/auth/signup", ParleySignupView.as_api_view(client=Client.APP)),
    path("app/v1/auth/login", ParleyLoginView.as_api_view(client=Client.APP)),
    path("app/v1/auth/2fa/authenticate", SecondFactorView.as_api_view(client=Client.APP)),
    path("app/v1/auth/webauthn/login", PasskeyLoginView.as_api_view(client=Client.APP)),
    path("app/v1/auth/webauthn/authenticate", PasskeyStepView.as_api_view(client=Client.APP)),
    path("app/v1/auth/provider/finish", ProviderFinishView.as_api_view(client=Client.APP)),
    path("app/v1/auth/provider/signup", ProviderSignupView.as_api_view(client=Client.APP)),
]

"""Signing up and signing in: allauth's flows with Parley's fields, rules and problems.

Only flows that stand here are reachable. The next ones (second factor, passkeys, reset) are added to `urlpatterns`.
"""

from __future__ import annotations

from typing import Any, NoReturn

import msgspec
from allauth.headless.account.inputs import LoginInput, SignupInput
from allauth.headless.account.views import LoginView, SignupView
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.inputs import CharField, EmailField, Input
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from parley_auth.accounts.accounts import create_account
from parley_auth.accounts.emails import blind_index, canonical_email
from parley_auth.accounts.models import User
from parley_auth.accounts.names import canonical_username
from parley_auth.accounts.passwords import canonical_password, expect_place
from parley_auth.web.rates import client_address, limit
from parley_contracts.auth_api import LoginBody, SignupBody
from parley_contracts.limits import EMAIL_LENGTH_MAX, PASSWORD_LENGTH_MAX
from parley_contracts.problems import (
    EmailTaken,
    InvalidRequest,
    Problem,
    UsernameTaken,
    WeakPassword,
    WrongCredentials,
)
from parley_serving.django.bodies import read_body


class ParleySignupInput(SignupInput):
    """The fields of a new account; the address never enters allauth's own table (see `emails`)."""

    password = CharField(strip=False, max_length=PASSWORD_LENGTH_MAX)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = EmailField(required=True, max_length=EMAIL_LENGTH_MAX)

    def clean_email(self) -> str:
        """The canonical address; Django `ValidationError` where an account has it."""
        email = canonical_email(self.cleaned_data["email"])
        if User.objects.filter(email_index=blind_index(email)).exists():
            raise ValidationError(EmailTaken.title, code=EmailTaken.slug)
        return email

    def clean_password(self) -> str:
        """The canonical password; the rules are checked when the other fields are known."""
        return canonical_password(self.cleaned_data["password"])

    def clean(self) -> dict[str, Any]:
        """Check the password's strength, against the other fields too."""
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("password"):
            person = User(username=cleaned.get("username", ""))
            person.unsaved_email = cleaned.get("email", "")  # type: ignore[attr-defined]
            try:
                validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", ValidationError(" ".join(error.messages), code=WeakPassword.slug))
        return cleaned

    def save(self, request: HttpRequest) -> User:  # noqa: ARG002 - allauth's signature
        """Create the account."""
        fields = self.cleaned_data
        return create_account(username=fields["username"], email=fields["email"], password=fields["password"])


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
        return _read_form(request, SignupBody)

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise _problem_of_input(input)


class ParleyLoginView(LoginView):
    """`POST login`."""

    input_class = ParleyLoginInput

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse at once what would be refused later."""
        expect_place()
        return super().handle(request, *args, **kwargs)

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        return _read_form(request, LoginBody)

    def handle_invalid_input(self, input: Input) -> NoReturn:  # noqa: A002 - allauth's name
        """Raise what was wrong."""
        raise _problem_of_input(input)


def _read_form(request: HttpRequest, body_type: type[Any]) -> dict[str, Any] | None:
    if request.method != "POST":
        return None
    return dict(msgspec.to_builtins(read_body(request, body_type)))


def _problem_of_input(form: Input) -> Problem:
    """The one problem that says most of what is wrong with a form."""
    problems = [_problem_of_error(field, error) for field, errors in form.errors.as_data().items() for error in errors]
    return min(problems, key=lambda problem: type(problem) is not InvalidRequest)


def _problem_of_error(field: str, error: ValidationError) -> Problem:
    match error.code:
        case UsernameTaken.slug:
            return UsernameTaken(field=field)
        case EmailTaken.slug:
            return EmailTaken(field=field)
        case "username_password_mismatch" | "invalid_login":
            return WrongCredentials()
        case WeakPassword.slug:
            return WeakPassword(" ".join(error.messages), field=field)
    return InvalidRequest(" ".join(error.messages), field=field)


urlpatterns = [
    path("app/v1/config", ConfigView.as_api_view(client=Client.APP)),
    path("app/v1/auth/signup", ParleySignupView.as_api_view(client=Client.APP)),
    path("app/v1/auth/login", ParleyLoginView.as_api_view(client=Client.APP)),
]

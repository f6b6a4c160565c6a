"""Between allauth's forms and ours: strict bodies in, problems out."""

from __future__ import annotations

from typing import Any

import msgspec
from allauth.headless.internal.restkit.inputs import Input
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from parley_contracts.problems import (
    InvalidRequest,
    Problem,
    UsernameTaken,
    WeakPassword,
    WrongCode,
    WrongCredentials,
)
from parley_serving.django.bodies import read_body


def read_form(request: HttpRequest, body_type: type[Any]) -> dict[str, Any] | None:
    """The members of a flow's strict body, as allauth's forms take them; None where the method has none."""
    if request.method != "POST":
        return None
    return dict(msgspec.to_builtins(read_body(request, body_type)))


def problem_of_input(form: Input) -> Problem:
    """The one problem that says most of what is wrong with a form."""
    problems = [_problem_of_error(field, error) for field, errors in form.errors.as_data().items() for error in errors]
    return min(problems, key=lambda problem: type(problem) is not InvalidRequest)


def _problem_of_error(field: str, error: ValidationError) -> Problem:
    match error.code:
        case UsernameTaken.slug:
            return UsernameTaken(field=field)
        case "username_password_mismatch" | "invalid_login":
            return WrongCredentials()
        case "incorrect_code":
            return WrongCode(field=field)
        case WeakPassword.slug:
            return WeakPassword(" ".join(error.messages), field=field)
    return InvalidRequest(" ".join(error.messages), field=field)

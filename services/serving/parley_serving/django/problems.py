"""Problems on the wire: from our own classes, and from whatever Django, its applications or ninja answered.

Settings: `DATA_UPLOAD_MAX_MEMORY_SIZE` is the limit of a body in bytes; `PROBLEMS_BY_STATUS` (optional) maps statuses that
an application answers in a sense of its own to classes of problems.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from redis.exceptions import RedisError

from parley_contracts.problems import (
    CONTENT_TYPE,
    Conflict,
    Forbidden,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from parley_serving.refusals import refusals

#: When a store is away, callers are asked to wait this long.
STORE_AWAY_RETRY_AFTER_S = 2
_log = structlog.get_logger("parley_serving.django.problems")

_BY_STATUS: dict[int, type[Problem]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: TooLarge,
    415: InvalidRequest,
    422: InvalidRequest,
    429: RateLimited,
    503: Unavailable,
}


def problem_response(problem: Problem) -> HttpResponse:
    """The problem as `application/problem+json`."""
    refusals.note(problem)
    response = HttpResponse(msgspec.json.encode(problem.to_dict()), status=problem.status, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    if problem.retry_after_s is not None:
        response["Retry-After"] = str(problem.retry_after_s)
    if isinstance(problem, Unauthenticated):
        response["WWW-Authenticate"] = "Bearer"
    return response


def problem_of_exception(error: Exception) -> Problem | None:
    """What an exception says to a caller; None where it is a bug (or Django's own affair)."""
    match error:
        case Problem():
            return error
        case RequestDataTooBig():
            return TooLarge(limit_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        case OperationalError() | InterfaceError() | RedisError():
            return Unavailable(retry_after_s=STORE_AWAY_RETRY_AFTER_S)
    return None


def problem_of_response(response: HttpResponseBase) -> Problem | None:
    """The problem that a framework's error answer stands for; None where the answer is none or is a problem already."""
    if response.status_code < HTTPStatus.BAD_REQUEST or response.get("Content-Type") == CONTENT_TYPE:
        return None
    own: Mapping[int, type[Problem]] = getattr(settings, "PROBLEMS_BY_STATUS", {})
    problem_type = own.get(response.status_code) or _BY_STATUS.get(response.status_code)
    if problem_type is not None:
        return problem_type()
    return Internal() if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else InvalidRequest()


def install_problem_handlers(*apis: NinjaAPI) -> None:
    """Let what ninja itself refuses end as a problem."""
    for api in apis:
        api.add_exception_handler(AuthenticationError, _on_authentication)
        api.add_exception_handler(ValidationError, _on_validation)


def _on_authentication(_request: HttpRequest, _error: object) -> HttpResponse:
    return problem_response(Unauthenticated())


def _on_validation(_request: HttpRequest, _error: object) -> HttpResponse:
    return problem_response(InvalidRequest())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django gives both by name
    """Django's handler400."""
    return problem_response(InvalidRequest())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - see above
    """Django's handler403."""
    return problem_response(Forbidden())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - see above
    """Django's handler404."""
    return problem_response(NotFound())


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - see above
    """Django's handler500: something outside the views failed."""
    return problem_response(say_bug(sys.exception()))


def say_bug(error: BaseException | None) -> Problem:
    """Log what only a developer can act upon; the caller hears nothing but `Internal`."""
    problem = problem_of_exception(error) if isinstance(error, Exception) else None
    if problem is None:
        _log.error("bug", exc_info=error)
        return Internal()
    if problem.status >= Internal.status:
        _log.warning("unavailable", cause=type(error).__name__)
    return problem

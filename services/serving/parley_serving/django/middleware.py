"""The outermost layer: a request id on everything, every error a problem, one log line for each request.

Invariant: no answer with a status of 400 or more leaves without `application/problem+json`, and none without
`X-Request-ID`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from parley_contracts.problems import InvalidRequest, TooLarge
from parley_serving.django.problems import problem_of_exception, problem_of_response, problem_response, say_bug
from parley_serving.request_ids import request_id_of

_log = structlog.get_logger("parley_serving.django.middleware")


class ProblemMiddleware:
    """Wraps all other middleware and the views."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        started = time.monotonic()
        request_id = request_id_of(request.headers.get("X-Request-ID", ""))
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            refused = _refuse_by_size(request)
            response = refused if refused is not None else self._get_response(request)
            response = _as_problem(response)
            _say_limits(request, response)
            response["X-Request-ID"] = request_id
            _log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                duration_ms=round((time.monotonic() - started) * 1000, 1),
            )
        return response

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django when a view raised."""
        if isinstance(error, Http404 | PermissionDenied) or (
            isinstance(error, SuspiciousOperation) and problem_of_exception(error) is None
        ):
            return None
        return problem_response(say_bug(error))


def _refuse_by_size(request: HttpRequest) -> HttpResponse | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit():
        return problem_response(InvalidRequest())
    if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return problem_response(TooLarge(limit_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    return None


def _as_problem(response: HttpResponseBase) -> HttpResponseBase:
    problem = problem_of_response(response)
    if problem is None:
        return response
    replaced = problem_response(problem)
    if "Allow" in response.headers:
        replaced["Allow"] = response["Allow"]
    return replaced


def _say_limits(request: HttpRequest, response: HttpResponseBase) -> None:
    for name, value in getattr(request, "rate_limit_headers", {}).items():
        response[name] = value

"""Every error as `application/problem+json` (RFC 9457), the framework's own included, a request id on every answer, and no answer kept by anybody.

Invariant: no answer with a status of 400 or more leaves as anything else, none without `X-Request-ID`, and none without
`Cache-Control`, which is `no-store` where a route says nothing else.
"""

from __future__ import annotations

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley_contracts.problems import (
    CONTENT_TYPE,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
)
from parley_serving.refusals import refusals
from parley_serving.request_ids import request_id_of

_ENCODER = msgspec.json.Encoder()
_log = structlog.get_logger("parley_serving.fastapi.problems")


def problem_response(problem: Problem) -> Response:
    """The problem as an answer."""
    refusals.note(problem)
    headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s is not None else {}
    if problem.status == Unavailable.status:
        headers.setdefault("Retry-After", "1")
    return Response(_ENCODER.encode(problem.to_dict()), problem.status, headers, CONTENT_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Let every exception of a route end as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


async def _on_problem(_request: Request, error: Exception) -> Response:
    return problem_response(error if isinstance(error, Problem) else Internal())


async def _on_validation(_request: Request, error: Exception) -> Response:
    places = [str(item["loc"][-1]) for item in error.errors()] if isinstance(error, RequestValidationError) else []
    return problem_response(InvalidRequest("A parameter is not valid.", field=places[0] if places else ""))


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return problem_response(Internal())
    match error.status_code:
        case 404:
            response = problem_response(NotFound())
        case 405:
            response = problem_response(MethodNotAllowed())
        case status if status < 500:
            response = problem_response(InvalidRequest())
        case _:
            response = problem_response(Internal())
    response.headers.update({k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"})
    return response


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return problem_response(InvalidRequest("The request ended early."))


class RequestIdMiddleware:
    """The outermost layer: the request id, `no-store`, and bugs as bare 500s."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or carry one socket."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(Headers(scope=scope).get("x-request-id", ""))
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                _log.exception("request_failed", path=scope["path"])
                if started:
                    raise
                await problem_response(Internal())(scope, receive, send_with_id)

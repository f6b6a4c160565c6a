"""The OpenAPI 3.1 document of the whole HTTP API, made of the services' tables and the wire types."""

from __future__ import annotations

from http import HTTPStatus
from itertools import groupby
from typing import Any

from parley_contracts import limits
from parley_contracts.applications_api import SIGNATURE_HEADER
from parley_contracts.documents.auth import AUTH
from parley_contracts.documents.examples import VALUES
from parley_contracts.documents.fields import DIGEST_TEXT, UUID
from parley_contracts.documents.media import MEDIA
from parley_contracts.documents.messaging import MESSAGING
from parley_contracts.documents.notifications import NOTIFICATIONS
from parley_contracts.documents.operations import Operation, Parameter, Service, integer
from parley_contracts.documents.problems import problem_components
from parley_contracts.documents.schemas import components, ref
from parley_contracts.documents.webhooks import CALLED_KINDS, webhooks
from parley_contracts.problems import CONTENT_TYPE, Problem

SERVICES: tuple[Service, ...] = (AUTH, MESSAGING, MEDIA, NOTIFICATIONS)
VERSION = "1"
_DESCRIPTION = f"""\
Everything that a device says to a Parley server over HTTP; what it hears live is in `/api/asyncapi.json`.

**Tokens.** Sign in, register the device, and send the access token as `Authorization: Bearer TOKEN`. It lives {limits.ACCESS_TOKEN_LIFETIME_S} s;
then refresh it.

**Problems.** Every answer with a status of 400 or more is `application/problem+json` (RFC 9457). A program reads `type` and the
members that its class names, nothing else.

**Forms.** Identifiers are UUIDs in lower case, binary is base64url without padding, times are UTC. A reader ignores members
that it does not know; a request must not have any.

**Repeating.** Every PUT and DELETE may be sent again until it is answered: the same request ends in the same state. POSTs that could not
take an `Idempotency-Key`.
"""
#: Bounds that are not a keyword of some schema.
_LIMITS = (
    "REQUEST_SIZE_BYTES_MAX",
    "AUTH_REQUEST_SIZE_BYTES_MAX",
    "NOTIFICATION_REQUEST_SIZE_BYTES_MAX",
    "PAGE_SIZE_BYTES_MAX",
    "ACCESS_TOKEN_LIFETIME_S",
    "REFRESH_TOKEN_LIFETIME_S",
    "REFRESH_RETRY_WINDOW_S",
    "SESSIONS_PER_USER_MAX",
    "DEVICES_PER_USER_MAX",
    "KEY_PACKAGES_PER_DEVICE_MAX",
    "KEY_PACKAGE_LIFETIME_S",
    "KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY",
    "MEMBERS_PER_GROUP_MAX",
    "DEVICES_PER_GROUP_MAX",
    "CONVERSATIONS_PER_USER_MAX",
    "SCHEDULED_PER_DEVICE_MAX",
    "SCHEDULED_AHEAD_S_MAX",
    "LINKS_PER_GROUP_MAX",
    "JOIN_REQUESTS_PER_CONVERSATION_MAX",
    "JOIN_REQUESTS_PER_USER_MAX",
    "JOIN_REQUEST_LIFETIME_S",
    "JOIN_ATTEMPTS_PER_HOUR",
    "WRITES_PER_DEVICE_BURST",
    "WRITES_PER_DEVICE_PER_S",
    "WRITES_PER_PERSON_BURST",
    "WRITES_PER_PERSON_PER_S",
    "WRITES_PER_ADDRESS_BURST",
    "WRITES_PER_ADDRESS_PER_S",
    "MESSAGES_PER_CONVERSATION_BURST",
    "MESSAGES_PER_CONVERSATION_PER_S",
    "MEDIA_PART_SIZE_BYTES",
    "MEDIA_BYTES_PER_USER_MAX",
    "MEDIA_OBJECTS_PER_USER_MAX",
    "MEDIA_UPLOAD_LIFETIME_S",
    "MEDIA_UPLOAD_URL_LIFETIME_S",
    "MEDIA_DOWNLOAD_URL_LIFETIME_S",
)


def limits_named(names: tuple[str, ...]) -> dict[str, int | float]:
    """Numbers of `parley_contracts.limits` by their names there."""
    return {name: getattr(limits, name) for name in names}


def openapi() -> dict[str, Any]:
    """The document, as JSON values."""
    operations = [operation for service in SERVICES for operation in service.operations]
    kinds = [kind for operation in operations for kind in (operation.body, operation.answer) if kind is not None]
    kinds += CALLED_KINDS
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": VERSION,
            "summary": "The HTTP API of a Parley server.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that serves this document."}],
        "security": [{"bearer": []}],
        "tags": [{"name": service.name, "description": service.description} for service in SERVICES],
        "paths": _paths(),
        "webhooks": webhooks(),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token (RFC 9068, EdDSA); the keys are at `/.well-known/jwks.json`.",
                },
                "application": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of an application, shown when it was let into its channel.",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": SIGNATURE_HEADER,
                    "description": "`v1=` and the hex of HMAC-SHA256 under the signing secret (its text as it was shown), over the"
                    " timestamp, a dot, and the body.",
                },
            },
            "headers": _HEADERS,
            "schemas": components(kinds) | problem_components(),
        },
        "x-limits": limits_named(_LIMITS),
    }


_HEADERS: dict[str, Any] = {
    "X-Request-ID": {"description": "Names this request in the server's logs.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Try again after this many seconds.", "schema": integer()},
}
_ALWAYS = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
_RETRY = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for service in SERVICES:
        for operation in service.operations:
            paths.setdefault(service.prefix + operation.path, {})[operation.method.lower()] = _operation(
                service, operation
            )
    return paths


def _operation(service: Service, operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [service.name],
        "summary": operation.summary,
        "description": " ".join(part for part in (operation.description, _CALLERS[operation.caller]) if part),
        "parameters": [
            *(_path_parameter(name) for name in operation.path_parameters),
            *(_parameter("query", name, parameter) for name, parameter in operation.query.items()),
            *(_parameter("header", name, parameter) for name, parameter in operation.headers.items()),
        ],
        "responses": _answer(operation) | _problems(operation),
    }
    if operation.caller == "anybody":
        made["security"] = []
    elif operation.caller == "application":
        made["security"] = [{"signature": []} if SIGNATURE_HEADER in operation.headers else {"application": []}]
    if operation.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref(operation.body)}}}
    return made


_CALLERS = {
    "anybody": "",
    "session": "Needs a signed-in session.",
    "device": "Needs a registered device.",
    "application": "For applications of open channels.",
}


#: Of paths, beside identifiers and numbers.
_PARAMETERS = {"version": integer(1, 10**9 - 1), "avatar": DIGEST_TEXT}


def _path_parameter(name: str) -> dict[str, Any]:
    schema = _PARAMETERS.get(name) or (UUID if name.endswith("_id") else integer())
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": VALUES[name]}


def _parameter(place: str, name: str, parameter: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "in": place, "required": parameter.required, "schema": parameter.schema}
    if name in VALUES:
        made["example"] = VALUES[name]
    return made | {"description": parameter.description}


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.media_type:
        content = {operation.media_type: {"schema": {"type": "string", "contentMediaType": operation.media_type}}}
        return {"200": {"description": "Done.", "headers": _ALWAYS, "content": content}}
    if operation.answer is None:
        return {"204": {"description": "Done.", "headers": _ALWAYS}}
    content = {"application/json": {"schema": ref(operation.answer)}}
    return {"200": {"description": "Done.", "headers": _ALWAYS, "content": content}}


_WITH_RETRY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}


def _problems(operation: Operation) -> dict[str, Any]:
    """The answers by status; where several classes share one, any of them."""
    answers: dict[str, Any] = {}
    for status, group in groupby(operation.all_problems(), key=lambda problem: problem.status):
        classes: list[type[Problem]] = list(group)
        options = [ref(problem) for problem in classes]
        answers[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(problem.slug for problem in classes)}.",
            "headers": _ALWAYS | (_RETRY if status in _WITH_RETRY else {}),
            "content": {CONTENT_TYPE: {"schema": options[0] if len(options) == 1 else {"anyOf": options}}},
        }
    return answers

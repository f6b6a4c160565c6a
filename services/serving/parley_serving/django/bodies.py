"""Bodies in and out: strict JSON into the types of the contracts, and back.

Invariant: what a route sees is valid UTF-8 JSON of its type, without NUL, lone surrogates or unknown members.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse

from parley_contracts.encoding import b64decode
from parley_contracts.problems import InvalidRequest, TooLarge

T = TypeVar("T")
_PLACE = re.compile(r"`\$\.?([A-Za-z0-9_\[\].]*)`")


def read_body(request: HttpRequest, body_type: type[T]) -> T:
    """The body as a `body_type`; `InvalidRequest` otherwise, with `field` where one is at fault."""
    try:
        return msgspec.json.decode(request.body, type=body_type)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        sentence = "The body does not have the form that this route takes."
        raise (InvalidRequest(sentence, field=place[1]) if place and place[1] else InvalidRequest(sentence)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest("The body is not valid JSON.") from error


def read_binary(unverified_text: str, *, field: str, size_bytes_max: int) -> bytes:
    """The bytes of a base64url member; `TooLarge` or `InvalidRequest` otherwise."""
    if len(unverified_text) > (size_bytes_max * 4 + 2) // 3:
        raise TooLarge(field=field, limit_bytes=size_bytes_max)
    try:
        return b64decode(unverified_text)
    except ValueError as error:
        raise InvalidRequest("Binary members are base64url without padding.", field=field) from error


def json_response(value: Any, *, status: int = 200) -> HttpResponse:
    """A wire type as an answer that nothing caches."""
    response = HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response

"""Reading requests: who calls, and bodies decoded within their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.encoding import b64decode
from parley_contracts.ids import DeviceId, SessionId, UserId, is_uuid
from parley_contracts.limits import REQUEST_SIZE_BYTES_MAX
from parley_contracts.problems import DeviceRequired, InvalidRequest, TooLarge, Unauthenticated
from parley_serving.fastapi.access_tokens import TokenVerifier

_Body = TypeVar("_Body")
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in device."""

    user_id: UserId
    device_id: DeviceId
    session_id: SessionId
    expires_at: int


def bearer_token(request: Request) -> str:
    """The token of the Authorization header; `Unauthenticated` without one."""
    scheme, _, unverified_token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not unverified_token:
        raise Unauthenticated
    return unverified_token


async def caller_by_token(tokens: TokenVerifier, unverified_token: str) -> Caller:
    """Who speaks; `DeviceRequired` where the session has no device yet."""
    claims = await tokens.verify(unverified_token)
    if claims.device_id is None:
        raise DeviceRequired
    return Caller(claims.sub, claims.device_id, claims.session_id, claims.exp)


async def read_raw(request: Request, size_bytes_max: int = REQUEST_SIZE_BYTES_MAX) -> bytes:
    """The body within its limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > size_bytes_max:
            raise TooLarge(limit_bytes=size_bytes_max)
    return bytes(body)


async def read_body(request: Request, body_type: type[_Body]) -> _Body:
    """The JSON body as `body_type`; `InvalidRequest` where it breaks the schema."""
    return parse_body(await read_raw(request), body_type)


def parse_body(raw: bytes, body_type: type[_Body]) -> _Body:
    """The same of bytes that were read, and perhaps verified, before."""
    try:
        return msgspec.json.decode(raw, type=body_type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest("The body does not follow its schema.") from error


def json_response(value: object, status: int = 200) -> Response:
    """An answer with a wire type."""
    return Response(_ENCODER.encode(value), status, media_type="application/json")


def binary(unverified_text: str, field: str, *, size_bytes_max: int, size_bytes_min: int = 1) -> bytes:
    """The bytes behind a base64url field within its limits."""
    if len(unverified_text) > size_bytes_max * 4 // 3 + 4:
        raise TooLarge(f"`{field}` is too large.", limit_bytes=size_bytes_max, field=field)
    try:
        data = b64decode(unverified_text)
    except ValueError as error:
        raise InvalidRequest(f"`{field}` is not base64url.", field=field) from error
    if len(data) > size_bytes_max:
        raise TooLarge(f"`{field}` is too large.", limit_bytes=size_bytes_max, field=field)
    if len(data) < size_bytes_min:
        raise InvalidRequest(f"`{field}` is too short.", field=field)
    return data


def identifier(unverified_text: str, field: str) -> str:
    """An identifier in its canonical form; `InvalidRequest` otherwise."""
    if not is_uuid(unverified_text):
        raise InvalidRequest(f"`{field}` is not an identifier.", field=field)
    return unverified_text

"""Requests with tokens, time-outs and retries; problems come out as the classes of `parley_contracts.problems`.

Invariant: refresh tokens are single use, so one refresh runs at a time and its answer is stored before it is used.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from parley_client.api.network import REQUEST_TIMEOUT_S, Answer, Network, Request
from parley_client.backoff import full_jitter
from parley_client.errors import NetworkError, NotSignedIn
from parley_client.store.documents import TokenPair, load_tokens, remove, save_tokens
from parley_client.store.port import Store
from parley_contracts.auth_api import RefreshRequest, Tokens
from parley_contracts.encoding import b64decode
from parley_contracts.ids import new_uuid7
from parley_contracts.problems import (
    Problem,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongCredentials,
    problem_from_dict,
)

ATTEMPTS = 4
RETRY_AFTER_S_MAX = 5
_REFRESH_EARLY_S = 60
AUTH = "/api/v1/auth"

T = TypeVar("T")


class Api:
    """The server with this profile's session."""

    def __init__(self, network: Network, store: Store) -> None:
        self.network = network
        self._store = store
        self._refreshing = asyncio.Lock()

    async def call(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        body: msgspec.Struct | Mapping[str, object] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> T:
        """Send a request as this session and decode its answer.

        Repeats it after a network error or `Unavailable`, so callers give `attempts=1` where it is not idempotent.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        request = Request(
            method,
            f"{path}?{urlencode(given)}" if given else path,
            {"accept": "application/json", "x-request-id": new_uuid7(), **(headers or {})},
            msgspec.json.encode(body) if body is not None else b"",
            timeout_s,
        )

        async def ask() -> T:
            return decode_answer(await self._send_authorized(request), answer)

        return await _repeated(ask, attempts)

    async def fetch(self, path: str, media_type: str, *, attempts: int = 1) -> bytes:
        """The bytes at a path; `NetworkError` where they are of another type."""
        headers = {"accept": f"{media_type}, application/json", "x-request-id": new_uuid7()}

        async def ask() -> bytes:
            answer = await self._send_authorized(Request("GET", path, headers))
            decode_answer(answer, type(None))
            if answer.headers.get("content-type") != media_type:
                raise NetworkError("protocol", "the server sent something else than it was asked for")
            return answer.body

        return await _repeated(ask, attempts)

    async def anonymous(
        self,
        path: str,
        answer: type[T],
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
    ) -> T:
        """Post something without a token, or without a body ask for it; repeated where the service is busy."""
        request = _json_request("GET" if body is None else "POST", path, body, headers)
        for attempt in range(attempts):
            try:
                return decode_answer(await self.network.request(request), answer)
            except Unavailable as error:
                if attempt + 1 == attempts:
                    raise
                await asyncio.sleep(max(full_jitter(attempt), _retry_after_s(error)))
        raise AssertionError("the last attempt returns or raises")

    async def access_token(self, *, unless: str | None = None) -> str:
        """A token that is good for a while; `unless` names one that was refused. `NotSignedIn` where none is to be had."""
        async with self._refreshing:
            tokens = load_tokens(self._store)
            if tokens is None:
                raise NotSignedIn("this profile is not signed in")
            if tokens.access_token != unless and tokens.expires_at > time.time() + _REFRESH_EARLY_S:
                return tokens.access_token
            return await self._refresh(tokens)

    def keep_tokens(self, tokens: Tokens) -> None:
        """Store new tokens."""
        expires_at = int(time.time()) + tokens.expires_in_s
        save_tokens(self._store, TokenPair(tokens.access_token, tokens.refresh_token, expires_at))

    async def _refresh(self, tokens: TokenPair) -> str:
        if tokens.refresh_key is None:
            tokens = msgspec.structs.replace(tokens, refresh_key=new_uuid7())
            save_tokens(self._store, tokens)
        body = msgspec.to_builtins(RefreshRequest(tokens.refresh_token))
        request = _json_request("POST", f"{AUTH}/token/refresh", body, {"idempotency-key": str(tokens.refresh_key)})
        try:
            fresh = decode_answer(await self.network.request(request), Tokens)
        except Unauthenticated as error:
            remove(self._store, "tokens")
            raise NotSignedIn("this session has ended; sign in again") from error
        self.keep_tokens(fresh)
        return fresh.access_token

    async def _send_authorized(self, request: Request) -> Answer:
        token = await self.access_token()
        answer = await self.network.request(_with_token(request, token))
        # A password that was refused is not tried again: each try counts.
        if answer.status != Unauthenticated.status or isinstance(_problem(answer), WrongCredentials):
            return answer
        token = await self.access_token(unless=token)
        return await self.network.request(_with_token(request, token))


async def _repeated(ask: Callable[[], Awaitable[T]], attempts: int) -> T:
    """What it answers, asked again where the network fails or the server is busy and that is worth waiting for."""
    for attempt in range(attempts):
        try:
            return await ask()
        except (NetworkError, Unavailable, RateLimited) as error:
            if attempt + 1 == attempts or not _worth_waiting(error):
                raise
            await asyncio.sleep(max(full_jitter(attempt), _retry_after_s(error)))
    raise AssertionError("the last attempt returns or raises")


def answered_bytes(unverified_text: str) -> bytes:
    """The bytes of a binary field of an answer; `NetworkError` where it is no base64url."""
    try:
        return b64decode(unverified_text)
    except ValueError as error:
        raise NetworkError("protocol", "the server's answer makes no sense") from error


def decode_answer(answer: Answer, kind: type[T]) -> T:
    """The body of a good answer; otherwise the `Problem` that the server told of, or `NetworkError`."""
    if answer.status >= 400:
        raise _problem(answer)
    if kind is type(None):
        return None
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NetworkError("protocol", "the server's answer makes no sense") from error


def _problem(answer: Answer) -> Problem | NetworkError:
    try:
        members = json.loads(answer.body)
    except (ValueError, RecursionError):
        members = None
    if isinstance(members, dict) and str(members.get("type", "")).startswith("urn:parley:problem:"):
        problem = problem_from_dict(members)
        after = answer.headers.get("retry-after", "")
        if problem.retry_after_s is None and after.isdecimal():
            problem.retry_after_s = int(after)
        return problem
    if answer.status in {502, 503, 504}:
        return Unavailable()
    return NetworkError("protocol", f"the server answered {answer.status} without saying why")


def _json_request(
    method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str] | None = None
) -> Request:
    standing = {"accept": "application/json", "x-request-id": new_uuid7()}
    if body is not None:
        standing["content-type"] = "application/json"
    return Request(method, path, standing | dict(headers or {}), b"" if body is None else msgspec.json.encode(body))


def _with_token(request: Request, token: str) -> Request:
    headers = {**request.headers, "authorization": f"Bearer {token}"}
    if request.body:
        headers["content-type"] = "application/json"
    return Request(request.method, request.path, headers, request.body, request.timeout_s)


def _worth_waiting(error: Exception) -> bool:
    return not isinstance(error, RateLimited) or (error.retry_after_s or 0) <= RETRY_AFTER_S_MAX


def _retry_after_s(error: Exception) -> float:
    return float(min((error.retry_after_s if isinstance(error, Problem) else 0) or 0, RETRY_AFTER_S_MAX))

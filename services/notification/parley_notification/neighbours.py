"""The other services over their Unix sockets, each call with a time-out and a fresh service token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from parley_contracts.auth_api import Revocations
from parley_contracts.limits import STORE_TIMEOUT_S
from parley_contracts.messaging_api import Place, RecipientsFound, RecipientsQuery
from parley_contracts.problems import Unavailable
from parley_contracts.rights_api import Deletions
from parley_contracts.tokens import sign_service_token
from parley_notification.config import read_config
from parley_notification.keyring import service_key

SERVICE = "notification"
T = TypeVar("T")


def auth_keys() -> bytes:
    """The JWK set of access tokens."""
    return _call("auth", "/.well-known/jwks.json")


def revocations(since: int) -> Revocations:
    """Revocations after a position."""
    return _decoded(_call("auth", f"/internal/revocations?since={since}"), Revocations)


def deletions(since: int) -> Deletions:
    """Accounts that are gone, told of after a position."""
    return _decoded(_call("auth", f"/internal/deletions?since={since}"), Deletions)


def recipients(places: Sequence[Place]) -> RecipientsFound:
    """Who belongs at each of these entries, and the sealed secrets of its epoch."""
    body = msgspec.json.encode(RecipientsQuery(list(places)))
    return _decoded(_call("messaging", "/internal/recipients", body), RecipientsFound)


def _call(service: str, path: str, body: bytes | None = None) -> bytes:
    """The body of an answer, to a POST where there is a `body`, of the first node that gives one; `Unavailable` otherwise."""
    method = "GET" if body is None else "POST"
    token = sign_service_token(service_key(), service=SERVICE, audience=service)
    for socket in sorted(read_config().run_dir.glob(f"{service}*.sock")):
        try:
            answer = _client(socket).request(method, path, content=body, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError:
            continue
        if answer.status_code == httpx.codes.OK:
            return answer.content
    raise Unavailable(f"The {service} service does not answer.", retry_after_s=1)


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable("A service answered something else than it should.", retry_after_s=1) from error


@cache
def _client(socket: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(socket))
    return httpx.Client(transport=transport, base_url="http://localhost", timeout=STORE_TIMEOUT_S, trust_env=False)

"""The other services over their Unix sockets, each call with a time-out and a fresh service token."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from parley_contracts.auth_api import Revocations
from parley_contracts.ids import ConversationId
from parley_contracts.limits import STORE_TIMEOUT_S
from parley_contracts.messaging_api import Recipients
from parley_contracts.problems import NotFound, Unavailable
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


def recipients(conversation_id: ConversationId, sequence: int) -> Recipients:
    """Who belongs at an entry, and the sealed secrets of its epoch; `NotFound`."""
    path = f"/internal/conversations/{conversation_id}/recipients?sequence={sequence}"
    return _decoded(_call("messaging", path), Recipients)


def _call(service: str, path: str) -> bytes:
    """The body of an answer of the first node that gives one; `NotFound` or `Unavailable` otherwise."""
    token = sign_service_token(service_key(), service=SERVICE, audience=service)
    for socket in sorted(read_config().run_dir.glob(f"{service}*.sock")):
        try:
            answer = _client(socket).get(path, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError:
            continue
        if answer.status_code == httpx.codes.OK:
            return answer.content
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound
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

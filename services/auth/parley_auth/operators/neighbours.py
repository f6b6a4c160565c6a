"""The other services over their Unix sockets: quotas, reports of messages, and what is left of who is gone."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from parley_contracts.ids import UserId
from parley_contracts.limits import STORE_TIMEOUT_S
from parley_contracts.media_api import Quota
from parley_contracts.problems import Unavailable
from parley_contracts.rights_api import Leftovers
from parley_contracts.tokens import sign_service_token
from parley_serving.environment import ConfigError

SERVICE = "auth"
_KEY_FILE = "service_key.pem"
_BLOCK_SIZE_BYTES = 64 * 1024
T = TypeVar("T")

__all__ = ["Quota", "export_of", "leftovers", "quota_of", "reports", "set_quota"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=STORE_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def quota_of(user_id: UserId) -> Quota:
    """How much space a person takes for files, and may take."""
    return _decoded(_call("media", "GET", f"/internal/quotas/{user_id}"), Quota)


def set_quota(user_id: UserId, limit_bytes: int | None) -> Quota:
    """Set a person's own quota; None: everybody's."""
    return _decoded(_call("media", "PUT", f"/internal/quotas/{user_id}", {"limit_bytes": limit_bytes}), Quota)


def reports() -> list[dict[str, Any]]:
    """The newest reports of messages, newest first, each with the words that its author committed to."""
    found: list[dict[str, Any]] = json.loads(_call("messaging", "GET", "/internal/reports"))["reports"]
    return found


def leftovers(service: str, user_id: UserId) -> dict[str, int]:
    """How much a service still has of a person who is gone, by what it is; nothing where there is none."""
    return _decoded(_call(service, "GET", f"/internal/people/{user_id}/leftovers"), Leftovers).left


def export_of(service: str, user_id: UserId) -> Iterator[bytes]:
    """What a service keeps of a person, as lines of JSON in blocks; `Unavailable`, also where it breaks off."""
    headers = {"Authorization": f"Bearer {sign_service_token(_key(), service=SERVICE, audience=service)}"}
    for path_of_socket in sorted(settings.CONFIG.run_dir.glob(f"{service}*.sock")):
        with contextlib.closing(_UnixConnection(path_of_socket)) as connection:
            try:
                connection.request("GET", f"/internal/people/{user_id}/export", None, headers)
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException):
                continue
            if answer.status != http.client.OK:
                continue
            yield from _blocks(answer)
            return
    raise Unavailable(f"The {service} service does not answer.", retry_after_s=1)


def _blocks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while block := answer.read(_BLOCK_SIZE_BYTES):
            yield block
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable("A service stopped in the middle of its answer.", retry_after_s=1) from error


def _call(service: str, method: str, path: str, body: Any = None) -> bytes:
    """The body of the answer of the first node that gives one; `Unavailable` otherwise."""
    headers = {"Authorization": f"Bearer {sign_service_token(_key(), service=SERVICE, audience=service)}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    for path_of_socket in sorted(settings.CONFIG.run_dir.glob(f"{service}*.sock")):
        connection = _UnixConnection(path_of_socket)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if answer.status == http.client.OK:
            return content
    raise Unavailable(f"The {service} service does not answer.", retry_after_s=1)


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable("A service answered something else than it should.", retry_after_s=1) from error


def _key() -> Ed25519PrivateKey:
    key = load_pem_private_key(settings.CONFIG.secret(_KEY_FILE), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{_KEY_FILE} is not an Ed25519 key")
    return key

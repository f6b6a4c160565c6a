"""One request on its way: over TLS to the address that was checked, with the host's own name, no redirects.

Invariant: the certificate must be the host's, though the connection goes to an address; nothing is read of an answer but its
status and one header; a connection serves one request.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import httpx

from parley_contracts.limits import PUSH_TIMEOUT_S
from parley_serving.outbound.endpoints import Target

CONNECT_TIMEOUT_S = 5.0
RETRY_AFTER_S_MAX = 3600


class Unreachable(Exception):  # noqa: N818 - the name says what happened
    """No answer came; `reason` is a word for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answered:
    """What the other side said. `retry_after_s` is None where it named no time."""

    status: int
    retry_after_s: int | None


class _Deadline:
    """Ends a connection after a time: httpx bounds each read, and a service may answer a byte at a time."""

    def __init__(self, timeout_s: float) -> None:
        self.passed = False
        self._timer = threading.Timer(timeout_s, self._end)
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Httpcore's hook: take hold of the connection once it stands. TLS detaches the socket, so of a copy."""
        if event == "connection.connect_tcp.complete":
            with self._lock:
                self._connection = info["return_value"].get_extra_info("socket").dup()

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)


def post(target: Target, body: bytes, headers: Mapping[str, str], *, loopback_ca_file: str | None = None) -> Answered:
    """Carry a request, once and within `PUSH_TIMEOUT_S`; `Unreachable` where no answer came."""
    tls = _tls(loopback_ca_file if target.loopback else None)
    endpoint = target.endpoint
    host = f"[{target.address}]" if ":" in target.address else target.address
    url = f"https://{host}:{endpoint.port}{endpoint.target}"
    timeout = httpx.Timeout(PUSH_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    said = {**headers, "Host": endpoint.authority}
    with _Deadline(PUSH_TIMEOUT_S) as deadline:
        extensions = {"sni_hostname": endpoint.host, "trace": deadline.trace}
        try:
            with (
                httpx.Client(verify=tls, timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", url, content=body, headers=said, extensions=extensions) as answer,
            ):
                return Answered(answer.status_code, _retry_after_s(answer.headers.get("Retry-After", "")))
        except httpx.TimeoutException as error:
            raise Unreachable("timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            if deadline.passed:
                raise Unreachable("timeout") from error
            certificate = "CERTIFICATE" in str(error).upper() or "HOSTNAME" in str(error).upper()
            raise Unreachable("tls" if certificate else "unreachable") from error


def _retry_after_s(unverified_text: str) -> int | None:
    if not unverified_text.isascii() or not unverified_text.isdigit() or len(unverified_text) > 6:
        return None
    return min(int(unverified_text), RETRY_AFTER_S_MAX)


@cache
def _tls(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)

"""The port to the outside: HTTP requests and sockets. `platforms` has its implementations.

Invariant: every call has a time-out and a bound on what it reads, and fails only as `NetworkError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from parley_client.errors import UsageError
from parley_contracts.limits import FRAME_SIZE_BYTES_MAX

REQUEST_TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 10.0
ANSWER_SIZE_BYTES_MAX = 16 * 1024 * 1024
#: A frame may carry an entry with a commit, which is larger than what a client may send.
FRAME_RECEIVED_SIZE_BYTES_MAX = max(FRAME_SIZE_BYTES_MAX, ANSWER_SIZE_BYTES_MAX)


@dataclass(frozen=True)
class Request:
    """An HTTP request; `path` begins with a slash and holds the query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout_s: float = REQUEST_TIMEOUT_S


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SocketClosed(Exception):  # noqa: N818 - a fact, not a fault
    """The socket has ended, with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the socket closed with code {code}")
        self.code = code


class Connection(Protocol):
    """An open socket of JSON text frames."""

    async def receive(self) -> bytes:
        """The next frame; `SocketClosed` at the end."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send a frame; `SocketClosed` where that is over."""
        ...

    async def close(self) -> None:
        """End the socket."""
        ...


class Network(Protocol):
    """One server."""

    async def request(self, request: Request) -> Answer:
        """Carry a request to the server; `NetworkError` where no answer came."""
        ...

    async def connect(self, path: str) -> Connection:
        """Open a socket; `NetworkError` where that fails."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


def parse_server(url: str) -> str:
    """The origin (`https://host[:port]`) that a person named; `UsageError` where it is none."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        named = parts.scheme == "https" and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        named = None
    if not named or parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError("the server is given as https://HOST or https://HOST:PORT")
    return f"https://{parts.netloc.lower().removesuffix(':443')}"

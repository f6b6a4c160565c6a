"""The port to the outside: HTTP requests and sockets. `HttpsNetwork` is CPython's; the browser brings its own.

Invariant: every call has a time-out and a bound on what it reads, and fails only as `NetworkError`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

from parley_client.errors import NetworkError, UsageError
from parley_contracts.limits import FRAME_SIZE_BYTES_MAX

REQUEST_TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 10.0
ANSWER_SIZE_BYTES_MAX = 16 * 1024 * 1024
_CONNECTIONS_MAX = 16


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


class HttpsNetwork:
    """HTTP/1.1 and WebSocket over TLS, trusting the system's authorities or `ca_file` alone."""

    def __init__(self, server: str, ca_file: str | None) -> None:
        self._server = server
        try:
            self._tls = ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"the certificate authority {ca_file} cannot be read") from error
        limits = httpx.Limits(max_connections=_CONNECTIONS_MAX, max_keepalive_connections=_CONNECTIONS_MAX)
        self._http = httpx.AsyncClient(base_url=server, verify=self._tls, limits=limits, trust_env=False)

    async def request(self, request: Request) -> Answer:
        """Carry a request to the server; `NetworkError` where no answer came."""
        return await send_by_httpx(self._http, request)

    async def connect(self, path: str) -> Connection:
        """Open a socket; `NetworkError` where that fails."""
        uri = f"wss://{self._server.removeprefix('https://')}{path}"
        with _network_errors():
            socket = await connect(
                uri, ssl=self._tls, proxy=None, ping_interval=None, open_timeout=CONNECT_TIMEOUT_S, max_size=_FRAME_MAX
            )
        return WebsocketsConnection(socket)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()


#: A frame may carry an entry with a commit, which is larger than what a client may send.
_FRAME_MAX = max(FRAME_SIZE_BYTES_MAX, ANSWER_SIZE_BYTES_MAX)


class WebsocketsConnection:
    """A socket of the `websockets` library."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def receive(self) -> bytes:
        """The next frame; `SocketClosed` at the end."""
        try:
            frame = await self._socket.recv(decode=False)
        except websockets.ConnectionClosed as error:
            raise SocketClosed(error.rcvd.code if error.rcvd else 1006) from error
        return frame if isinstance(frame, bytes) else frame.encode()

    async def send(self, frame: bytes) -> None:
        """Send a frame; `SocketClosed` where that is over."""
        try:
            await self._socket.send(frame, text=True)
        except websockets.ConnectionClosed as error:
            raise SocketClosed(error.rcvd.code if error.rcvd else 1006) from error

    async def close(self) -> None:
        """End the socket."""
        await self._socket.close()


async def send_by_httpx(client: httpx.AsyncClient, request: Request) -> Answer:
    """One request over an httpx client, its answer bounded in size."""
    with _network_errors():
        async with _streamed(client, request) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_SIZE_BYTES_MAX:
                    raise NetworkError("protocol", "the server's answer is too large")
            return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body))


@asynccontextmanager
async def _streamed(client: httpx.AsyncClient, request: Request) -> AsyncIterator[httpx.Response]:
    timeout = httpx.Timeout(request.timeout_s, connect=min(CONNECT_TIMEOUT_S, request.timeout_s))
    stream = client.stream(
        request.method, request.path, headers=dict(request.headers), content=request.body or None, timeout=timeout
    )
    # httpx bounds each read; this bounds them together.
    async with asyncio.timeout(request.timeout_s * 2), stream as answer:
        yield answer


class _network_errors:  # noqa: N801 - a context manager that reads like a function
    """Turns what the libraries raise into `NetworkError`."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case None | NetworkError() | asyncio.CancelledError():
                return
            case httpx.TimeoutException() | TimeoutError():
                raise NetworkError("timeout", "the server did not answer in time") from error
            case ssl.SSLError():
                raise NetworkError("tls", "the server's certificate is not trusted") from error
            case httpx.ConnectError() if "CERTIFICATE" in str(error).upper() or "SSL" in str(error).upper():
                raise NetworkError("tls", "the server's certificate is not trusted") from error
            case httpx.HTTPError() | OSError():
                raise NetworkError("unreachable", "the server cannot be reached") from error
            case websockets.WebSocketException() | httpx.InvalidURL():
                raise NetworkError("protocol", "the server's answer makes no sense") from error
            case _:
                return

"""The network on CPython: httpx and websockets over TLS.

Invariant: every call has a time-out and a bound on what it reads, and fails only as `NetworkError`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

from parley_client.api.network import (
    ANSWER_SIZE_BYTES_MAX,
    CONNECT_TIMEOUT_S,
    FRAME_RECEIVED_SIZE_BYTES_MAX,
    Answer,
    Connection,
    Request,
    SocketClosed,
)
from parley_client.errors import NetworkError, UsageError

_CONNECTIONS_MAX = 16


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
                uri,
                ssl=self._tls,
                proxy=None,
                ping_interval=None,
                open_timeout=CONNECT_TIMEOUT_S,
                max_size=FRAME_RECEIVED_SIZE_BYTES_MAX,
            )
        return WebsocketsConnection(socket)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()


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

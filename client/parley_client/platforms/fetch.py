"""The network in a browser: fetch and WebSocket to the origin that served the app, by `app/web/src/network.js`.

Invariants: every call has a time-out and a bound on what it reads, and fails only as `NetworkError`; the refresh token is
a cookie that no script can read, which the auth service sets because each request there asks for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import parley_bridge
from pyodide.ffi import to_js

from parley_client.api.network import (
    ANSWER_SIZE_BYTES_MAX,
    CONNECT_TIMEOUT_S,
    FRAME_RECEIVED_SIZE_BYTES_MAX,
    Answer,
    Connection,
    Request,
    SocketClosed,
)
from parley_client.errors import NetworkError, NetworkErrorKind, UsageError
from parley_contracts.auth_api import AUTH_PATH, REFRESH_COOKIE_HEADER, REFRESH_IN_COOKIE

_SENTENCES: dict[NetworkErrorKind, str] = {
    "timeout": "the server did not answer in time",
    "unreachable": "the server cannot be reached",
    "protocol": "the server's answer is too large",
}


class FetchNetwork:
    """Requests and sockets to the app's own origin."""

    def __init__(self, server: str, ca_file: str | None) -> None:
        if server != parley_bridge.origin():
            raise UsageError("in a browser the server is the one that the app came from")
        if ca_file is not None:
            raise UsageError("in a browser the certificate authorities are the browser's")
        self._server = server

    async def request(self, request: Request) -> Answer:
        """Carry a request to the server; `NetworkError` where no answer came."""
        headers = dict(request.headers)
        if request.path.startswith(AUTH_PATH):
            headers[REFRESH_COOKIE_HEADER] = REFRESH_IN_COOKIE
        call = parley_bridge.fetch_bounded(
            request.method,
            self._server + request.path,
            to_js(list(headers.items())),
            to_js(request.body) if request.body else None,
            request.timeout_s * 1000,
            ANSWER_SIZE_BYTES_MAX,
        )
        try:
            answer = await call.answer
        except asyncio.CancelledError:
            call.abort()
            raise
        if answer.failure:
            raise _network_error(answer.failure)
        return Answer(answer.status, {str(k): str(v) for k, v in answer.headers.to_py()}, answer.body.to_bytes())

    async def connect(self, path: str) -> Connection:
        """Open a socket; `NetworkError` where that fails."""
        url = f"wss://{self._server.removeprefix('https://')}{path}"
        socket = parley_bridge.open_socket(url, FRAME_RECEIVED_SIZE_BYTES_MAX)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                opened = await socket.opened
        except TimeoutError:
            socket.close()
            raise _network_error("timeout") from None
        except asyncio.CancelledError:
            socket.close()
            raise
        if not opened:
            raise _network_error("unreachable")
        return BrowserConnection(socket)

    async def close(self) -> None:
        """Nothing to do: the browser keeps the connections."""


class BrowserConnection:
    """An open WebSocket of the browser."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def receive(self) -> bytes:
        """The next frame; `SocketClosed` at the end."""
        frame = self._socket.take()
        while frame is None:
            if self._socket.close_code:
                raise SocketClosed(self._socket.close_code)
            await self._socket.news()
            frame = self._socket.take()
        return str(frame).encode()

    async def send(self, frame: bytes) -> None:
        """Send a frame; `SocketClosed` where that is over."""
        if self._socket.close_code or not self._socket.send(frame.decode()):
            raise SocketClosed(self._socket.close_code or 1006)

    async def close(self) -> None:
        """End the socket."""
        self._socket.close()


def _network_error(kind: NetworkErrorKind) -> NetworkError:
    return NetworkError(kind, _SENTENCES[kind])

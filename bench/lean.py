"""A WebSocket that costs the load generator little: it counts and hands on frames, and understands nothing else.

Thousands of sockets in one process share the cores with what is measured, so the generator has to be cheap. It speaks RFC 6455 as
far as the server uses it: text frames without extensions, ping, close. Frames to the server are masked with zeros, which leaves
their payload as it is.
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

TIMEOUT_S = 60.0
PATH = "/api/v1/messaging/socket"
HEARTBEAT = '{"type":"heartbeat"}'
_UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_FIN, _MASKED, _ZERO_MASK = 0x80, 0x80, bytes(4)


class SocketEnded(Exception):  # noqa: N818 - an end, which may be wanted
    """The server ended a socket that was being opened."""


class LeanSocket(asyncio.Protocol):
    """One socket. `heard` gets each text frame; `ended` the close code (1006 where there was none) unless we closed it."""

    def __init__(self, host: str, heard: Callable[[bytes], None], ended: Callable[[int], None] | None = None) -> None:
        self._host, self._heard, self._ended = host, heard, ended
        self._buffer = b""
        self._upgraded = False
        self._closing = False
        self._code = 1006
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade at once."""
        # uvloop's transports do not descend from asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(_UPGRADE.format(path=PATH, host=self._host).encode())

    def data_received(self, data: bytes) -> None:
        """Cut what came into frames."""
        buffer = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, end, rest = buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = buffer
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(head.split(b"\r\n", 1)[0].decode(errors="replace"))
                return
            self._upgraded, buffer = True, rest
        at, size = 0, len(buffer)
        while size - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, start = int.from_bytes(buffer[at + 2 : at + 10]), at + 10
            if size < start or size - start < length:
                break
            self._frame(buffer[at] & 0x0F, buffer[start : start + length])
            at = start + length
        self._buffer = buffer[at:]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            if not self._answer.done():
                self._answer.set_result(payload)
            else:
                self._heard(payload)
        elif opcode == _CLOSE:
            self._code = int.from_bytes(payload[:2]) if payload else 1005
            self.transport.close()
        elif opcode == _PING:
            self._write(_PONG, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever counts drops."""
        del exc
        if not self._answer.done():
            self._fail(f"closed with {self._code}")
        elif not self._closing and self._ended is not None:
            self._ended(self._code)

    def _fail(self, why: str) -> None:
        self._closing = True
        if not self._answer.done():
            self._answer.set_exception(SocketEnded(why))
        self.transport.close()

    def send(self, text: str) -> None:
        """Write a text frame."""
        self._write(_TEXT, text.encode())

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((_FIN | opcode, _MASKED | size))
        elif size < 2**16:
            head = bytes((_FIN | opcode, _MASKED | 126)) + size.to_bytes(2)
        else:
            head = bytes((_FIN | opcode, _MASKED | 127)) + size.to_bytes(8)
        self.transport.write(head + _ZERO_MASK + payload)

    async def identify(self, token: str) -> dict[str, Any]:
        """Wait for `hello`, identify, and return `ready`; `SocketEnded` where the server ends it."""
        await asyncio.wait_for(self._answer, TIMEOUT_S)
        self._answer = asyncio.get_running_loop().create_future()
        self.send(json.dumps({"type": "identify", "access_token": token}))
        ready: dict[str, Any] = json.loads(await asyncio.wait_for(self._answer, TIMEOUT_S))
        return ready

    def close(self) -> None:
        """End it from our side, at once and without a closing handshake."""
        self._closing = True
        self.transport.abort()


class Door:
    """Where sockets are opened: the gateway on this machine, or one node's Unix socket."""

    def __init__(self, address: str, ca_file: str | None = None, *, uds: Path | None = None) -> None:
        parts = urlsplit(address)
        self._host, self._port, self._netloc = parts.hostname or "localhost", parts.port or 443, parts.netloc
        self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
        self._uds = uds

    async def open(
        self,
        token: str,
        heard: Callable[[bytes], None] = lambda _: None,
        ended: Callable[[int], None] | None = None,
        *,
        source: str = "127.0.0.1",
    ) -> LeanSocket:
        """A socket past its `ready`, from this loopback address; `SocketEnded`, `OSError` or `TimeoutError` without one."""
        loop = asyncio.get_running_loop()

        def make() -> LeanSocket:
            return LeanSocket(self._netloc, heard, ended)

        if self._uds is not None:
            _, socket = await loop.create_unix_connection(make, str(self._uds))
        else:
            connecting = loop.create_connection(
                make,
                "127.0.0.1",
                self._port,
                ssl=self._tls,
                server_hostname=self._host if self._tls else None,
                local_addr=(source, 0),
            )
            _, socket = await asyncio.wait_for(connecting, TIMEOUT_S)
        try:
            await socket.identify(token)
        except BaseException:
            socket.close()
            raise
        return socket

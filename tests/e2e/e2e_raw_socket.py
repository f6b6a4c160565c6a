"""A WebSocket client of bytes (RFC 6455), so that it can send what no library would: straight to a node, or through nginx."""

import base64
import contextlib
import json
import os
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from e2e_devices import Stack

PATH = "/api/v1/messaging/socket"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
TIMEOUT_S = 15.0


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    announced: int | None = None,
    wide: int = 0,
) -> bytes:
    """A client's frame; `announced` is the length that it claims, `wide` the bytes it says it in (2, 8; 0 as few as do)."""
    size = len(payload) if announced is None else announced
    wide = wide or (0 if size < 126 else 2 if size < 1 << 16 else 8)
    form = {0: size, 2: 126, 8: 127}[wide]
    head = bytes([(fin << 7) | (rsv << 4) | opcode, (masked << 7) | form])
    head += {0: b"", 2: struct.pack(">H", size & 0xFFFF), 8: struct.pack(">Q", size)}[wide]
    if not masked:
        return head + payload
    mask = b"\x37\xfa\x21\x3d"
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """A close frame."""
    return frame(CLOSE, struct.pack(">H", code) + reason)


def text_frame(value: Any) -> bytes:
    """JSON in one text frame."""
    return frame(TEXT, json.dumps(value).encode())


@dataclass(frozen=True)
class Arrived:
    """A server's frame."""

    opcode: int
    payload: bytes
    rsv: int = 0

    @property
    def close_code(self) -> int | None:
        """A close frame's code, None for an empty one."""
        assert self.opcode == CLOSE, self
        return struct.unpack(">H", self.payload[:2])[0] if self.payload else None


class RawSocket:
    """One connection. `way` is `direct` (the first node's Unix socket) or `gateway` (TLS to nginx)."""

    def __init__(self, stack: Stack, way: str) -> None:
        address = urlsplit(stack.address)
        self._host = address.netloc
        if way == "direct":
            self._socket: socket.socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(TIMEOUT_S)
            self._socket.connect(str(stack.home / "run" / "messaging-1.sock"))
        else:
            assert address.hostname and address.port
            plain = socket.create_connection((address.hostname, address.port), timeout=TIMEOUT_S)
            context = ssl.create_default_context(cafile=stack.ca_file)
            self._socket = context.wrap_socket(plain, server_hostname=address.hostname)
        self._waiting = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def request(self, method: str = "GET", path: str = PATH, version: str = "HTTP/1.1", **changed: str | None) -> int:
        """Ask for the upgrade; the status. `changed` are headers with _ for -, None leaves one out."""
        headers = {
            "Host": self._host,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        lines = [
            f"{method} {path} {version}",
            *(f"{name}: {value}" for name, value in headers.items() if value is not None),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._waiting:
            self._more()
        head, self._waiting = self._waiting.split(b"\r\n\r\n", 1)
        status, *rest = head.decode().split("\r\n")
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
        return int(status.split()[1])

    def open(self, token: str = "") -> None:
        """Upgrade and read `hello`; with a token be identified, too."""
        assert self.request() == 101
        assert json.loads(self.next().payload)["type"] == "hello"
        if token:
            self.send(text_frame({"type": "identify", "access_token": token}))
            assert json.loads(self.next().payload)["type"] == "ready"

    def send(self, data: bytes) -> None:
        """Send bytes as they are; the other end may have gone already."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self._socket.sendall(data)

    def next(self) -> Arrived:
        """The next frame."""
        first, second = self._take(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        assert not second & 0x80, "a server does not mask"
        return Arrived(first & 0x0F, self._take(size), (first >> 4) & 7)

    def until_close(self) -> int | None:
        """The code of the close frame that ends this; what comes before does not matter."""
        while (arrived := self.next()).opcode != CLOSE:
            pass
        return arrived.close_code

    def ended(self) -> bool:
        """Whether the connection ends now, with nothing more on it."""
        with contextlib.suppress(ConnectionResetError):
            return not self._waiting and not self._socket.recv(1)
        return True

    def _take(self, count: int) -> bytes:
        while len(self._waiting) < count:
            self._more()
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _more(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise EOFError(f"the connection ended after {self._waiting!r}")
        self._waiting += data

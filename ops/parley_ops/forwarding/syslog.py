"""Lines as messages of syslog (RFC 5424), framed for TLS by their length (RFC 5425), and the connection that takes them."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Sequence

import msgspec

#: Every receiver takes a message of this size (RFC 5425, section 4.3.1).
MESSAGE_SIZE_BYTES_MAX = 8192
TIMEOUT_S = 10
_LOCAL0 = 16
_SEVERITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_NOTICE = 5


class _Known(msgspec.Struct):
    """What our own lines and nginx's say of themselves."""

    level: str = ""
    timestamp: str = ""
    at: str = ""


def frame(part: str, line: bytes, host: str) -> bytes:
    """One line of a part as a message, behind its length."""
    said = _known(line)
    severity = _SEVERITIES.get(said.level, _NOTICE)
    at = said.timestamp or said.at or dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    head = f"<{8 * _LOCAL0 + severity}>1 {at} {host} {part} - - - ".encode()
    message = (head + line)[:MESSAGE_SIZE_BYTES_MAX]
    return f"{len(message)} ".encode() + message


def _known(line: bytes) -> _Known:
    """Of a line that is JSON, what it says; of an engine's, nothing."""
    try:
        said = msgspec.json.decode(line, type=_Known)
        dt.datetime.fromisoformat(said.timestamp or said.at)
    except ValueError:
        return _Known()
    return said


class Collector:
    """A connection to a collector, made when there is something to send; `OSError` from `send` says that it is not there."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext) -> None:
        self._place = (host, port)
        self._tls = tls
        self._stream: ssl.SSLSocket | None = None

    def send(self, frames: Sequence[bytes]) -> None:
        """Send frames; what was under way when a connection broke may be lost, as syslog has no acknowledgement."""
        if self._stream is not None and _has_ended(self._stream):
            self.close()
        if self._stream is None:
            plain = socket.create_connection(self._place, TIMEOUT_S)
            self._stream = self._tls.wrap_socket(plain, server_hostname=self._place[0])
        try:
            self._stream.sendall(b"".join(frames))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _has_ended(stream: ssl.SSLSocket) -> bool:
    """Whether the other side has closed: a collector says nothing, so whatever can be read is its end."""
    stream.settimeout(0)
    try:
        return stream.recv(1) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    except OSError:
        return True
    finally:
        stream.settimeout(TIMEOUT_S)

"""What nodes say to one another: frames of msgpack, each behind its length in four bytes.

The first frame of the asking node is its service token. After it each of its frames is a parcel, and each of the owner's what became of
one, in any order; a number binds them.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import cast

import msgspec

from parley_contracts.problems import Problem
from parley_messaging.domain.entries import Submission
from parley_messaging.ports import Outcome

#: A parcel at its largest, several times over.
FRAME_SIZE_BYTES_MAX = 64 * 1024 * 1024
_LENGTH_SIZE_BYTES = 4
#: What one conversation forwards at once, in its order, and what became of each.
Parcel = tuple[int, list[Submission]]
Answer = tuple[int, list[Outcome]]
PARCEL = msgspec.msgpack.Decoder(Parcel)
ANSWER = msgspec.msgpack.Decoder(Answer)
_ENCODER = msgspec.msgpack.Encoder()


def frame(message: object) -> bytes:
    """The message behind its length."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(_LENGTH_SIZE_BYTES) + body


class FrameProtocol(asyncio.Protocol, ABC):
    """One end of a connection: hears frames as they come in, and writes what is sent in one turn of the loop at once.

    A protocol in place of streams: a frame wakes no task, which would cost several times what is in it.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: list[bytes] = []

    @property
    def open(self) -> bool:
        """Whether frames still go out."""
        return self._transport is not None and not self._transport.is_closing()

    @abstractmethod
    def heard(self, body: bytearray) -> None:
        """A frame without its length; raises `Problem` or `msgspec.DecodeError` where the other side may not send it."""

    @abstractmethod
    def refused(self) -> None:
        """The other side sent what it may not, and the connection is ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports do not descend from asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Cut what came into frames."""
        self._buffer += data
        at = 0
        while self.open and len(self._buffer) - at >= _LENGTH_SIZE_BYTES:
            begin = at + _LENGTH_SIZE_BYTES
            length = int.from_bytes(self._buffer[at:begin])
            if length > FRAME_SIZE_BYTES_MAX:
                self._refuse()
                return
            if len(self._buffer) - begin < length:
                break
            at = begin + length
            try:
                self.heard(self._buffer[begin:at])
            except (Problem, msgspec.DecodeError):
                self._refuse()
                return
        del self._buffer[:at]

    def send(self, message: object) -> None:
        """Send it soon; nobody hears of it where the connection ends before."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(frame(message))

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(waiting))

    def _refuse(self) -> None:
        self._buffer.clear()
        self.close()
        self.refused()

"""What nodes say to one another: frames of msgpack, each behind its length in four bytes.

The first frame of the asking node is its service token. After it each of its frames is a parcel, and each of the owner's what became of
one, in any order; a number binds them.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import msgspec

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
_Message = TypeVar("_Message")
_ENCODER = msgspec.msgpack.Encoder()


class FrameError(Exception):
    """A frame that the other side may not send."""


def frame(message: object) -> bytes:
    """The message behind its length."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(_LENGTH_SIZE_BYTES) + body


async def read_frame(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[_Message]) -> _Message:
    """The next message; `FrameError` where it is none, `EOFError` at the end of the connection."""
    length = int.from_bytes(await reader.readexactly(_LENGTH_SIZE_BYTES))
    if length > FRAME_SIZE_BYTES_MAX:
        raise FrameError
    try:
        return decoder.decode(await reader.readexactly(length))
    except msgspec.DecodeError as error:
        raise FrameError from error


class FrameWriter(Generic[_Message]):
    """Writes what is sent in one turn of the loop at once."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: list[bytes] = []

    def send(self, message: _Message) -> None:
        """Send it soon; nobody hears of it where the connection ends before."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(frame(message))

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not self._writer.is_closing():
            self._writer.write(b"".join(waiting))

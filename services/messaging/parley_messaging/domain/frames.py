"""WebSocket frames made once and written to many sockets (RFC 6455 section 5.2: unmasked, final, text)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_FINAL_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """The payload as one unfragmented server frame."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + payload
    if size < 1 << 16:
        return struct.pack(">BBH", _FINAL_TEXT, 126, size) + payload
    return struct.pack(">BBQ", _FINAL_TEXT, 127, size) + payload


def payloads(frames: bytes) -> Iterator[bytes]:
    """The payloads of frames that `text_frame` has made, one after the other."""
    place = 0
    while place < len(frames):
        size, header = frames[place + 1], 2
        if size == 126:
            size, header = struct.unpack_from(">H", frames, place + 2)[0], 4
        elif size == 127:
            size, header = struct.unpack_from(">Q", frames, place + 2)[0], 10
        yield frames[place + header : place + header + size]
        place += header + size

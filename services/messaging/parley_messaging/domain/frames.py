"""WebSocket frames made once and written to many sockets (RFC 6455 section 5.2: unmasked, final, text)."""

from __future__ import annotations

import struct

_FINAL_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """The payload as one unfragmented server frame."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + payload
    if size < 1 << 16:
        return struct.pack(">BBH", _FINAL_TEXT, 126, size) + payload
    return struct.pack(">BBQ", _FINAL_TEXT, 127, size) + payload

"""Pictures on every platform: how large one may be before anybody decodes it, and how small its thumbnail is tried.

Invariant: how many pixels a picture has, and how often a JPEG goes over them, is read from its own headers, without decoding, so
that a bomb stays shut.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from parley_contracts.limits import IMAGE_PIXELS_MAX, IMAGE_SCANS_MAX, IMAGE_SIDE_PX_MAX

#: (longest side, quality in percent), tried until one is small enough.
THUMBNAIL_TRIES = ((320, 70), (320, 50), (240, 50), (160, 50), (96, 40), (48, 30))
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xDA)})
_JPEG_START, _JPEG_END, _JPEG_SCAN = b"\xff\xd8", 0xD9, 0xDA
#: Within the pixels, nothing else begins like this (ITU T.81 section F.1.2.3).
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)


def stated_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG, GIF, BMP, WebP or JPEG states; None for another or a broken one."""
    for beginning, read in _FORMATS:
        if data.startswith(beginning):
            try:
                return read(data)
            except struct.error:
                return None
    return None


def may_be_decoded(data: bytes, *, side_px_max: int = IMAGE_SIDE_PX_MAX) -> bool:
    """Whether it is a known picture of a sensible size that does not go over its pixels too often."""
    size = stated_size(data)
    if size is None or not 0 < size[0] * size[1] <= IMAGE_PIXELS_MAX or max(size) > side_px_max:
        return False
    return has_few_scans(data)


def has_few_scans(data: bytes) -> bool:
    """Whether a JPEG has at most `IMAGE_SCANS_MAX` scans; what is none has none."""
    scans, place = 0, len(_JPEG_START) if data.startswith(_JPEG_START) else len(data)
    while scans <= IMAGE_SCANS_MAX and (found := _JPEG_MARKER.search(data, place)):
        marker, place = found[1][0], found.end()
        if marker == _JPEG_END:
            break
        scans += marker == _JPEG_SCAN
        if marker not in _JPEG_BARE:
            place += int.from_bytes(data[place : place + 2], "big")
    return scans <= IMAGE_SCANS_MAX


def _webp(data: bytes) -> tuple[int, int] | None:
    """RFC 9649 sections 2.5 to 2.7."""
    match data[8:16]:
        case b"WEBPVP8X":
            wide, high = data[24:27], data[27:30]
            if len(high) < 3:
                return None
            return 1 + int.from_bytes(wide, "little"), 1 + int.from_bytes(high, "little")
        case b"WEBPVP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"WEBPVP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """The first frame header (ITU T.81 section B.2.2)."""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _JPEG_BARE:
            place += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        else:
            place += 2 + max(2, struct.unpack_from(">H", data, place + 2)[0])
    return None


def _bmp(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)


_FORMATS: tuple[tuple[bytes, Callable[[bytes], tuple[int, int] | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", lambda data: struct.unpack_from(">II", data, 16)),
    (b"GIF8", lambda data: struct.unpack_from("<HH", data, 6)),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (_JPEG_START, _jpeg),
)

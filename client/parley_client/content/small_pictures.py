"""Small pictures that stand in a message itself: thumbnails of files, and a group's picture."""

from __future__ import annotations

from parley_client.platforms.pictures import may_be_decoded
from parley_contracts.encoding import b64decode
from parley_contracts.limits import THUMBNAIL_SIDE_PX_MAX


def small_picture(unverified_text: str | None, *, size_bytes_max: int) -> bytes | None:
    """The JPEG or WebP behind base64url text, by its headers; None for anything else, or for a larger one.

    Larger is also one with a side beyond `THUMBNAIL_SIDE_PX_MAX`: whoever shows it decodes it as it is.
    """
    if unverified_text is None or len(unverified_text) > size_bytes_max * 4 // 3 + 4:
        return None
    try:
        data = b64decode(unverified_text)
    except ValueError:
        return None
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    known = is_webp or data[:3] == b"\xff\xd8\xff"
    if not known or len(data) > size_bytes_max or not may_be_decoded(data, side_px_max=THUMBNAIL_SIDE_PX_MAX):
        return None
    return data

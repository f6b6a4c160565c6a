"""Small pictures that stand in a message itself: thumbnails of files, and a group's picture."""

from __future__ import annotations

from parley_contracts.encoding import b64decode


def small_picture(unverified_text: str | None, *, size_bytes_max: int) -> bytes | None:
    """The JPEG or WebP behind base64url text, by its first bytes; None for anything else, or for a larger one."""
    if unverified_text is None or len(unverified_text) > size_bytes_max * 4 // 3 + 4:
        return None
    try:
        data = b64decode(unverified_text)
    except ValueError:
        return None
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    known = is_webp or data[:3] == b"\xff\xd8\xff"
    return data if known and len(data) <= size_bytes_max else None

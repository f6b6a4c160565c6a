"""Binary in JSON: base64url without padding (RFC 4648 section 5), decoded strictly."""

from __future__ import annotations

import base64
import binascii


def b64encode(data: bytes) -> str:
    """Bytes as base64url text without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64decode(unverified_text: str) -> bytes:
    """The bytes behind base64url text; `ValueError` on padding, foreign characters or loose trailing bits."""
    try:
        raw = unverified_text.encode("ascii")
        data = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("not base64url without padding") from error
    if b64encode(data) != unverified_text:
        raise ValueError("not the canonical base64url of its bytes")
    return data

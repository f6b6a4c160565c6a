"""Request ids: one on every answer and on every log line of its request."""

from __future__ import annotations

import re

from parley_contracts.ids import new_uuid7

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id_of(unverified_id: str) -> str:
    """What the caller gave as `X-Request-ID` where it is 8 to 64 of `A-Za-z0-9._-`; a new id otherwise."""
    return unverified_id if _REQUEST_ID.fullmatch(unverified_id) else new_uuid7()

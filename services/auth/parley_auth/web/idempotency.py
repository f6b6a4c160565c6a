"""The `Idempotency-Key` header."""

from __future__ import annotations

import re

from django.http import HttpRequest

from parley_contracts.limits import IDEMPOTENCY_KEY_LENGTH_MAX
from parley_contracts.problems import InvalidRequest

_KEY = re.compile(rf"[A-Za-z0-9._~-]{{16,{IDEMPOTENCY_KEY_LENGTH_MAX}}}")


def read_idempotency_key(request: HttpRequest) -> str:
    """The key, 16 to 64 unreserved characters; `InvalidRequest` where it is absent or another thing."""
    unverified_key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(unverified_key):
        raise InvalidRequest(
            f"This needs an Idempotency-Key of 16 to {IDEMPOTENCY_KEY_LENGTH_MAX} unreserved characters.",
            field="Idempotency-Key",
        )
    return unverified_key

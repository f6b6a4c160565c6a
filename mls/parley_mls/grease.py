"""GREASE (RFC 9420 section 13.5): values that nobody knows, sent so that those who refuse what they do not know are found early.

They are sent only: what this client supports is never asked of a list that has them, and nothing treats them in a way of its own.
"""

from __future__ import annotations

from parley_mls.extensions import Extension
from parley_mls.primitives import Primitives

#: Registered for every field that may hold them.
GREASE_VALUES = tuple(0x0A0A + 0x1010 * step for step in range(15))
_DATA_SIZE_BYTES = 4


def grease(p: Primitives) -> int:
    """One of the values, by chance."""
    return GREASE_VALUES[p.random(1)[0] % len(GREASE_VALUES)]


def grease_extension(p: Primitives) -> Extension:
    """An extension that every reader has to ignore."""
    return Extension(grease(p), p.random(_DATA_SIZE_BYTES))

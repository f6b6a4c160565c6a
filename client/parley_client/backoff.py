"""Full-jitter back-off: how long to wait before trying again, so that many devices do not come back together."""

from __future__ import annotations

import secrets

BASE_S = 0.2
CAP_S = 30.0


def full_jitter(attempt: int, *, base_s: float = BASE_S, cap_s: float = CAP_S) -> float:
    """Seconds to wait after the `attempt`-th failure (from 0): evenly between 0 and min(cap, base · 2^attempt)."""
    ceiling = min(cap_s, base_s * (1 << min(attempt, 32)))
    return ceiling * secrets.randbelow(1 << 20) / (1 << 20)

"""Full-jitter back-off: how long to wait before trying again, so that many devices do not come back together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from parley_client.errors import NetworkError
from parley_contracts.problems import RateLimited, Unavailable

BASE_S = 0.2
CAP_S = 30.0
T = TypeVar("T")


def full_jitter(attempt: int, *, base_s: float = BASE_S, cap_s: float = CAP_S) -> float:
    """Seconds to wait after the `attempt`-th failure (from 0): evenly between 0 and min(cap, base · 2^attempt)."""
    ceiling = min(cap_s, base_s * (1 << min(attempt, 32)))
    return ceiling * secrets.randbelow(1 << 20) / (1 << 20)


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do it again and again until the server can be reached and takes it."""
    attempt = 0
    while True:
        try:
            return await work()
        except (NetworkError, RateLimited, Unavailable):
            await asyncio.sleep(full_jitter(attempt))
            attempt += 1

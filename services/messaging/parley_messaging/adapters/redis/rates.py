"""How often somebody has tried something within a window, counted by all nodes together.

Invariant: where Redis is away nothing is counted and nothing is refused (I5); what is stored has bounds of its own.
"""

from __future__ import annotations

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from parley_messaging.adapters.redis.nodes import PREFIX

_log = structlog.get_logger("parley_messaging.rates")


class RedisAttempts:
    """`Attempts` over a counter that expires with its window."""

    def __init__(self, redis: Redis, name: str, *, count_max: int, window_s: int) -> None:
        self._redis = redis
        self._name = name
        self._count_max = count_max
        self._window_s = window_s

    async def wait_s(self, who: str) -> int:
        """Count an attempt; 0 where it may be made, otherwise how long to wait."""
        key = f"{PREFIX}attempts:{self._name}:{who}"
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.set(key, 0, ex=self._window_s, nx=True)
                pipeline.incr(key)
                pipeline.ttl(key)
                _, count, left_s = await pipeline.execute()
        except (RedisError, OSError):
            _log.warning("attempts_not_counted")
            return 0
        return max(1, int(left_s)) if count > self._count_max else 0

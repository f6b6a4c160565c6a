"""Rate limits: fixed windows counted in Redis. All of them make this server look a name up or connect somewhere, or write.

Invariant: without Redis nothing is counted, so nothing that reaches outside is done: they fail closed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest
from redis.exceptions import RedisError

from parley_contracts.problems import RateLimited, Unavailable

_KEY_PREFIX = "notification:rate:"
#: The types of redis and those of its stub packages disagree.
RedisClient = Any


@dataclass(frozen=True)
class Rate:
    """At most `count` in `window_s` seconds for each key."""

    count: int
    window_s: int


_DEFAULT: dict[str, Rate] = {
    "subscribe": Rate(30, 3600),
    "self_test": Rate(10, 600),
    "write": Rate(120, 60),
}
_TEST = {name: Rate(rate.count * 10_000, rate.window_s) for name, rate in _DEFAULT.items()}
RATES: dict[str, dict[str, Rate]] = {"default": _DEFAULT, "test": _TEST}


@cache
def redis_client() -> RedisClient:
    """The process's Redis connections."""
    url: str = settings.CONFIG.redis_url
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def limit(request: HttpRequest, name: str, key: str) -> None:
    """Count one request of `key`; `RateLimited` where it is one too many, `Unavailable` where Redis is away."""
    rate = RATES[settings.CONFIG.limits_profile][name]
    counter = f"{_KEY_PREFIX}{name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    try:
        pipeline = redis_client().pipeline(transaction=True)
        pipeline.incr(counter)
        pipeline.expire(counter, rate.window_s, nx=True)
        pipeline.ttl(counter)
        used, _, ttl = pipeline.execute()
    except RedisError as error:
        raise Unavailable("Requests cannot be counted just now.", retry_after_s=2) from error
    reset_s = max(1, int(ttl))
    request.rate_limit_headers = {  # type: ignore[attr-defined]
        "RateLimit-Policy": f'"{name}";q={rate.count};w={rate.window_s}',
        "RateLimit": f'"{name}";r={max(0, rate.count - int(used))};t={reset_s}',
    }
    if int(used) > rate.count:
        raise RateLimited(retry_after_s=reset_s)

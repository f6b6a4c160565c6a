"""Rate limits: fixed windows counted in Redis, two profiles of numbers, and where a request comes from.

Invariant: a limit that guards a password fails closed when Redis is away; the others, behind a token, let pass.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from redis.exceptions import RedisError

from parley_contracts.problems import RateLimited, Unavailable
from parley_serving.addresses import counted_address

#: After Redis did not answer, limits that let pass do not ask it again for this long.
REDIS_PAUSE_S = 2.0
_KEY_PREFIX = "auth:rate:"
#: The types of redis and those of its stub packages disagree.
RedisClient = Any
_log = structlog.get_logger("parley_auth.web")
_paused_until = 0.0


@dataclass(frozen=True)
class Rate:
    """At most `count` in `window_s` seconds for each key."""

    count: int
    window_s: int
    fails_closed: bool = False


_DEFAULT: dict[str, Rate] = {
    "signup": Rate(20, 3600, fails_closed=True),
    "login_address": Rate(30, 60, fails_closed=True),
    "login_pair": Rate(5, 300, fails_closed=True),
    "login_name": Rate(50, 3600, fails_closed=True),
    "refresh": Rate(300, 60),
    "read": Rate(600, 60),
    "write": Rate(120, 60),
    "lookup": Rate(120, 60),
    "avatar": Rate(30, 3600),
    "claim": Rate(1200, 60),
    "vault": Rate(20, 3600),
    "recovery_words": Rate(5, 3600, fails_closed=True),
    "statement": Rate(30, 86_400),
    "new_root": Rate(3, 86_400),
    "key_log": Rate(600, 60),
    "cosignature": Rate(60, 60),
    "second_factor": Rate(10, 300, fails_closed=True),
    "second_factor_day": Rate(100, 86_400, fails_closed=True),
    "passkey": Rate(60, 60, fails_closed=True),
    "provider": Rate(30, 60, fails_closed=True),
    "letter": Rate(10, 3600),
    "invite": Rate(30, 3600),
    "code": Rate(20, 3600),
    "reset_request": Rate(20, 3600),
    "reset_address": Rate(10, 3600),
    "reset": Rate(20, 3600, fails_closed=True),
}
_TEST = {name: Rate(rate.count * 10_000, rate.window_s, rate.fails_closed) for name, rate in _DEFAULT.items()}
RATES: dict[str, dict[str, Rate]] = {"default": _DEFAULT, "test": _TEST}


@dataclass(frozen=True)
class Usage:
    """What one hit left of a limit."""

    name: str
    rate: Rate
    used: int
    reset_s: int

    @property
    def exceeded(self) -> bool:
        """Whether this hit was one too many."""
        return self.used > self.rate.count

    def headers(self) -> dict[str, str]:
        """The `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers)."""
        left = max(0, self.rate.count - self.used)
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.rate.count};w={self.rate.window_s}',
            "RateLimit": f'"{self.name}";r={left};t={self.reset_s}',
        }


@cache
def redis_client() -> RedisClient:
    """The process's Redis connections."""
    url: str = settings.CONFIG.redis_url
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def rate_of(name: str) -> Rate:
    """The rate `name` in the profile of this process."""
    return RATES[settings.CONFIG.limits_profile][name]


def limit(request: HttpRequest, name: str, key: str) -> None:
    """Count one request of `key`; `RateLimited` where it is one too many."""
    usage = hit(name, key)
    if usage is None:
        return
    request.rate_limit_headers = usage.headers()  # type: ignore[attr-defined]
    if usage.exceeded:
        raise RateLimited(retry_after_s=usage.reset_s)


def hit(name: str, key: str) -> Usage | None:
    """Count one use; None where Redis is away and the limit lets pass."""
    global _paused_until  # noqa: PLW0603 - the pause is the process's
    rate = rate_of(name)
    if not rate.fails_closed and time.monotonic() < _paused_until:
        return None
    try:
        pipeline = redis_client().pipeline(transaction=True)
        counter = _counter(name, key)
        pipeline.incr(counter)
        pipeline.expire(counter, rate.window_s, nx=True)
        pipeline.ttl(counter)
        used, _, ttl = pipeline.execute()
    except RedisError as error:
        _paused_until = time.monotonic() + REDIS_PAUSE_S
        _log.warning("rate limit without redis", limit=name, cause=type(error).__name__)
        if rate.fails_closed:
            raise Unavailable(retry_after_s=5) from error
        return None
    return Usage(name, rate, int(used), max(1, int(ttl)))


def take_back(name: str, key: str) -> None:
    """Undo one `hit` that turned out to be harmless."""
    pipeline = redis_client().pipeline(transaction=True)
    pipeline.decr(_counter(name, key))
    pipeline.expire(_counter(name, key), rate_of(name).window_s, nx=True)
    pipeline.execute()


def client_address(request: HttpRequest) -> str:
    """Who asks: the gateway's word on our socket, the peer's address elsewhere; IPv6 cut to its /64."""
    peer = request.META.get("REMOTE_ADDR", "")
    if not peer:  # a Unix socket has no address; nginx overwrites the header
        peer = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return counted_address(peer)


def client_network(request: HttpRequest) -> str:
    """Roughly where a request comes from: the network that its provider gives to many; empty where it has no address."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return ""
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _counter(name: str, key: str) -> str:
    return f"{_KEY_PREFIX}{name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"

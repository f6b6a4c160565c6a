"""The Redis Stream of messaging's events. Losing it loses nothing: a reader asks for what follows its position (I5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from parley_contracts.events import MESSAGING_STREAM, Event, republish_key
from parley_contracts.problems import Unavailable
from parley_messaging.adapters.redis.nodes import PREFIX

LEASE_MS = 5000
_LEASE = PREFIX + "feed-lease"
_ASKED = republish_key(MESSAGING_STREAM)
#: A group that nobody reads by: making one is how an empty stream is made.
_GROUP = "origin"
_KEEP = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
return 1
"""
#: One round trip for each batch: besides the lease, what a reader asks for, and the stream itself.
_STANDING = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return -1 end
redis.call('pexpire', KEYS[1], ARGV[2])
if redis.call('exists', KEYS[2]) == 1 or redis.call('exists', KEYS[3]) == 0 then return -1 end
return redis.call('xlen', KEYS[3])
"""


class RedisStream:
    """`Stream` of `service.feeding`."""

    def __init__(self, redis: Redis, node_id: str) -> None:
        self._redis = redis
        self._node_id = node_id

    async def hold(self) -> bool:
        """Take or keep the lease."""
        async with _unavailable_when_away():
            return bool(await self._redis.eval(_KEEP, 1, _LEASE, self._node_id, str(LEASE_MS)))

    async def asked(self) -> str | None:
        """What a reader asks for."""
        async with _unavailable_when_away():
            found = await self._redis.get(_ASKED)
        return found.decode("ascii", "replace") if isinstance(found, bytes) else None

    async def last(self) -> str | None:
        """Where the stream ends."""
        async with _unavailable_when_away():
            try:
                information: dict[str, Any] = await self._redis.xinfo_stream(MESSAGING_STREAM)
            except ResponseError:  # no such stream: nobody reads yet, or it was wiped
                return None
        last: bytes = information["last-generated-id"]
        return last.decode("ascii")

    async def begin(self, position: str) -> None:
        """Begin anew; what was asked is answered by that."""
        async with _unavailable_when_away(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(MESSAGING_STREAM, _ASKED)
            pipeline.xgroup_create(MESSAGING_STREAM, _GROUP, id=position, mkstream=True)
            pipeline.execute_command("XSETID", MESSAGING_STREAM, position)
            await pipeline.execute()

    async def standing(self) -> int | None:
        """The stream's length, while it is this node's to fill from where it ends."""
        keys = (_LEASE, _ASKED, MESSAGING_STREAM)
        async with _unavailable_when_away():
            length = int(await self._redis.eval(_STANDING, len(keys), *keys, self._node_id, str(LEASE_MS)))
        return length if length >= 0 else None

    async def add(self, events: Sequence[Event]) -> None:
        """Append, in order and in one round trip; a stream that is gone is not made again by this."""
        async with _unavailable_when_away(), self._redis.pipeline(transaction=False) as pipeline:
            for event in events:
                fields: dict[Any, Any] = dict(event.fields())
                pipeline.xadd(MESSAGING_STREAM, fields, id=event.position, nomkstream=True)
            for answer in await pipeline.execute(raise_on_error=False):
                if isinstance(answer, ResponseError) and "equal or smaller" in str(answer):
                    continue
                if isinstance(answer, Exception):
                    raise answer


@asynccontextmanager
async def _unavailable_when_away() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable("Redis does not answer.", retry_after_s=1) from error

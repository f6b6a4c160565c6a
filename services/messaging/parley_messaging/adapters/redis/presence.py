"""Who is connected where. Each run of a node keeps a hash of its people, which counts while the run's lease lasts.

A node renews one lease, however many sockets it has: being idle costs nothing. Whoever finds a run without its lease
clears it away and notes its last beat as the time when its people were last seen.
Invariant: all of it may be lost (I5): then a beat says so, and its node writes its people again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from parley_contracts.ids import UserId, new_uuid7
from parley_contracts.limits import LAST_SEEN_KEPT_S, PRESENCE_LEASE_S
from parley_contracts.problems import Unavailable
from parley_messaging.adapters.redis.nodes import PREFIX
from parley_messaging.domain.presence import Status, merged, now_ms

_RUNS = PREFIX + "presence:runs"
#: The field of a run's hash that holds its last beat; people's fields are their ids.
_BEAT = "beat"
_KEPT_S = 24 * 3600
_CHUNK = 500


class RedisPresence:
    """`PresenceStore` of one run of a node."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._run = new_uuid7()

    async def beat(self) -> bool:
        """Renew the lease; False where it had ended or was lost."""
        async with _away(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(_lease(self._run), b"", px=int(PRESENCE_LEASE_S * 1000), get=True)
            pipeline.hset(_people(self._run), _BEAT, str(now_ms()))
            pipeline.expire(_people(self._run), _KEPT_S)
            pipeline.sadd(_RUNS, self._run)
            renewed, *_ = await pipeline.execute()
        return renewed is not None

    async def write(self, statuses: Mapping[UserId, Status]) -> None:
        """How people stand at this node; `offline` for who left it."""
        items = list(statuses.items())
        for first in range(0, len(items), _CHUNK):
            async with _away(), self._redis.pipeline(transaction=False) as pipeline:
                for user_id, status in items[first : first + _CHUNK]:
                    if status.status == "offline":
                        pipeline.hdel(_people(self._run), user_id)
                        pipeline.set(_seen(user_id), str(status.since_ms), ex=LAST_SEEN_KEPT_S)
                    else:
                        pipeline.hset(_people(self._run), user_id, f"{status.status} {status.since_ms}")
                await pipeline.execute()

    async def hide(self, user_id: UserId) -> None:
        """Forget a person here, and when they were last seen."""
        async with _away(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hdel(_people(self._run), user_id)
            pipeline.delete(_seen(user_id))
            await pipeline.execute()

    async def bury(self) -> list[UserId]:
        """Clear away runs whose lease has ended; two nodes that do so at once do the same."""
        runs, living = await self._runs()
        bereft: list[UserId] = []
        async with _away():
            for run in set(runs) - set(living):
                found = cast("dict[bytes, bytes]", await self._redis.hgetall(_people(run)))
                beat_ms = int(found.pop(_BEAT.encode(), b"0"))
                people = [UserId(name.decode()) for name in found]
                await self._note_last_seen(people, beat_ms)
                await self._redis.delete(_people(run))
                await self._redis.srem(_RUNS, run)
                bereft += people
        return bereft

    async def _note_last_seen(self, people: Sequence[UserId], beat_ms: int) -> None:
        seen = await self._each_seen(people)
        later = [user_id for user_id in people if seen[user_id] < beat_ms]
        for first in range(0, len(later), _CHUNK):
            async with self._redis.pipeline(transaction=False) as pipeline:
                for user_id in later[first : first + _CHUNK]:
                    pipeline.set(_seen(user_id), str(beat_ms), ex=LAST_SEEN_KEPT_S)
                await pipeline.execute()

    async def statuses(self, user_ids: Sequence[UserId]) -> dict[UserId, Status]:
        """How these people stand over all nodes."""
        if not user_ids:
            return {}
        _, living = await self._runs()
        said: dict[UserId, list[Status]] = {user_id: [] for user_id in user_ids}
        async with _away():
            for run in living:
                for first in range(0, len(user_ids), _CHUNK):
                    chunk = user_ids[first : first + _CHUNK]
                    values = cast("list[bytes | None]", await self._redis.hmget(_people(run), list(chunk)))
                    for user_id, value in zip(chunk, values, strict=True):
                        if value is not None:
                            said[user_id].append(_parsed(value))
            seen = await self._each_seen([user_id for user_id in user_ids if not said[user_id]])
        return {user_id: merged(said[user_id]) or Status("offline", seen.get(user_id, 0)) for user_id in user_ids}

    async def _each_seen(self, user_ids: Sequence[UserId]) -> dict[UserId, int]:
        found: dict[UserId, int] = {}
        for first in range(0, len(user_ids), _CHUNK):
            chunk = user_ids[first : first + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for user_id in chunk:
                    pipeline.get(_seen(user_id))
                values = await pipeline.execute()
            found |= {user_id: int(value or 0) for user_id, value in zip(chunk, values, strict=True)}
        return found

    async def _runs(self) -> tuple[list[str], list[str]]:
        """All runs that anybody knows of, and those of them that live."""
        async with _away():
            runs = sorted(name.decode() for name in cast("set[bytes]", await self._redis.smembers(_RUNS)))
            async with self._redis.pipeline(transaction=False) as pipeline:
                for run in runs:
                    pipeline.exists(_lease(run))
                living = await pipeline.execute() if runs else []
        return runs, [run for run, lives in zip(runs, living, strict=True) if lives]


def _parsed(value: bytes) -> Status:
    word, _, since_ms = value.decode().partition(" ")
    return Status("online" if word == "online" else "away", int(since_ms or 0))


def _people(run: str) -> str:
    return f"{PREFIX}presence:people:{run}"


def _lease(run: str) -> str:
    return f"{PREFIX}presence:lease:{run}"


def _seen(user_id: UserId) -> str:
    return f"{PREFIX}presence:seen:{user_id}"


@asynccontextmanager
async def _away() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable("The cache does not answer.", retry_after_s=1) from error

"""What pub/sub loses is noticed: whatever another node could not tell shows in its next beat."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import FANOUT_BUCKETS
from parley_messaging.adapters.redis.bus import RedisBus
from parley_messaging.adapters.redis.nodes import PREFIX
from parley_messaging.adapters.redis.subscriber import Subscriber

NAME = "ear"


class Ear:
    """A bus that listens, and how often it was told to read the log."""

    def __init__(self, redis: Redis) -> None:
        self.missed: list[int | None] = []
        self._redis, self._other, self._more = redis, new_uuid7(), asyncio.Event()
        self.bus = RedisBus(
            redis,
            received=lambda publications: None,
            missed=self._miss,
            auth_hint=lambda: None,
            hinted=lambda hint: None,
        )

    def _miss(self, bucket: int | None) -> None:
        self.missed.append(bucket)
        self._more.set()

    async def beat(self, counter: int) -> None:
        """Another node says that it has handed over so much in each bucket."""
        told = msgspec.msgpack.encode([self._other, [counter] * FANOUT_BUCKETS])
        await self._redis.publish(PREFIX + "beats", told)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.missed) < count:
                self._more.clear()
                await self._more.wait()

    async def cut_off(self) -> None:
        """Its connection for listening ends."""
        clients = await self._redis.client_list(_type="pubsub")
        (own,) = [client["id"] for client in clients if client["name"] == NAME]
        await self._redis.client_kill_filter(_id=own)


@pytest.fixture
async def ear(stack: Any) -> Any:
    async with Redis.from_url(stack.redis_url, client_name=NAME) as redis:
        made = Ear(redis)
        tasks = [asyncio.create_task(made.bus.run_listener()), asyncio.create_task(made.bus.run_beat())]
        yield made
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_was_lost_before_the_first_beat_is_read_from_the_log(ear: Ear):
    await ear.until(1)  # it listens
    await ear.beat(7)
    await ear.until(2)  # of that node nothing was known
    await ear.beat(7)
    await ear.beat(8)
    await ear.until(2 + FANOUT_BUCKETS)
    await ear.cut_off()
    await ear.until(4 + FANOUT_BUCKETS)  # cut off, and listening again
    # Now the other node could not tell something, and then says that it has.
    await ear.beat(9)
    await ear.until(5 + FANOUT_BUCKETS)
    assert ear.missed[-1] is None


def never(*_: object) -> None:
    raise AssertionError


@pytest.mark.parametrize("said", [b"-NOPERM this user may not listen\r\n", b"nonsense\r\n"])
async def test_a_subscription_ends_by_what_is_no_push(said: bytes):
    subscriber = Subscriber(never, never)
    subscriber.data_received(said)
    assert subscriber._ended.done()


async def test_a_subscription_ends_by_silence(stack: Any):
    confirmed = []
    async with Redis.from_url(stack.redis_url) as redis:
        subscriber = Subscriber(lambda: confirmed.append(True), never)
        with pytest.raises(RedisConnectionError, match="nothing was heard"):
            await subscriber.listen(redis, ["nobody speaks"], ["here", "either"], silence_s_max=0.3)
    assert confirmed == [True]

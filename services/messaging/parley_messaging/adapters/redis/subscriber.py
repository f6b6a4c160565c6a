"""Hearing channels of Redis: what is pushed is handed on as it comes in.

redis-py opens the connection, with its TLS and its login, and is then left out: it reads by streams, where each push wakes a task and
sets a time-out. That cost 50 µs of CPU a push and node where this costs 14.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import hiredis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

_CONFIRMED = frozenset({b"subscribe", b"ssubscribe"})
_PUSHED = frozenset({b"message", b"smessage"})


class Subscriber(asyncio.Protocol):
    """One connection that listens. `listening` is called once all channels are confirmed, `heard` for each push with its channel."""

    def __init__(self, listening: Callable[[], None], heard: Callable[[bytes, bytes], None]) -> None:
        self._listening = listening
        self._heard = heard
        self._reader = hiredis.Reader()
        self._unconfirmed = 0
        self._heard_at = time.monotonic()
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def listen(
        self, redis: Redis, channels: Sequence[str], shard_channels: Sequence[str], *, silence_s_max: float
    ) -> None:
        """Listen until the connection ends or is silent for too long; always raises, `RedisError` or `OSError`."""
        connection = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()
            transport = connection._writer.transport  # noqa: SLF001 - nothing is under way on it, and nothing else has it
            transport.set_protocol(self)
            self._unconfirmed = len(channels) + len(shard_channels)
            for command, names in (("SSUBSCRIBE", shard_channels), ("SUBSCRIBE", channels)):
                transport.write(hiredis.pack_command((command, *names)))  # type: ignore[arg-type] # any number of words
            while not self._ended.done():
                silence_s = time.monotonic() - self._heard_at
                if silence_s > silence_s_max:
                    raise RedisConnectionError("nothing was heard")
                await asyncio.wait({self._ended}, timeout=silence_s_max - silence_s + 0.01)
            raise RedisConnectionError(self._ended.result())
        finally:
            await connection.disconnect(nowait=True)

    def data_received(self, data: bytes) -> None:
        """Hand on what is whole."""
        self._heard_at = time.monotonic()
        try:
            self._reader.feed(data)
            while (said := self._reader.gets()) is not False:
                self._take(said)
        except hiredis.HiredisError as error:
            self._end(f"Redis said what could not be read: {type(error).__name__}")

    def _take(self, said: object) -> None:
        if not isinstance(said, list):  # an error, such as that somebody may not listen
            self._end("Redis refused a subscription")
        elif said[0] in _PUSHED:
            self._heard(said[1], said[2])
        elif said[0] in _CONFIRMED:
            self._unconfirmed -= 1
            if not self._unconfirmed:
                self._listening()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        del exc
        self._end("the connection ended")

    def _end(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_result(why)

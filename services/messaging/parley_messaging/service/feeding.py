"""Publishing `message.stored` to the stream that other services read.

One node does it at a time, by a lease that is only a hint: an event's place in the stream is its place in the database's
own order, so two publishers cannot double one, and the stream itself says what it lacks. After a wipe a reader asks for
what follows its own position, and the stream begins there anew (I5). A full stream makes the publisher wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

import structlog

from parley_contracts.events import FROM_NOW, Event, EventError, parse_position
from parley_contracts.limits import MESSAGE_EVENTS_STREAM_LENGTH_MAX
from parley_contracts.problems import Unavailable

IDLE_S = 1.0
FULL_S = 0.2
_log = structlog.get_logger("parley_messaging.feeding")


class Feed(Protocol):
    """The stored messages in the order in which the database stored them."""

    async def now(self) -> str:
        """The present position: what is stored from here on comes after it."""
        ...

    def after(self, position: str) -> AsyncGenerator[Sequence[Event]]:
        """Batches of events after a position, for ever; an empty batch at least each second. `Unavailable`."""
        ...


class Stream(Protocol):
    """The stream. Every method raises `Unavailable` where it is away."""

    async def hold(self) -> bool:
        """Take or keep the lease; False where another node has it."""
        ...

    async def asked(self) -> str | None:
        """The position after which a reader lacks events, None where none asks."""
        ...

    async def last(self) -> str | None:
        """The position up to which the stream was filled, None where there is no stream."""
        ...

    async def begin(self, position: str) -> None:
        """Empty the stream and let it begin after a position."""
        ...

    async def standing(self) -> int | None:
        """Keep the lease; how many events wait to be read, or None where the stream is to be filled otherwise.

        That is: by another node, anew because a reader asks for it, or not at all because it is gone.
        """
        ...

    async def add(self, events: Sequence[Event]) -> None:
        """Append events; those that stand there already are left out."""
        ...


class Feeding:
    """Moves what is stored into the stream."""

    def __init__(self, feed: Feed, stream: Stream) -> None:
        self._feed = feed
        self._stream = stream

    async def run(self) -> None:
        """Publish until cancelled, while this node has the lease."""
        while True:
            try:
                position = await self._position() if await self._stream.hold() else None
                if position is not None:
                    await self._follow(position)
            except Unavailable as problem:
                _log.warning("publishing_pauses", reason=problem.detail)
            await asyncio.sleep(IDLE_S)

    async def _position(self) -> str | None:
        """Where to go on: where a reader asks for it, else where the stream ends; None while nobody reads."""
        asked = await self._stream.asked()
        if asked is None:
            return await self._stream.last()
        try:
            position = await self._feed.now() if asked == FROM_NOW else asked
            parse_position(position)
        except EventError:
            _log.warning("a reader asks for a position that is none")
            position = await self._feed.now()
        await self._stream.begin(position)
        _log.info("the stream begins anew", after=position)
        return position

    async def _follow(self, position: str) -> None:
        """Publish what comes after `position` until the lease is lost or a reader asks for something else."""
        async with aclosing(self._feed.after(position)) as batches:
            async for events in batches:
                while (waiting := await self._stream.standing()) is not None:
                    if waiting < MESSAGE_EVENTS_STREAM_LENGTH_MAX:
                        break
                    await asyncio.sleep(FULL_S)
                if waiting is None:
                    return
                if events:
                    await self._stream.add(events)

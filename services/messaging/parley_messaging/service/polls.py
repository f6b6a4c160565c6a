"""Requests that wait for news in a socket's place.

Invariant: nothing is kept between two polls; a device has one poll at a node, and a newer one ends the older.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from parley_contracts.ids import DeviceId, SessionId, UserId
from parley_contracts.limits import POLL_GATHER_S, POLL_SIZE_BYTES_MAX, POLLS_BURST, POLLS_PER_S
from parley_contracts.messaging_api import CLOSE_RECONNECT, Head
from parley_contracts.problems import RateLimited
from parley_messaging.domain.rates import Rates
from parley_messaging.service.fanout import Hub
from parley_messaging.service.presence import Presence


class Poll:
    """One of them; a `Connection` of the hub. `code` is why it was closed, None while it is not."""

    def __init__(self, user_id: UserId, device_id: DeviceId, session_id: SessionId) -> None:
        self.user_id = user_id
        self.device_id = device_id
        self.session_id = session_id
        self.frames = bytearray()
        self.code: int | None = None
        self._news = asyncio.Event()

    def push(self, frames: bytes) -> None:
        """Keep ready frames for the answer; what does not fit shows in the next poll's checksums."""
        if len(self.frames) + len(frames) > POLL_SIZE_BYTES_MAX:
            self.close(CLOSE_RECONNECT)
        elif self.code is None:
            self.frames += frames
        self._news.set()

    def close(self, code: int) -> None:
        """Answer now; nothing more is taken in."""
        self.code = code
        self._news.set()

    async def wait(self, gone: asyncio.Task[None], wait_s: float) -> None:
        """Until there is something to say and what comes with it is there, the time is over, or the device has gone."""
        news = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait({gone, news}, timeout=max(0.0, wait_s), return_when=asyncio.FIRST_COMPLETED)
            if self._news.is_set() and self.code is None:
                await asyncio.sleep(POLL_GATHER_S)
        finally:
            news.cancel()


class Polls:
    """The polls of this node."""

    def __init__(self, hub: Hub, presence: Presence) -> None:
        self._hub = hub
        self._presence = presence
        self._waiting: dict[DeviceId, Poll] = {}
        self._rates = Rates(burst=POLLS_BURST, per_s=POLLS_PER_S)

    @contextlib.asynccontextmanager
    async def attached(self, poll: Poll) -> AsyncIterator[list[Head]]:
        """A poll among the sockets until the end of the block, in the place of its device's older one; the heads."""
        if not self._rates.take(poll.device_id):
            raise RateLimited(retry_after_s=1)
        older = self._waiting.get(poll.device_id)
        if older is not None:
            older.close(CLOSE_RECONNECT)
        self._waiting[poll.device_id] = poll
        try:
            heads = await self._hub.attach(poll)
            self._presence.arrived(poll)
            self._hub.resume(poll)
            yield heads
        finally:
            if self._waiting.get(poll.device_id) is poll:
                del self._waiting[poll.device_id]
            self._presence.left(poll)
            self._hub.detach(poll)

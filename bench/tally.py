"""Who has been delivered how much of what was sent, and how long it took: the same for every system that is measured."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from parts import percentile

#: Synapse needs many seconds for what others do in one.
TIMEOUT_S = 300.0


class Tally:
    """Messages of one sender to `receivers` receivers.

    All of them get all messages in one order, so the n-th that arrives at one of them is the n-th that was sent.
    """

    def __init__(self, receivers: int) -> None:
        self.receivers = receivers
        self.reset()

    def reset(self) -> None:
        """Begin anew; only while nothing is on its way."""
        self._sent_s: list[float] = []
        self._counts = [0] * self.receivers
        self.latencies_s: list[float] = []
        self.deliveries = 0
        self._target = 0
        self._reached = asyncio.Event()

    def arrived(self, receiver: int, messages: int = 1) -> None:
        """So many more messages have reached this receiver."""
        now, at = time.perf_counter(), self._counts[receiver]
        self.latencies_s += [now - sent for sent in self._sent_s[at : at + messages]]
        self._counts[receiver] = at + messages
        self.deliveries += messages
        if self.deliveries >= self._target:
            self._reached.set()

    async def until(self, deliveries: int) -> None:
        """Wait for so many deliveries in all."""
        if self.deliveries < deliveries:
            self._target = deliveries
            self._reached.clear()
            await asyncio.wait_for(self._reached.wait(), TIMEOUT_S)

    async def fan(self, send: Callable[[], Awaitable[None]], seconds: float, in_flight: int) -> float:
        """Send for so long, at most `in_flight` messages not yet with everybody; the seconds until all have arrived."""
        self.reset()
        began, sending = time.perf_counter(), set[asyncio.Task[None]]()
        while time.perf_counter() < began + seconds:
            await self.until((len(self._sent_s) - in_flight + 1) * self.receivers)
            self._send(send, sending)
        return await self._finish(began, sending)

    async def paced(self, send: Callable[[], Awaitable[None]], seconds: float, per_s: float) -> float:
        """Send `per_s` messages a second for so long, whatever has arrived; the seconds until all have."""
        self.reset()
        began, sending = time.perf_counter(), set[asyncio.Task[None]]()
        for turn in range(round(seconds * per_s)):
            await asyncio.sleep(max(0.0, began + turn / per_s - time.perf_counter()))
            self._send(send, sending)
        return await self._finish(began, sending)

    async def _finish(self, began: float, sending: set[asyncio.Task[None]]) -> float:
        await self.until(len(self._sent_s) * self.receivers)
        took = time.perf_counter() - began
        await asyncio.gather(*sending)
        return took

    def _send(self, send: Callable[[], Awaitable[None]], sending: set[asyncio.Task[None]]) -> None:
        self._sent_s.append(time.perf_counter())
        task = asyncio.ensure_future(send())
        sending.add(task)
        task.add_done_callback(lambda done: None if done.cancelled() or done.exception() else sending.discard(done))

    @property
    def sent(self) -> int:
        """How many messages were sent."""
        return len(self._sent_s)

    def milliseconds(self, share: float) -> float:
        """The latency below which `share` of the deliveries lie."""
        return round(percentile(self.latencies_s, share) * 1e3, 2)

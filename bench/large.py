"""A large group in which one person writes: what is sent, when, and when it is with every member."""

import asyncio
import re
import time

from crowd import TOKEN_AGE_S_MAX, Ear, Passes
from lean import HEARTBEAT, Door, LeanSocket
from parts import percentile
from room import Sender

from parley_contracts.limits import HEARTBEAT_INTERVAL_S
from parley_ops.errors import OperationError

ARRIVAL_TIMEOUT_S = 60.0
_ACK = re.compile(rb'"type":"ack".*"sequence":(\d+)')


class Large:
    """The group's writer and its members' ears.

    Nobody else writes here, and the order of one socket's commands is the log's: so each message's sequence is known before it is
    given, and the acknowledgements only confirm it.
    """

    def __init__(self, door: Door, passes: Passes, person: int, sender: Sender, next_sequence: int) -> None:
        self._door, self._passes, self._person, self._sender = door, passes, person, sender
        self._next, self._confirmed = next_sequence, next_sequence - 1
        self._acknowledged = asyncio.Event()
        self._sent_s: dict[int, float] = {}
        self.ears: list[Ear] = []
        self.latencies_s: list[float] = []
        self.deliveries = 0

    def ear(self) -> Ear:
        """One more member."""
        self.ears.append(Ear(self._told))
        return self.ears[-1]

    def _told(self, sequence: int) -> None:
        self.deliveries += 1
        if (sent_s := self._sent_s.get(sequence)) is not None:
            self.latencies_s.append(time.perf_counter() - sent_s)

    def _heard(self, frame: bytes) -> None:
        if (found := _ACK.search(frame)) is not None:
            self._confirmed += 1
            self._acknowledged.set()
            if int(found[1]) != self._confirmed:
                raise OperationError("Messages of one socket were acknowledged out of order.")

    async def write(self, seconds: float, per_s: float) -> None:
        """Write for so long; latencies and deliveries are then those of this time."""
        self._sent_s, self.latencies_s, self.deliveries = {}, [], 0
        socket, opened_s = await self._open(), time.perf_counter()
        began = beaten_s = opened_s
        for turn in range(round(seconds * per_s)):
            await asyncio.sleep(max(0.0, began + turn / per_s - time.perf_counter()))
            now = time.perf_counter()
            if now > opened_s + TOKEN_AGE_S_MAX:
                await self._until_confirmed()
                socket.close()
                socket, opened_s = await self._open(), now
            elif now > beaten_s + HEARTBEAT_INTERVAL_S:
                socket.send(HEARTBEAT)
                beaten_s = now
            self._sent_s[self._next] = time.perf_counter()
            self._next += 1
            socket.send(self._sender.frame()[1])
        await self._until_confirmed()
        socket.close()

    async def flood(self, messages: int, in_flight: int) -> float:
        """Write so many as fast as they are acknowledged; the seconds it took."""
        self._sent_s = {}
        began, socket = time.perf_counter(), await self._open()
        for _ in range(messages):
            while self._next - 1 - self._confirmed >= in_flight:
                self._acknowledged.clear()
                await asyncio.wait_for(self._acknowledged.wait(), ARRIVAL_TIMEOUT_S)
            socket.send(self._sender.frame()[1])
            self._next += 1
        await self._until_confirmed()
        socket.close()
        return time.perf_counter() - began

    async def _open(self) -> LeanSocket:
        return await self._door.open(await self._passes.fresh(self._person), self._heard)

    async def _until_confirmed(self) -> None:
        deadline = time.monotonic() + ARRIVAL_TIMEOUT_S
        while self._confirmed < self._next - 1:
            if time.monotonic() > deadline:
                raise OperationError("A message was not acknowledged.")
            await asyncio.sleep(0.05)

    async def arrived(self) -> bool:
        """Whether all members come to have everything within a while, nothing left out."""
        deadline = time.monotonic() + ARRIVAL_TIMEOUT_S
        while any(ear.last < self._next - 1 for ear in self.ears):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.1)
        return not any(ear.missed for ear in self.ears)

    def figures(self) -> dict[str, float]:
        """Latencies in ms, of how many deliveries."""
        found = {f"ms_p{share}": round(percentile(self.latencies_s, share / 100) * 1e3, 1) for share in (50, 99)}
        return {"deliveries": self.deliveries, **found} if self.latencies_s else {"deliveries": self.deliveries}

"""Deliveries per CPU-second into a room of 200 sockets, through the gateway over TLS, every message durable.

./parley bench fanout [MESSAGES]
"""

import asyncio
import sys
import time

from parts import Parts, percentile, print_row
from room import Room
from websockets.asyncio.client import ClientConnection

PEOPLE = 20
SOCKETS = 200


class Listeners:
    """Sockets that count what arrives."""

    def __init__(self, sockets: list[ClientConnection]) -> None:
        self.deliveries = 0
        self._changed = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._read(socket)) for socket in sockets]

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            if b"message.created" in (frame if isinstance(frame, bytes) else frame.encode()):
                self.deliveries += 1
                if self.deliveries % SOCKETS == 0:
                    async with self._changed:
                        self._changed.notify_all()

    async def until(self, deliveries: int) -> None:
        """Wait until so many frames have arrived in all."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: self.deliveries >= deliveries), 60)

    def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()


async def measure(parts: Parts, messages: int) -> None:
    room = Room(parts)
    await room.invite(PEOPLE)
    owner, *others = room.people
    where = await room.conversation(owner, others)
    sender = await room.sender(owner, where)
    tokens = [await room.token(client) for client in room.people]
    sockets = await room.sockets([tokens[n % PEOPLE] for n in range(SOCKETS)])
    speaking = await room.socket(sender.token)
    silent = asyncio.create_task(drain(speaking))
    listeners = Listeners(sockets)
    for in_flight in (1, 8):
        expected, latencies = listeners.deliveries, []
        before, started = parts.cpu_s(), time.perf_counter()
        for turn in range(messages):
            sent = time.perf_counter()
            await speaking.send(sender.frame()[1])
            expected += SOCKETS
            await listeners.until(expected - (in_flight - 1) * SOCKETS)
            if in_flight == 1 and turn:
                latencies.append(time.perf_counter() - sent)
        await listeners.until(expected)
        elapsed, after = time.perf_counter() - started, parts.cpu_s()
        used = {label: after[label] - before[label] for label in after}
        delivered = messages * SOCKETS
        print_row(
            "fanout",
            n_messages=messages,
            sockets=SOCKETS,
            in_flight=in_flight,
            deliveries_per_cpu_s={label: round(delivered / s) if s else None for label, s in used.items()},
            deliveries_per_cpu_s_together=round(delivered / sum(used.values())),
            deliveries_per_s=round(delivered / elapsed),
            lockstep_ms_p50=round(percentile(latencies, 0.5) * 1e3, 2) if latencies else None,
            lockstep_ms_p99=round(percentile(latencies, 0.99) * 1e3, 2) if latencies else None,
        )
    listeners.stop()
    silent.cancel()
    for socket in (*sockets, speaking):
        await socket.close()
    await room.close()


async def drain(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    asyncio.run(measure(Parts(), messages))


if __name__ == "__main__":
    main()

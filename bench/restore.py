"""A new device by the recovery key: signed in, with the whole history opened and stored.

    ./parley bench restore [MESSAGES [ROUNDS]]

The client core against the server in memory that its tests use, so that what is counted is the device's own work: the vault, the archive,
every commit of the conversation, every message opened, checked and written to the device's database. 10,000 messages and two rounds
where nothing else is said. `cpu_ms` holds the server's share too; `least_ms` is by the wall's clock.
"""

from __future__ import annotations

import asyncio
import importlib
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from parts import print_row

from parley_ops.layout import checkout

MESSAGES, ROUNDS = 10_000, 2


async def written(people: Any, messages: int) -> None:
    """One person writes so many messages to another."""
    alice, _ = await people.register("alice"), await people.register("bob")
    for number in range(messages):
        await alice.send("@bob", f"message {number}")
    await alice.settle()


async def restored(people: Any, profile: str, messages: int) -> tuple[float, float]:
    """Seconds of a new device's sign-in, by the wall and of the processor; `AssertionError` where a message is missing."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    device = await people.restore("alice", profile)
    taken = time.perf_counter() - begun, time.process_time() - begun_cpu
    count = sum([len(await device.history(each.conversation_id)) for each in device.conversations()])
    if count != messages:
        raise AssertionError(f"{count} messages of {messages} were restored")
    return taken


async def trial(messages: int, rounds: int) -> None:
    """Write, restore on so many new devices, and say how long it took."""
    sys.path.insert(0, str(checkout() / "client" / "tests"))
    world = importlib.import_module("conftest")
    server = world.FakeServer()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as place:
        people = world.People(server, Path(place))
        await written(people, messages)
        spans = [await restored(people, f"device {number}", messages) for number in range(rounds)]
        await people.close()
    (log,) = [each for each in server.logs.values() if len(each.entries) > messages]
    cpu_s = statistics.median(cpu for _, cpu in spans)
    print_row(
        "restore",
        messages=messages,
        epochs=log.epoch + 1,
        n=rounds,
        least_ms=round(1000 * min(wall for wall, _ in spans)),
        cpu_ms=round(1000 * cpu_s),
        cpu_ms_a_message=round(1000 * cpu_s / messages, 3),
    )


def main() -> None:
    words = [int(word) for word in sys.argv[1:]]
    messages, rounds = (*words, *(MESSAGES, ROUNDS)[len(words) :])
    asyncio.run(trial(messages, rounds))


if __name__ == "__main__":
    main()

"""Durable sends per second at 64 senders, each with one message on its way, with one and with two nodes.

    ./parley bench sends [SECONDS]

The senders speak to the nodes' Unix sockets, so that the load generator does not spend the cores on TLS; the messages go to 16
conversations, four senders each.
"""

import asyncio
import json
import sys
import time

from parts import Parts, percentile, print_row
from room import Room, Sender
from websockets.asyncio.client import ClientConnection

from parley_ops import supervision
from parley_ops.layout import Home

SENDERS = 64
CONVERSATIONS = 16
NODES = ("messaging-1", "messaging-2")


async def measure(parts: Parts, seconds: float) -> None:
    room = Room(parts)
    await room.invite(CONVERSATIONS // 2)
    senders = []
    for client in room.people:
        for _ in range(2):
            where = await room.conversation(client, [])
            senders.append(await room.sender(client, where))
    supervisor = supervision.connect(Home(parts.home))
    assert supervisor is not None
    await run(room, senders, NODES, seconds)
    supervisor.stopProcess(NODES[1])
    try:
        await asyncio.sleep(5)
        await run(room, senders, NODES[:1], seconds)
    finally:
        supervisor.startProcess(NODES[1])
    await room.close()


async def run(room: Room, senders: list[Sender], nodes: tuple[str, ...], seconds: float) -> None:
    opened: list[tuple[Sender, ClientConnection]] = []
    for n in range(SENDERS):
        sender = senders[n % len(senders)]
        opened.append(
            (sender, await room.socket(sender.token, uds=room.parts.home / "run" / f"{nodes[n % len(nodes)]}.sock"))
        )
    latencies: list[float] = []
    before, started = room.parts.cpu_s(), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for sender, socket in opened:
            tasks.create_task(send(sender, socket, started + seconds, latencies))
    elapsed, after = time.perf_counter() - started, room.parts.cpu_s()
    print_row(
        "sends",
        n=len(latencies),
        senders=SENDERS,
        conversations=CONVERSATIONS,
        nodes=len(nodes),
        sends_per_s=round(len(latencies) / elapsed),
        ms_p50=round(percentile(latencies, 0.5) * 1e3, 1),
        ms_p99=round(percentile(latencies, 0.99) * 1e3, 1),
        cpu_us_per_send={label: round((after[label] - before[label]) / len(latencies) * 1e6) for label in after},
    )
    for _, socket in opened:
        await socket.close()


async def send(sender: Sender, socket: ClientConnection, until: float, latencies: list[float]) -> None:
    while (started := time.perf_counter()) < until:
        ref, frame = sender.frame()
        await socket.send(frame)
        async for answer in socket:
            if ref in answer and '"ref"' in answer:
                decoded = json.loads(answer)
                if decoded["type"] == "problem":
                    raise RuntimeError(decoded["problem"]["title"])
                break
        latencies.append(time.perf_counter() - started)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    asyncio.run(measure(Parts(), seconds))


if __name__ == "__main__":
    main()

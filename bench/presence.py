"""What idle presence costs: sockets that only send heartbeats, first unwatched, then each watching 19 people.

./parley bench presence [SOCKETS [SECONDS]]
"""

import asyncio
import json
import os
import sys

from parts import Parts, print_row
from redis import Redis
from room import Room
from websockets.asyncio.client import ClientConnection

from parley_contracts.limits import HEARTBEAT_INTERVAL_S

PEOPLE = 20
SETTLE_S = 5.0


async def stay(socket: ClientConnection, delay_s: float) -> None:
    """Beat as a client does, and read what comes."""

    async def beat() -> None:
        await asyncio.sleep(delay_s)
        while True:
            await socket.send('{"type":"heartbeat"}')
            await asyncio.sleep(HEARTBEAT_INTERVAL_S)

    beating = asyncio.create_task(beat())
    try:
        async for _ in socket:
            pass
    finally:
        beating.cancel()


def commands(redis: Redis) -> int:
    """Commands that Valkey has carried out."""
    return int(redis.info("stats")["total_commands_processed"])


async def phase(parts: Parts, redis: Redis, name: str, sockets: int, seconds: float) -> None:
    """Measure for a while."""
    await asyncio.sleep(SETTLE_S)
    memory = parts.memory_bytes()
    cpu, before = parts.cpu_s(), commands(redis)
    await asyncio.sleep(seconds)
    used = {label: after - cpu[label] for label, after in parts.cpu_s().items()}
    print_row(
        "presence",
        what=name,
        n_sockets=sockets,
        seconds=seconds,
        cpu_percent_of_one_core={label: round(100 * s / seconds, 2) for label, s in used.items()},
        valkey_commands_per_s=round((commands(redis) - before) / seconds, 1),
        messaging_mib=round(sum(size for part, size in memory.items() if part.startswith("messaging")) / 2**20, 1),
    )


async def measure(parts: Parts, count: int, seconds: float) -> None:
    with Redis.from_url(os.environ["PARLEY_REDIS_URL"]) as redis:
        room = Room(parts)
        await room.invite(PEOPLE)
        owner, *others = room.people
        where = await room.conversation(owner, others)
        tokens = [await room.token(client) for client in room.people]
        await phase(parts, redis, "no socket", 0, seconds)
        sockets = await room.sockets([tokens[n % PEOPLE] for n in range(count)])
        staying = [
            asyncio.create_task(stay(socket, n * HEARTBEAT_INTERVAL_S / count)) for n, socket in enumerate(sockets)
        ]
        await phase(parts, redis, "idle, nobody watched", count, seconds)
        for n, socket in enumerate(sockets):
            watched = [
                {"user_id": client.whoami().user_id, "conversation_id": where}
                for client in room.people
                if client is not room.people[n % PEOPLE]
            ]
            command = {"type": "presence.watch", "ref": "w", "people": watched}
            # One person's sockets share a device here, which may say so much in a second only.
            await asyncio.sleep(1.1 / PEOPLE)
            await socket.send(json.dumps(command))
        await phase(parts, redis, f"idle, each watching {PEOPLE - 1}", count, seconds)
        for task in staying:
            task.cancel()
        for socket in sockets:
            await socket.close()
        await room.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0 * HEARTBEAT_INTERVAL_S
    asyncio.run(measure(Parts(), count, seconds))


if __name__ == "__main__":
    main()

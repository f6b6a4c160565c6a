"""Idle memory: of the whole system, and of one more idle socket in messaging and in nginx.

./parley bench idle [SOCKETS]
"""

import asyncio
import sys

from parts import Parts, print_row
from room import Room

SETTLE_S = 3.0


async def measure(parts: Parts, count: int) -> None:
    await asyncio.sleep(SETTLE_S)
    fresh = parts.memory_bytes()
    print_row("idle", what="fresh system", mib={name: round(size / 2**20) for name, size in fresh.items()})
    print_row("idle", what="fresh system in all", mib=round(sum(fresh.values()) / 2**20))
    room = Room(parts)
    await room.invite(4)
    tokens = [await room.token(client) for client in room.people]
    warm = await room.sockets(tokens * 4)
    before = parts.memory_bytes()
    sockets = await room.sockets([tokens[n % len(tokens)] for n in range(count)])
    await asyncio.sleep(SETTLE_S)
    after = parts.memory_bytes()
    for prefix in ("messaging", "nginx"):
        grown = sum(after[name] - before[name] for name in after if name.startswith(prefix))
        print_row("idle", what=f"{prefix}, each idle socket", n=count, kib=round(grown / count / 1024, 1))
    for socket in (*warm, *sockets):
        await socket.close()
    await room.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    asyncio.run(measure(Parts(), count))


if __name__ == "__main__":
    main()

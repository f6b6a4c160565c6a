"""Files through Parley against the bare object store: the same engine, the same bytes, turn by turn in one run.

    ./parley bench attachments [ROUNDS]

Up: `Client.send` with the file (read, hashed, sealed twice, announced, sent in parts through the gateway's TLS, completed, and the
message that names it) against one presigned PUT straight to the store. Down: `Client.attachment` (asked for, fetched in ranges through
the gateway, each chunk verified and opened) against one presigned GET.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import httpx
from parts import Parts, print_row
from room import Room

from parley_client import Attachable, Client
from parley_contracts.ids import ConversationId, new_uuid7
from parley_ops import swift

#: (size in bytes, rounds for each one that is asked for)
SIZES = ((200_000, 4), (4_000_000, 2), (50_000_000, 1))
ROUNDS = 5


class Bare:
    """The store itself, over loopback and without TLS."""

    def __init__(self) -> None:
        self._client: Any = swift.client(
            {name: value for name, value in os.environ.items() if name.startswith("PARLEY_S3")}
        )
        self._http = httpx.AsyncClient(timeout=120)

    async def put(self, key: str, content: bytes) -> None:
        """Store an object in one request."""
        answer = await self._http.put(self._sign("put_object", key), content=content)
        answer.raise_for_status()

    async def get(self, key: str) -> int:
        """Fetch an object in one request; its size in bytes."""
        answer = await self._http.get(self._sign("get_object", key))
        answer.raise_for_status()
        return len(answer.content)

    def _sign(self, method: str, key: str) -> str:
        parameters = {"Bucket": "media", "Key": f"bench/{key}"}
        url: str = self._client.generate_presigned_url(method, Params=parameters, ExpiresIn=600)
        return url

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = await work()
    return time.perf_counter() - started, result


async def measure(rounds: int) -> None:
    room, bare = Room(Parts()), Bare()
    await room.invite(2)
    sender, receiver = room.people
    where = await room.conversation(sender, [receiver])
    await sender.send(where, "first")
    for size, more in SIZES:
        await one_size(sender, receiver, where, bare, size, rounds * more)
    await bare.close()
    await room.close()


async def one_size(sender: Client, receiver: Client, where: ConversationId, bare: Bare, size: int, rounds: int) -> None:
    spent: dict[str, list[float]] = {name: [] for name in ("up", "bare up", "down", "bare down", "text")}
    for _ in range(rounds):
        content, key = os.urandom(size), new_uuid7()
        file = Attachable("film", "application/octet-stream", data=content)
        took, sent = await timed(lambda file=file: sender.send(where, "", attachments=[file]))  # type: ignore[misc]
        spent["up"].append(took)
        spent["bare up"].append((await timed(lambda key=key, content=content: bare.put(key, content)))[0])  # type: ignore[misc]
        spent["text"].append((await timed(lambda: sender.send(where, "text")))[0])
        await receiver.sync()
        took, got = await timed(lambda sent=sent: fetched(receiver, where, sent.sequence))  # type: ignore[misc]
        spent["down"].append(took)
        took, got_bare = await timed(lambda key=key: bare.get(key))  # type: ignore[misc]
        spent["bare down"].append(took)
        if (got, got_bare) != (size, size):
            raise RuntimeError("a file came back with another size")
    middle = {name: median(values) for name, values in spent.items()}
    print_row(
        "attachments",
        n=rounds,
        size_bytes=size,
        **{f"{name.replace(' ', '_')}_ms_p50": round(value * 1e3, 1) for name, value in middle.items()},
        up_mb_per_s=round(size / middle["up"] / 1e6, 1),
        down_mb_per_s=round(size / middle["down"] / 1e6, 1),
        up_against_bare=round(middle["bare up"] / middle["up"], 2),
        down_against_bare=round(middle["bare down"] / middle["down"], 2),
    )


async def fetched(client: Client, where: ConversationId, sequence: int) -> int:
    return sum([len(chunk) async for chunk in client.attachment(where, sequence, 0)])


def main() -> None:
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))


if __name__ == "__main__":
    main()

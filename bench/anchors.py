"""Parley beside what limits it: the same work by the bare means, in one run, turn by turn, with ratios and aims.

    ./parley bench anchors [SECONDS [ROUNDS]]

- a room of 200 sockets: a node (durable, judged, encoded) beside picows and a bare loop of `send()`, which only copy a frame as
  long as the node's; all of them on Unix sockets, CPU of the application alone.
- rooms of 10, 200 and 1,000 sockets: what a delivery costs the node in each.
- 64 sends in flight into 16 conversations: one node's API beside a counter document and an insert for each message.
- history in pages of 50: one node's API beside the bare driver.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import version
from pathlib import Path

import uvloop
from anchor_log import Counters, Pages
from anchor_sends import SPEAKER
from hops import PEOPLE, SENDERS, SETTLE_S, SOCKETS, Figures, Written, nodes_of, stack
from lean import Door, LeanSocket
from parts import Parts, cpu_s, print_row
from peer import install_python
from peers_parley import counting
from room import Room, Sender
from tally import Tally

SECONDS, ROUNDS = 5.0, 3
ROOMS = (10, SOCKETS, 1000)
#: On the loop that a node has.
PICOWS = ("picows==2.3.1", f"uvloop=={version('uvloop')}")
#: Of performance.md: name, ratio that is aimed at.
FAN_AIMS = {("picows", 1): 0.8, ("send()", 8): 3.0}
LOG_AIM, LOG_MS_P99_AIM, PAGES_AIM = 8.0, 30.0, 0.8
FLAT_AIM = 1.25
START_TIMEOUT_S = 10.0

Send = Callable[[], Awaitable[None]]


class Fan:
    """A server that fans out, a room of sockets that count, and somebody who speaks."""

    def __init__(self, name: str, tally: Tally, pids: list[int], send: Send) -> None:
        self.name, self.tally, self.send, self._pids = name, tally, send, pids

    async def per_cpu_s(self, seconds: float, in_flight: int) -> float:
        """Deliveries per CPU-second of its processes."""
        before = sum(map(cpu_s, self._pids))
        await self.tally.fan(self.send, seconds, in_flight)
        return self.tally.deliveries / (sum(map(cpu_s, self._pids)) - before)


@contextlib.asynccontextmanager
async def bare(name: str, python: str, program: str, text: str) -> AsyncIterator[Fan]:
    """A program that only fans out, its room full."""
    with tempfile.TemporaryDirectory(prefix="parley-anchor-") as folder:
        path = Path(folder) / "s"
        process = await asyncio.create_subprocess_exec(python, str(Path(__file__).with_name(program)), str(path))
        sockets: list[LeanSocket] = []
        try:
            deadline = time.monotonic() + START_TIMEOUT_S
            while not path.exists():
                if process.returncode is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} did not start")
                await asyncio.sleep(0.05)
            door, tally = Door("http://localhost", uds=path), Tally(SOCKETS)
            for number in range(SOCKETS):

                def heard(_: bytes, number: int = number) -> None:
                    tally.arrived(number)

                sockets.append(await door.open("", heard))
            sockets.append(await door.open(SPEAKER))

            async def send() -> None:
                sockets[-1].send(text)

            yield Fan(name, tally, [process.pid], send)
        finally:
            for socket in sockets:
                socket.close()
            if process.returncode is None:
                process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def of_node(room: Room, sender: Sender, count: int, size: list[int]) -> AsyncIterator[Fan]:
    """The stack's only node with so many sockets of the room's people; what it delivers is as long as `size` says after it."""
    (path,) = nodes_of(room.parts)
    door, tally, sockets = Door(room.parts.address, uds=path), Tally(count), []
    for number in range(count):
        arrived = counting(tally.arrived, number)

        def heard(frame: bytes, arrived: Callable[[bytes], None] = arrived) -> None:
            size[:] = [len(frame)] if b'"message.created"' in frame else size
            arrived(frame)

        token = await room.token(room.people[number % PEOPLE])
        sockets.append(await door.open(token, arrived if number else heard))
    sockets.append(await door.open(await room.token(room.people[0])))

    async def send() -> None:
        sockets[-1].send(sender.frame()[1])

    try:
        pids = [pid for name, pid in room.parts.pids.items() if name.startswith("messaging")]
        yield Fan("node", tally, pids, send)
    finally:
        for socket in sockets:
            socket.close()
        await asyncio.sleep(SETTLE_S)


async def fan_out(parts: Parts, seconds: float, rounds: int) -> None:
    """The room, and rooms of other sizes."""
    python = str(install_python(*PICOWS))
    room = Room(parts)
    await room.invite(PEOPLE)
    owner, *others = room.people
    sender = await room.sender(owner, await room.group(owner, others), "x" * 300)
    size: list[int] = []
    async with of_node(room, sender, 1, size) as one:
        await one.tally.fan(one.send, SETTLE_S, 1)
    text, found = "x" * size[0], defaultdict[tuple[str, int], list[float]](list)
    for _ in range(rounds):
        for opened in (
            of_node(room, sender, SOCKETS, size),
            bare("picows", python, "anchor_picows.py", text),
            bare("send()", sys.executable, "anchor_sends.py", text),
        ):
            async with opened as fan:
                for in_flight in (1, 8):
                    found[fan.name, in_flight].append(await fan.per_cpu_s(seconds, in_flight))
    for (name, in_flight), figures in found.items():
        if name == "node":
            print_row("anchors", work="room of 200", in_flight=in_flight, by=name, per_cpu_s=round(median(figures)))
            continue
        ratios = [mine / its for mine, its in zip(found["node", in_flight], figures, strict=True)]
        row = {"by": name, "per_cpu_s": round(median(figures)), "node_ratio": round(median(ratios), 2)}
        aim = FAN_AIMS.get((name, in_flight))
        judged = {} if aim is None else {"aim": aim, "met": median(ratios) >= aim}
        print_row(
            "anchors", work="room of 200", frame_bytes=size[0], in_flight=in_flight, rounds=rounds, **row, **judged
        )
    costs = defaultdict[int, list[float]](list)
    for _ in range(rounds):
        for count in ROOMS:
            async with of_node(room, sender, count, size) as fan:
                costs[count].append(1e6 / await fan.per_cpu_s(seconds, 1))
    for count, figures in costs.items():
        ratio = median([own / least for own, least in zip(figures, costs[SOCKETS], strict=True)])
        judged = {"aim": FLAT_AIM, "met": ratio <= FLAT_AIM} if count > SOCKETS else {}
        print_row(
            "anchors",
            work=f"room of {count}",
            us_per_delivery=round(median(figures), 2),
            ratio=round(ratio, 2),
            **judged,
        )
    await room.close()


async def log(written: Written, seconds: float, rounds: int) -> None:
    """Writing, then reading what was written."""
    counters = Counters(written.parts)
    await counters.prepare()
    sends, pages = defaultdict[str, list[Figures]](list), defaultdict[str, list[float]](list)
    for _ in range(rounds):
        sends["counter document"].append(await counters.write(seconds, SENDERS))
        sends["node"].append(await written.write(seconds))
    async with Pages(written.parts, written.senders[0]) as reading:
        for _ in range(rounds):
            pages["driver"].append(await reading.by_driver(seconds))
            pages["node"].append(await reading.by_node(seconds))
    await counters.close()
    for name, figures in sends.items():
        typical = {figure: round(median([f[figure] for f in figures]), 1) for figure in ("sends/s", "ms p50", "ms p99")}
        judged = {}
        if name == "node":
            both = zip(figures, sends["counter document"], strict=True)
            ratio = median([mine["sends/s"] / its["sends/s"] for mine, its in both])
            met = ratio >= LOG_AIM and typical["ms p99"] <= LOG_MS_P99_AIM
            judged = {"ratio": round(ratio, 1), "aim": LOG_AIM, "aim_ms_p99": LOG_MS_P99_AIM, "met": met}
        print_row("anchors", work="64 sends in flight", by=name, rounds=rounds, **typical, **judged)
    ratio = median([mine / its for mine, its in zip(pages["node"], pages["driver"], strict=True)])
    for name, found in pages.items():
        judged = {"ratio": round(ratio, 2), "aim": PAGES_AIM, "met": ratio >= PAGES_AIM} if name == "node" else {}
        print_row("anchors", work="pages of 50", by=name, rounds=rounds, pages_per_s=round(median(found)), **judged)


def median(figures: list[float]) -> float:
    return statistics.median(figures)


async def measure(seconds: float, rounds: int) -> None:
    with stack(1, 1) as parts:
        await fan_out(parts, seconds, rounds)
        written = Written("1 node", parts)
        await written.prepare()
        await log(written, seconds, rounds)
        await written.room.close()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    uvloop.run(measure(seconds, int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS))


if __name__ == "__main__":
    main()

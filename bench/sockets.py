"""Many sockets through the gateway: idle and active for a long time, a large group, all of them back at once, a long catch-up.

    ./parley bench sockets [COUNT [MINUTES]]

COUNT idle sockets (10,000) and COUNT/10 active ones stay for MINUTES (30); the active ones are the members of one group in which
a message comes each second. As devices do, each beats, and hands a newer token over before the last one ends. Then: that group at 20 messages a
second; both nodes killed and all sockets back; a device ten times COUNT entries behind. Ends with 1 where something was dropped
or missed, or the way back took over a minute.
"""

import asyncio
import os
import signal
import ssl
import sys
import time
from typing import Any

import httpx
import uvloop
from crowd import Crowd, Passes, Slot, need_files, register
from large import Large
from lean import Door
from parts import Parts, print_row
from room import Room

from parley_client import Client
from parley_contracts.ids import ConversationId
from parley_contracts.limits import MEMBERS_PER_GROUP_MAX, PAGE_ENTRIES_MAX, SOCKET_COMMANDS_IN_FLIGHT_MAX
from parley_ops.errors import OperationError

COUNT, MINUTES = 10_000, 30.0
SOCKETS_PER_ACTIVE, SOCKETS_PER_PERSON = 10, 100
#: How many people one commit brings into the group.
ADDED_AT_ONCE = 100
ACTIVE_PER_S, BUSY_PER_S, BUSY_S = 1.0, 20.0, 60.0
RECONNECT_S_MAX = 60.0
BEHIND_PER_SOCKET = 10
SETTLE_S = 5.0
NODES_TIMEOUT_S = 120.0
NODES = ("messaging-1", "messaging-2")
BASE = "/api/v1/messaging"


class Trial:
    """One run: what it holds, and in how many ways it failed."""

    def __init__(self, parts: Parts, count: int) -> None:
        self.parts, self.count = parts, count
        self.room = Room(parts)
        self.crowd = Crowd(Door(parts.address, parts.ca_file), Passes(parts.address, parts.ca_file))
        self.faults: list[str] = []
        self.idle: list[Slot] = []
        self.active: list[Slot] = []
        self.large: Large
        #: A conversation of one, with its writer, for what would be too much for a large group.
        self.alone: ConversationId
        self.lonely: Large
        self.owner: int

    async def people(self) -> None:
        """Register all, and bring the active ones into one group."""
        began = time.monotonic()
        crowd, active = self.crowd, min(MEMBERS_PER_GROUP_MAX - 1, max(1, self.count // SOCKETS_PER_ACTIVE))
        await self.room.invite(1)
        owner = self.room.people.pop()
        members = await register(self.room, crowd.passes, active)
        group = await self._group(owner, [name for _, name in members])
        self.alone = await self.room.conversation(owner, [])
        senders = [await self.room.sender(owner, where) for where in (group, self.alone)]
        others = await register(self.room, crowd.passes, max(2, self.count // SOCKETS_PER_PERSON))
        self.owner = await crowd.passes.take(owner)
        self.large, self.lonely = [
            Large(crowd.door, crowd.passes, self.owner, sender, await self._head(sender.conversation_id) + 1)
            for sender in senders
        ]
        for n in range(self.count):
            crowd.add(others[n % len(others)][0])
        for number, _ in members:
            crowd.add(number, self.large.ear())
        self.idle, self.active = crowd.slots[: self.count], crowd.slots[self.count :]
        row("people", members=active + 1, people=active + 1 + len(others), seconds=round(time.monotonic() - began, 1))

    async def _group(self, owner: Client, names: list[str]) -> ConversationId:
        group = await self.room.group_of(owner, names[:ADDED_AT_ONCE])
        for at in range(ADDED_AT_ONCE, len(names), ADDED_AT_ONCE):
            await owner.group_add(group, [f"@{name}" for name in names[at : at + ADDED_AT_ONCE]])
        return group

    async def _head(self, conversation_id: ConversationId) -> int:
        async with self._http() as http:
            page = await self._page(http, conversation_id, 0, 1)
            return int(page["head"])

    def _http(self) -> httpx.AsyncClient:
        tls = ssl.create_default_context(cafile=self.parts.ca_file)
        return httpx.AsyncClient(base_url=self.parts.address, verify=tls, timeout=60, trust_env=False)

    async def _page(
        self, http: httpx.AsyncClient, conversation_id: ConversationId, after: int, limit: int
    ) -> dict[str, Any]:
        token = await self.crowd.passes.fresh(self.owner)
        answer = await http.get(
            f"{BASE}/conversations/{conversation_id}/entries",
            params={"after": after, "limit": limit},
            headers={"authorization": f"Bearer {token}"},
        )
        answer.raise_for_status()
        page: dict[str, Any] = answer.json()
        return page

    async def arrive(self) -> None:
        """Open all sockets; what an idle one costs."""
        crowd = self.crowd
        crowd.live()
        await crowd.connect(self.active)
        await crowd.connect(self.idle[:16])
        await asyncio.sleep(SETTLE_S)
        before = self.parts.memory_bytes()
        took = await crowd.connect(self.idle)
        await asyncio.sleep(SETTLE_S)
        after, fresh = self.parts.memory_bytes(), max(1, len(self.idle) - 16)
        kib = {
            part: round(sum(after[name] - before[name] for name in after if name.startswith(part)) / fresh / 1024, 1)
            for part in ("messaging", "nginx")
        }
        row("opened", sockets=len(self.idle), seconds=round(took, 1), kib_each_idle_socket=kib)

    async def stay(self, minutes: float) -> None:
        """Hold all, with a message a second in the group."""
        self.crowd.drops.clear()
        before = self.parts.cpu_s()
        await self.large.write(minutes * 60, ACTIVE_PER_S)
        used = {part: s - before[part] for part, s in self.parts.cpu_s().items()}
        await self._judge("held", idle=len(self.idle), active=len(self.active), minutes=minutes, cpu_s=rounded(used))

    async def write(self, seconds: float) -> None:
        """The group at its full rate."""
        before = self.parts.cpu_s()
        await self.large.write(seconds, BUSY_PER_S)
        used = {part: s - before[part] for part, s in self.parts.cpu_s().items()}
        await self._judge(
            "busy group", members=len(self.active) + 1, per_s=BUSY_PER_S, seconds=seconds, cpu_s=rounded(used)
        )

    async def _judge(self, what: str, **figures: object) -> None:
        complete = await self.large.arrived()
        crowd = self.crowd
        figures |= self.large.figures() | {"renewed": crowd.renewed, "drops": dict(crowd.drops), "complete": complete}
        row(what, **figures)
        if crowd.drops:
            self.faults.append(f"{what}: {crowd.drops.total()} sockets were dropped")
        if not complete:
            self.faults.append(f"{what}: a member missed something")

    async def come_back(self, within_s: float = RECONNECT_S_MAX) -> None:
        """Kill both nodes at once: how long until everybody is ready again."""
        crowd = self.crowd
        crowd.refused, crowd.renewing = 0, False
        await crowd.refresh()
        crowd.drops.clear()
        pids = [self.parts.healthy_pid(name) for name in NODES]
        began = time.monotonic()
        for pid in pids:
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
        while crowd.drops.total() < len(crowd.slots):
            if time.monotonic() > began + within_s:
                self.faults.append("back: a socket did not notice that its node is dead")
                break
            await asyncio.sleep(0.05)
        lost = time.monotonic() - began
        await crowd.connect(crowd.slots)
        took = time.monotonic() - began
        await self._nodes_well()
        row("back", sockets=len(crowd.slots), all_lost_s=round(lost, 1), seconds=round(took, 1), refused=crowd.refused)
        if took > within_s:
            self.faults.append(f"back: {took:.0f} s")

    async def leave(self) -> None:
        """Close all sockets."""
        await self.crowd.leave()

    async def close(self) -> None:
        """Give the connections back."""
        await self.crowd.passes.close()
        await self.room.close()

    async def _nodes_well(self) -> None:
        deadline = time.monotonic() + NODES_TIMEOUT_S
        while None in [await asyncio.to_thread(self.parts.healthy_pid, name) for name in NODES]:
            if time.monotonic() > deadline:
                raise OperationError("A node did not come back.")
            await asyncio.sleep(0.2)

    async def catch_up(self, entries: int) -> None:
        """A device so many entries behind: `ready` with what has changed, then pages until there is no more."""
        start = await self._head(self.alone)
        wrote = await self.lonely.flood(entries, SOCKET_COMMANDS_IN_FLIGHT_MAX // 2)
        row("written", entries=entries, seconds=round(wrote, 1))
        began = time.monotonic()
        socket = await self.crowd.door.open(await self.crowd.passes.fresh(self.owner))
        ready = time.monotonic() - began
        socket.close()
        after, fetched, size = start, 0, 0
        async with self._http() as http:
            while True:
                page = await self._page(http, self.alone, after, PAGE_ENTRIES_MAX)
                found = page["entries"]
                sequences = [entry["sequence"] for entry in found]
                if sequences != list(range(after + 1, after + 1 + len(found))):
                    self.faults.append("catch-up: a page left something out")
                fetched += len(found)
                size += 1
                if page["next"] is None:
                    break
                after = sequences[-1]
        took = time.monotonic() - began
        row("catch-up", entries=fetched, pages=size, ready_ms=round(ready * 1e3), seconds=round(took, 1))
        if fetched < entries:
            self.faults.append(f"catch-up: {fetched} of {entries}")


def rounded(used: dict[str, float]) -> dict[str, float]:
    return {part: round(s, 1) for part, s in used.items()}


def row(what: str, **figures: object) -> None:
    print_row("sockets", what=what, **figures)


async def measure(count: int, minutes: float) -> list[str]:
    need_files(count + count // SOCKETS_PER_ACTIVE)
    trial = Trial(Parts(), count)
    await trial.people()
    await trial.arrive()
    await trial.stay(minutes)
    await trial.write(min(BUSY_S, minutes * 60))
    await trial.come_back()
    await trial.leave()
    await trial.catch_up(count * BEHIND_PER_SOCKET)
    await trial.close()
    return trial.faults


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    faults = uvloop.run(measure(count, float(sys.argv[2]) if len(sys.argv) > 2 else MINUTES))
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

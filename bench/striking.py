"""Faults, as they befall a running stack: parts killed and frozen, the cache flushed. Each is over when `strike` returns.

Signals go only to processes that `./parley status --json` names as parts of the stack under test.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from parts import Parts, process_tree
from redis.asyncio import Redis

BACK_TIMEOUT_S = 60.0
NODES = ("messaging-1", "messaging-2")
MEMBERS = ("mongod", "mongod-2", "mongod-3")


@dataclass
class Scene:
    """The stack, the dice, and how long a freeze lasts. `redis_url` is the administrator's."""

    parts: Parts
    dice: random.Random
    redis_url: str
    freeze_s: float
    struck_s: float = 0.0

    async def kill(self, *names: str) -> None:
        """Kill one of these parts with -9, and wait until it has come back."""
        name = self.dice.choice(names)
        pid = await self._healthy(name)
        self.struck_s = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await self._healthy(name, other_than=pid)

    async def freeze(self, name: str) -> None:
        """Stop a part and everything below it for a while."""
        processes = process_tree(await self._healthy(name))
        self.struck_s = time.monotonic()
        stopped = []
        try:
            for pid in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)
            await asyncio.sleep(self.freeze_s)
        finally:
            for pid in reversed(stopped):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        await self._healthy(name)

    async def kill_primary(self) -> None:
        """Kill the member of MongoDB's set that takes writes; over once all three are well and one takes writes again."""
        await self.kill(await self._primary())
        await self._primary()

    async def freeze_primary(self) -> None:
        """Stop the member that takes writes for a while: the others choose another."""
        await self.freeze(await self._primary())
        await self._primary()

    async def _primary(self) -> str:
        """The member that takes writes, once all are well: two of three must be there when the next one goes."""
        deadline = time.monotonic() + BACK_TIMEOUT_S
        while True:
            members = await asyncio.to_thread(self.parts.mongodb_members)
            primaries = [name for name, role in members.items() if role == "primary"]
            if len(members) == len(MEMBERS) and len(primaries) == 1:
                return primaries[0]
            if time.monotonic() > deadline:
                raise TimeoutError(f"MongoDB's set was not whole within {BACK_TIMEOUT_S:.0f} s: {members}")
            await asyncio.sleep(0.1)

    async def flush(self) -> None:
        """Empty Redis, several times."""
        async with Redis.from_url(self.redis_url) as server:
            self.struck_s = time.monotonic()
            for _ in range(3):
                await server.flushall()
                await asyncio.sleep(self.dice.uniform(0.05, 0.4))

    async def _healthy(self, name: str, *, other_than: int | None = None) -> int:
        """The part's process once it is well."""
        deadline = time.monotonic() + BACK_TIMEOUT_S
        while True:
            pid = await asyncio.to_thread(self.parts.healthy_pid, name)
            if pid is not None and pid != other_than:
                return pid
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} did not come back within {BACK_TIMEOUT_S:.0f} s")
            await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Fault:
    """A fault by its name: how it strikes, how often the full run has it, and whether sockets may end by it.

    Some need MongoDB's set of three: with one member the database is simply away.
    """

    name: str
    full: int
    strike: Callable[[Scene], Awaitable[None]]
    ends_sockets: bool = False
    needs_set: bool = False


FAULTS = (
    Fault("node killed", 200, lambda scene: scene.kill(*NODES), ends_sockets=True),
    Fault("mongodb primary killed", 200, Scene.kill_primary, needs_set=True),
    Fault("redis killed", 200, lambda scene: scene.kill("valkey")),
    Fault("notification killed", 200, lambda scene: scene.kill("notification", "notification-worker")),
    Fault("media killed", 200, lambda scene: scene.kill("media")),
    Fault("mongodb primary frozen", 50, Scene.freeze_primary, needs_set=True),
    Fault("redis frozen", 50, lambda scene: scene.freeze("valkey")),
    Fault("redis flushed", 50, lambda scene: scene.flush()),
    Fault("postgresql frozen", 20, lambda scene: scene.freeze("postgres")),
    Fault("postgresql killed", 20, lambda scene: scene.kill("postgres")),
)

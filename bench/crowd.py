"""Thousands of sockets of one process that live as devices do: they beat, hand newer tokens over, come back.

A drop is a socket that the server or the gateway ended although its token was good and nobody asked for it.
"""

import asyncio
import contextlib
import itertools
import json
import random
import re
import resource
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
from lean import HEARTBEAT, Door, LeanSocket, SocketEnded
from room import Room

from parley_client import Client
from parley_client.backoff import full_jitter
from parley_client.store.documents import load_tokens
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import ACCESS_TOKEN_LIFETIME_S, HEARTBEAT_INTERVAL_S
from parley_ops.errors import OperationError

#: A socket gets a newer token at this time after the last, which was at most so old that it outlasts it.
RENEWED_AT_S = 0.6 * ACCESS_TOKEN_LIFETIME_S
TOKEN_AGE_S_MAX = 0.3 * ACCESS_TOKEN_LIFETIME_S
#: What the generator does at once; it is one process.
OPENINGS_AT_ONCE = 96
REFRESHES_AT_ONCE = 8
RENEWALS_AT_ONCE = 32
#: Connections to one port from one address: nginx's test profile lets 20,000 in, the kernel has ports for 28,000.
SOCKETS_PER_SOURCE = 8_000
FILES_BESIDE = 1_000
CONNECT_TIMEOUT_S = 600.0
TICKS_PER_BEAT = 100
_SEQUENCE = re.compile(rb'"sequence":(\d+)')


class Passes:
    """Access tokens of many people, without their devices: only the refresh tokens are kept."""

    def __init__(self, address: str, ca_file: str) -> None:
        tls = ssl.create_default_context(cafile=ca_file)
        self._http = httpx.AsyncClient(base_url=address, verify=tls, timeout=60, trust_env=False)
        self._tokens: list[tuple[str, str, float]] = []
        self._locks: list[asyncio.Lock] = []
        self._at_once = asyncio.Semaphore(REFRESHES_AT_ONCE)

    async def take(self, client: Client) -> int:
        """Take a device's session over and close the device; the number of its pass."""
        await client.session.api.access_token()
        tokens = load_tokens(client.session.store)
        assert tokens is not None
        await client.close()
        self._tokens.append((tokens.access_token, tokens.refresh_token, time.monotonic() - TOKEN_AGE_S_MAX))
        self._locks.append(asyncio.Lock())
        return len(self._tokens) - 1

    async def fresh(self, number: int) -> str:
        """An access token that lasts until a socket is given the next."""
        async with self._locks[number], self._at_once:
            access, refresh, made_s = self._tokens[number]
            if time.monotonic() >= made_s + TOKEN_AGE_S_MAX:
                answer = await self._http.post(
                    "/api/v1/auth/token/refresh",
                    json={"refresh_token": refresh},
                    headers={"idempotency-key": new_uuid7()},
                )
                answer.raise_for_status()
                body = answer.json()
                access = body["access_token"]
                self._tokens[number] = (access, body["refresh_token"], time.monotonic())
        return access

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()


class Ear:
    """What one device has heard of one conversation, over however many sockets: each sequence once, none left out."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told
        self.last = 0
        self.missed = 0

    def heard(self, frame: bytes) -> None:
        """Take a frame."""
        if b'"message.created"' not in frame:
            return
        found = _SEQUENCE.search(frame)
        assert found is not None
        sequence = int(found[1])
        if sequence > self.last:
            self.missed += sequence - self.last - 1 if self.last else 0
            self.last = sequence
            self._told(sequence)


@dataclass
class Slot:
    """One device's place in the crowd."""

    person: int
    source: str
    ear: Ear | None = None
    socket: LeanSocket | None = None
    token_s: float = 0.0


@dataclass
class Crowd:
    """All sockets, and what befell them."""

    door: Door
    passes: Passes
    slots: list[Slot] = field(default_factory=list)
    #: Close codes of sockets that nobody wanted to end; 1006 is an end without one.
    drops: Counter[int] = field(default_factory=Counter)
    renewed: int = 0
    renewing: bool = True
    refused: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def add(self, person: int, ear: Ear | None = None) -> None:
        """One more device, not connected yet."""
        source = f"127.0.0.{2 + len(self.slots) // SOCKETS_PER_SOURCE}"
        self.slots.append(Slot(person, source, ear))

    async def connect(self, slots: Sequence[Slot]) -> float:
        """Open all that are not open, each again, with a device's pauses, until it is; the seconds it took. `TimeoutError` after many."""
        began, limit = time.monotonic(), asyncio.Semaphore(OPENINGS_AT_ONCE)

        async def until_open(slot: Slot) -> None:
            for attempt in itertools.count():
                if slot.socket is not None:
                    return
                try:
                    async with limit:
                        await self._open(slot)
                except (SocketEnded, OSError, TimeoutError):
                    self.refused += 1
                    await asyncio.sleep(full_jitter(attempt))

        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await asyncio.gather(*(until_open(slot) for slot in slots))
        return time.monotonic() - began

    async def _open(self, slot: Slot) -> None:
        token = await self.passes.fresh(slot.person)
        heard = slot.ear.heard if slot.ear is not None else _ignore

        def ended(code: int) -> None:
            if slot.socket is socket:
                slot.socket = None
                self.drops[code] += 1

        socket = await self.door.open(token, heard, ended, source=slot.source)
        slot.socket, slot.token_s = socket, time.monotonic()

    def live(self) -> None:
        """From now on beat and renew, until `leave`."""
        self._tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._renew())]

    async def _beat(self) -> None:
        tick = 0
        while True:
            began = time.monotonic()
            for slot in self.slots[tick::TICKS_PER_BEAT]:
                if slot.socket is not None:
                    slot.socket.send(HEARTBEAT)
            tick = (tick + 1) % TICKS_PER_BEAT
            await asyncio.sleep(max(0.0, began + HEARTBEAT_INTERVAL_S / TICKS_PER_BEAT - time.monotonic()))

    async def _renew(self) -> None:
        """Give each socket a newer token in good time, spread over the life of the one before, the oldest first."""
        limit = asyncio.Semaphore(RENEWALS_AT_ONCE)

        async def give(slot: Slot) -> None:
            async with limit:
                token = await self.passes.fresh(slot.person)
            if slot.socket is not None:
                slot.socket.send(json.dumps({"type": "token.renew", "ref": "", "access_token": token}))
                slot.token_s = time.monotonic()
                self.renewed += 1

        while True:
            now = time.monotonic()
            # The age varies, or all would be renewed at once for ever.
            due = [
                slot
                for slot in self.slots
                if slot.socket is not None and now > slot.token_s + RENEWED_AT_S * random.uniform(0.5, 1)
            ]
            due = sorted(due, key=lambda slot: slot.token_s) if self.renewing else []
            await asyncio.gather(*(give(slot) for slot in due))
            await asyncio.sleep(1)

    async def refresh(self) -> None:
        """Let everybody have a token for whatever comes."""
        await asyncio.gather(*(self.passes.fresh(person) for person in {slot.person for slot in self.slots}))

    async def leave(self) -> None:
        """Close all sockets."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for slot in self.slots:
            if slot.socket is not None:
                slot.socket.close()


def _ignore(frame: bytes) -> None:
    del frame


def need_files(sockets: int) -> None:
    """Raise the number of files this process may hold open; `OperationError` where that is not enough."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The gateway holds two for each socket, in two workers under the same limit.
    if hard < sockets + FILES_BESIDE:
        raise OperationError(
            f"{sockets} sockets need more open files than {hard}: raise `ulimit -Hn` to {2 * sockets}."
        )


async def register(room: Room, passes: Passes, count: int) -> list[tuple[int, str]]:
    """Register people and keep only their passes, by number, and their user names."""
    found = []
    for _ in range(count):
        await room.invite(1)
        client = room.people.pop()
        name = client.whoami().username
        found.append((await passes.take(client), name))
    return found

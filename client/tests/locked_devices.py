"""Devices behind their locks, driven by method names, on a clock that is turned."""

import asyncio

import msgspec
import pytest
from locked_profiles import Clock, lock_of

from parley_client.client import Client
from parley_client.locking.gate import Gate
from parley_client.rpc import CallError
from parley_mls import default_primitives

WORDS = {"server": "https://parley.test", "username": "alice", "password": "long enough to be"}
SECRET = "what alice noted down"


class Timer:
    """Sleeps that end when the clock is turned."""

    def __init__(self, clock):
        self.clock, self.turned = clock, asyncio.Condition()

    async def sleep(self, seconds):
        until = self.clock.now + seconds
        async with self.turned:
            await self.turned.wait_for(lambda: self.clock.now >= until)

    async def turn(self, seconds):
        async with self.turned:
            self.clock.now += seconds
            self.turned.notify_all()


class Caller:
    """A gate whose answers are plain data, and whose events are kept."""

    def __init__(self, people, folder):
        self.clock, self.events = Clock(), []
        self.timer = Timer(self.clock)
        self.heard = asyncio.Event()
        self.lock = lock_of(folder, self.clock)

        def begin(store):
            network = lambda server, ca_file: people.server  # noqa: E731
            return Client(store, network, default_primitives(), let_go=lambda: None)

        self.gate = Gate(self.lock, default_primitives(), begin, clock=self.clock, sleep=self.timer.sleep)
        self.gate.subscribe(self._hear)
        self.gate.start()

    def _hear(self, event):
        self.events.append((event.name, msgspec.to_builtins(event.params)))
        self.heard.set()

    async def __call__(self, method, **params):
        return msgspec.to_builtins(await self.gate.call(method, params))

    async def refused(self, method, **params):
        with pytest.raises(CallError) as refused:
            await self(method, **params)
        return refused.value.slug

    async def told(self, name, **wanted):
        while not any(heard == name and wanted.items() <= params.items() for heard, params in self.events):
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 10)


@pytest.fixture
async def alice(people, tmp_path):
    caller = Caller(people, tmp_path / "alice")
    caller.made = await caller("register", **WORDS, email="a@x.test")
    opened = await caller("direct.open", username="alice")
    caller.where = opened["conversation_id"]
    await caller("send", to=caller.where, text=SECRET)
    await caller.gate.client.settle()
    yield caller
    await caller.gate.close()


async def read(caller):
    page = await caller("history.page", conversation_id=caller.where)
    return [item["text"] for item in page["items"] if item.get("text")]

"""A device behind its lock: what it answers while it is closed, when it closes, and how people come back."""

import asyncio

import msgspec
import pytest
from locked_profiles import PASSPHRASE, Clock, files_with, lock_of

from parley_client.client import Client
from parley_client.locking.gate import Gate
from parley_client.push.leaves import push_key_in
from parley_client.rpc import CallError
from parley_contracts.encoding import b64encode
from parley_mls import default_primitives, generate_hpke_key

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

        self.gate = Gate(self.lock, begin, clock=self.clock, sleep=self.timer.sleep)
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


async def test_a_locked_device_answers_nothing_and_comes_back_whole(alice, tmp_path):
    assert await alice("lock") == {"set": False, "locked": False, "idle_s": 0}
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    assert await alice("lock") == {"set": True, "locked": False, "idle_s": 600}
    assert await read(alice) == [SECRET]
    await alice("send", to=alice.where, text="later")
    await alice("lock.now")
    await alice.told("lock.changed", locked=True)
    assert await alice("lock") == {"set": True, "locked": True, "idle_s": 0}
    for method in ("session", "summaries", "whoami", "push.secrets"):
        assert await alice.refused(method) == "profile_locked"
    assert files_with(tmp_path, SECRET.encode()) == []
    assert await alice.refused("lock.unlock", passphrase="wrong one") == "wrong_passphrase"
    await alice("lock.unlock", passphrase=PASSPHRASE)
    await alice.told("lock.changed", locked=False)
    assert await read(alice) == [SECRET, "later"]
    await alice("send", to=alice.where, text="and on")
    assert (await alice("session"))["signed_in"]


async def test_nothing_of_the_store_is_held_while_it_is_locked(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=0)
    await alice("lock.now")
    assert alice.lock.store is None and alice.gate._client is None and alice.gate._rpc is None


async def test_it_closes_when_its_person_is_away_and_not_before(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=120)
    for _ in range(30):
        await alice.timer.turn(10)
        await alice("lock.active")
        await alice("summaries")
    assert not (await alice("lock"))["locked"]
    await alice.timer.turn(100)
    await alice("send", to=alice.where, text="who writes is here")
    for _ in range(11):  # what is asked for by news keeps nothing open
        await alice.timer.turn(10)
        await alice("summaries")
    await alice.timer.turn(10)
    await alice.told("lock.changed", locked=True)
    assert (await alice("lock"))["locked"]


async def test_a_machine_that_slept_is_locked_when_it_wakes(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=3600)
    await alice.timer.turn(100_000)
    await alice.told("lock.changed", locked=True)


async def test_the_idle_time_is_changed_and_kept(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    assert await alice.refused("lock.idle", idle_s=1) == "usage"
    await alice("lock.idle", idle_s=0)
    for _ in range(3):
        await alice.timer.turn(100_000)
    assert not (await alice("lock"))["locked"]
    await alice("lock.now")
    await alice("lock.unlock", passphrase=PASSPHRASE)
    assert (await alice("lock"))["idle_s"] == 0
    assert await alice.refused("lock.set", passphrase=PASSPHRASE, idle_s=600) == "usage"
    assert await read(alice) == [SECRET]


async def test_it_is_taken_off_by_its_passphrase_alone(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    assert await alice.refused("lock.remove", passphrase="wrong one") == "wrong_passphrase"
    assert await alice.refused("lock.change", passphrase="wrong one", new="another one") == "wrong_passphrase"
    await alice("lock.change", passphrase=PASSPHRASE, new="another one")
    await alice("lock.remove", passphrase="another one")
    assert await alice("lock") == {"set": False, "locked": False, "idle_s": 0}
    assert await read(alice) == [SECRET]


async def test_a_weak_one_changes_nothing(alice):
    assert await alice.refused("lock.set", passphrase="short", idle_s=600) == "weak_passphrase"
    assert await read(alice) == [SECRET] and not (await alice("lock"))["set"]
    drawn = (await alice("lock.passphrase"))["passphrase"]
    assert len(drawn.split()) == 6


async def test_who_has_forgotten_it_comes_back_by_the_recovery_key(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice("lock.now")
    await alice("lock.forget")
    await alice.told("signed_out")
    assert not (await alice("session"))["signed_in"] and not (await alice("lock"))["set"]
    await alice("login", **WORDS, recovery_key=alice.made["recovery_key"])
    assert SECRET in await read(alice)


async def test_the_lock_goes_with_who_signs_out(alice):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice("logout")
    assert await alice("lock") == {"set": False, "locked": False, "idle_s": 0}
    assert not (await alice("session"))["signed_in"]


async def test_a_profile_that_is_opened_again_is_locked(alice, people, tmp_path):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice.gate.close()
    again = Caller(people, tmp_path / "alice")
    assert (await again("lock"))["locked"] and await again.refused("session") == "profile_locked"
    await again("lock.unlock", passphrase=PASSPHRASE)
    again.where = alice.where
    assert await read(again) == [SECRET]
    alice.gate = again.gate


async def test_an_open_device_is_not_erased_in_passing(alice):
    for _ in range(2):
        assert await alice.refused("lock.forget") == "usage"
        assert await read(alice) == [SECRET]
        if not (await alice("lock"))["set"]:
            await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)


async def test_what_waits_while_it_is_locked_hears_so(alice, people):
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    people.server.fault = lambda request: "lose_request"
    waiting = [
        asyncio.ensure_future(alice.refused(method, **params))
        for method, params in (("send", {"to": alice.where, "text": "on its way"}), ("receive", {"timeout_s": 60}))
    ]
    await asyncio.sleep(0)
    await alice("lock.now")
    assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == ["profile_locked"] * 2
    people.server.fault = lambda request: None
    await alice("lock.unlock", passphrase=PASSPHRASE)
    await alice.gate.client.sync()
    await alice.gate.client.send_waiting()
    assert "on its way" in await read(alice)


async def test_a_sleeping_device_keeps_no_secret_under_a_lock(alice):
    """The browser's push key lies beside the store: no leaf carries it, so no commit seals anything to it."""
    _, key = generate_hpke_key(default_primitives())
    subscription = {"endpoint": "https://push.test/1", "p256dh": "p", "auth": "a", "push_public_key": b64encode(key)}
    await alice("push.subscribe", **subscription)

    def carried():
        group, _ = alice.gate.client.session.groups.load(alice.where)
        return [push_key_in(leaf) for _, leaf in group.members()]

    assert carried() == [key] and (await alice("push.secrets"))["secrets"]
    alice.events.clear()
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice.told("push.changed")
    await alice.gate.client.settle()
    assert carried() == [None]
    secrets = await alice("push.secrets")
    assert (secrets["directory"], secrets["secrets"]) == ("", [])
    await alice("push.subscribe", **subscription)  # as each start of the app does
    assert carried() == [None]
    await alice("lock.remove", passphrase=PASSPHRASE)
    await alice.gate.client.settle()
    assert carried() == [key] and (await alice("push.secrets"))["secrets"]

"""A device behind its lock: what it answers while it is closed, when it closes, and how people come back."""

import asyncio

from locked_devices import SECRET, WORDS, Caller, alice, read  # noqa: F401 - a fixture
from locked_profiles import PASSPHRASE, files_with

from parley_client.push.leaves import push_key_in
from parley_contracts.encoding import b64encode
from parley_mls import default_primitives, generate_hpke_key

OFF = {"set": False, "locked": False, "idle_s": 0, "passkey": False}


async def test_a_locked_device_answers_nothing_and_comes_back_whole(alice, tmp_path):  # noqa: F811
    assert await alice("lock") == OFF
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    assert await alice("lock") == OFF | {"set": True, "idle_s": 600}
    assert await read(alice) == [SECRET]
    await alice("send", to=alice.where, text="later")
    await alice("lock.now")
    await alice.told("lock.changed", locked=True)
    assert await alice("lock") == OFF | {"set": True, "locked": True}
    for method in ("session", "summaries", "whoami", "push.secrets"):
        assert await alice.refused(method) == "profile_locked"
    assert files_with(tmp_path, SECRET.encode()) == []
    assert await alice.refused("lock.unlock", passphrase="wrong one") == "wrong_passphrase"
    await alice("lock.unlock", passphrase=PASSPHRASE)
    await alice.told("lock.changed", locked=False)
    assert await read(alice) == [SECRET, "later"]
    await alice("send", to=alice.where, text="and on")
    assert (await alice("session"))["signed_in"]


async def test_nothing_of_the_store_is_held_while_it_is_locked(alice):  # noqa: F811
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=0)
    await alice("lock.now")
    assert alice.lock.store is None and alice.gate._client is None and alice.gate._rpc is None


async def test_it_closes_when_its_person_is_away_and_not_before(alice):  # noqa: F811
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


async def test_a_machine_that_slept_is_locked_when_it_wakes(alice):  # noqa: F811
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=3600)
    await alice.timer.turn(100_000)
    await alice.told("lock.changed", locked=True)


async def test_the_idle_time_is_changed_and_kept(alice):  # noqa: F811
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


async def test_it_is_taken_off_by_its_passphrase_alone(alice):  # noqa: F811
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    assert await alice.refused("lock.remove", passphrase="wrong one") == "wrong_passphrase"
    assert await alice.refused("lock.change", passphrase="wrong one", new="another one") == "wrong_passphrase"
    await alice("lock.change", passphrase=PASSPHRASE, new="another one")
    await alice("lock.remove", passphrase="another one")
    assert await alice("lock") == OFF
    assert await read(alice) == [SECRET]


async def test_a_weak_one_changes_nothing(alice):  # noqa: F811
    assert await alice.refused("lock.set", passphrase="short", idle_s=600) == "weak_passphrase"
    assert await read(alice) == [SECRET] and not (await alice("lock"))["set"]
    drawn = (await alice("lock.passphrase"))["passphrase"]
    assert len(drawn.split()) == 6


async def test_who_has_forgotten_it_comes_back_by_the_recovery_key(alice):  # noqa: F811
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice("lock.now")
    await alice("lock.forget")
    await alice.told("signed_out")
    assert not (await alice("session"))["signed_in"] and not (await alice("lock"))["set"]
    await alice("login", **WORDS, recovery_key=alice.made["recovery_key"])
    assert SECRET in await read(alice)


async def test_the_lock_goes_with_who_signs_out(alice):  # noqa: F811
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice("logout")
    assert await alice("lock") == OFF
    assert not (await alice("session"))["signed_in"]


async def test_a_profile_that_is_opened_again_is_locked(alice, people, tmp_path):  # noqa: F811
    await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)
    await alice.gate.close()
    again = Caller(people, tmp_path / "alice")
    assert (await again("lock"))["locked"] and await again.refused("session") == "profile_locked"
    await again("lock.unlock", passphrase=PASSPHRASE)
    again.where = alice.where
    assert await read(again) == [SECRET]
    alice.gate = again.gate


async def test_an_open_device_is_not_erased_in_passing(alice):  # noqa: F811
    for _ in range(2):
        assert await alice.refused("lock.forget") == "usage"
        assert await read(alice) == [SECRET]
        if not (await alice("lock"))["set"]:
            await alice("lock.set", passphrase=PASSPHRASE, idle_s=600)


async def test_what_waits_while_it_is_locked_hears_so(alice, people):  # noqa: F811
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


async def test_a_sleeping_device_keeps_no_secret_under_a_lock(alice):  # noqa: F811
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

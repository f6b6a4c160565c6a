"""A process that dies at any write: the profile goes on where it stood, and nothing is lost or doubled."""

import asyncio
import os
import random

import pytest
from crashing import crash_at, crashed, revive

from parley_contracts.ids import is_uuid

SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
PARTS = 3
#: One statement of so many in each part; `./parley bench crashes` makes it smaller.
STRIDE = int(os.environ.get("PARLEY_CRASH_STRIDE", "24"))


async def journey(client, acknowledged):
    await client.send("@bob", "one", patient=True)
    acknowledged.append("one")
    made = await client.group_create("Trip", ["@bob"])
    await client.send(made.conversation_id, "two")
    acknowledged.append("two")
    await client.settle()


async def run_with_crash(world, step):
    """Whether the journey was over before the crash could come."""
    people = world()
    alice, bob = await people.register("alice"), await people.register("bob")
    count, acknowledged = crash_at(alice, step), []
    try:
        await journey(alice, acknowledged)
    except BaseException as error:
        if not crashed(error):
            raise
    over = count[0] < step
    alice = await revive(people, "alice", alice)
    await alice.sync()
    alice.connect()
    await alice.send("@bob", "last", patient=True)
    await bob.sync()
    got = [message.text for message in await bob.receive()]
    assert len(got) == len(set(got)) and set(got) <= {"one", "two", "last"}
    assert {"last", *acknowledged} <= set(got)
    assert all(is_uuid(c.conversation_id) for c in alice.conversations())
    assert alice.notices() == bob.notices() == [] and alice.unopened() == bob.unopened() == {}
    await people.close()
    return over


@pytest.mark.parametrize("part", range(PARTS))
def test_journey_survives_a_crash_at_any_write(world, part, say_trials):
    """Each part takes one statement of so many, and begins elsewhere: the whole range is seen."""
    dice = random.Random(f"{SEED} {part}")
    step, crashes = dice.randint(1, STRIDE), 0
    while not asyncio.run(run_with_crash(world, step)):
        step += STRIDE
        crashes += 1
    assert crashes
    say_trials(f"part {part}: crashes n={crashes} one of each {STRIDE} statements, seed={SEED}")


def test_registration_survives_a_crash_at_any_write(world):
    async def run(step):
        people = world()
        alice = people.open("alice")
        words = {"server": "https://parley.test", "ca_file": None, "username": "alice", "email": "a@x.test"}
        count = crash_at(alice, step)
        try:
            await alice.register(**words, password="a long enough password")
        except BaseException as error:
            if not crashed(error):
                raise
        alice = await revive(people, "alice", alice)
        people.recovery_keys["alice"] = (await alice.register(**words, password="a long enough password")).recovery_key
        await alice.send("@alice", "note")
        await alice.settle()
        phone = await people.restore("alice", "phone")
        assert [message.text for message in await phone.receive()] == ["note"]
        await people.close()
        return count[0] < step

    step = 1
    while not asyncio.run(run(step)):
        step += 5

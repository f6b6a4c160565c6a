"""Whatever the server answers, with one bit or number in it changed: a typed error or nothing, and never a word nobody said."""

import asyncio
import json
import os
import random
import re

import pytest
from sign_in_words import sign_in_words

from parley_client.api.network import Answer
from parley_client.errors import ClientError
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.problems import Problem

#: The same answers for everybody who changes the client; `bench` draws new ones.
SEED = int(os.environ.get("PARLEY_SEED", "366981273"))
TRIALS = 8 * int(os.environ.get("PARLEY_TRIALS", "1"))
BINARY = re.compile(r"[A-Za-z0-9_-]{20,}")
SAID = ["one", "two", "three", "four"]


class Flipping:
    """Changes one value of one answer of the server, which the dice choose; `where` says of what."""

    def __init__(self, server, dice: random.Random, answers: int) -> None:
        self._plain, self._dice = server.request, dice
        self.where, self.left = "", dice.randrange(answers)

    async def request(self, request):
        answer = await self._plain(request)
        if self.where or answer.status != 200 or not answer.body.startswith(b"{"):
            return answer
        told = json.loads(answer.body)
        values = list(places(told))
        self.left -= bool(values)
        if self.left >= 0 or not values:
            return answer
        holder, key = self._dice.choice(values)
        changed = self._changed(holder[key])
        self.where = f"{request.method} {request.path} {key}: {holder[key]!r:.40} -> {changed!r:.40}"
        holder[key] = changed
        return Answer(200, answer.headers, json.dumps(told).encode())

    def _changed(self, value):
        if isinstance(value, int):
            return value + self._dice.choice([-1, 1, 1 << 62, 1 << 70, -(1 << 70)])
        try:
            data = bytearray(b64decode(value))
        except ValueError:
            data = bytearray()
        if not data or self._dice.randrange(4) == 0:  # in the text itself, which may then be no base64url
            place = self._dice.randrange(len(value))
            return value[:place] + chr(ord(value[place]) ^ 1 << self._dice.randrange(7)) + value[place + 1 :]
        data[self._dice.randrange(len(data))] ^= 1 << self._dice.randrange(8)
        return b64encode(bytes(data))


def places(told):
    """Everything in an answer that is binary, an identifier or a number."""
    for key, value in told.items() if isinstance(told, dict) else enumerate(told):
        if isinstance(value, dict | list):
            yield from places(value)
        elif (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, str) and BINARY.fullmatch(value)
        ):
            yield told, key


async def quietly(work):
    """Wait for it; errors that a caller knows are fine."""
    try:
        return await work
    except (ClientError, Problem):
        return None


async def spoken(people):
    """Alice and Bob in a group and a direct conversation, in which two things were said each."""
    alice, bob = await people.register("alice"), await people.register("bob")
    group = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await alice.send(group, "one")
    await alice.send("@bob", "two")
    await bob.sync()
    return alice, bob, group


async def shown(client):
    """Everything that a device shows in any conversation."""
    found = []
    for conversation in client.conversations():
        found += [message.text for message in await quietly(client.history(conversation.conversation_id)) or []]
    return found


async def following(people, alice, bob, group):
    """Bob's device reads on: messages, somebody new, another rule."""
    await people.register("carol")
    await alice.group_add(group, ["@carol"])
    await alice.send(group, "three")
    await alice.group_describe(group, topic="roses")
    await alice.send("@bob", "four")
    return bob


async def joining(people, alice, bob, group):
    """Carol's device comes in by a Welcome."""
    carol = await people.register("carol")
    await alice.group_permissions(group, {"name": "member"})
    await alice.group_add(group, ["@carol"])
    await alice.send(group, "three")
    await alice.send("@carol", "four")
    return carol


async def restoring(people, alice, bob, group):
    """Bob's new device, before it has asked for anything."""
    await bob.settle()
    await bob.send(group, "three")
    await bob.settle()
    return people.open("phone")


async def play(people, scene, answers, dice):
    alice, bob, group = await spoken(people)
    device = await scene(people, alice, bob, group)
    flipping = Flipping(people.server, dice, answers)
    people.server.request = flipping.request
    words = sign_in_words("bob")
    if scene is restoring:
        await quietly(device.login(**words, recovery_key=people.recovery_keys["bob"]))
    await quietly(device.sync())
    await quietly(device.settle())
    assert set(await shown(device)) <= set(SAID), flipping.where
    assert {c.name for c in device.conversations()} <= {"Trip", "alice", "bob", "carol", "", group}, flipping.where
    return flipping.where


#: With the number of answers that a scene begins with.
@pytest.mark.parametrize(("scene", "answers"), [(following, 6), (joining, 12), (restoring, 25)])
def test_a_changed_answer_is_refused_or_harmless(scene, answers, world, say_trials):
    flipped = 0
    for trial in range(TRIALS):
        people, dice = world(), random.Random(f"{SEED} {trial} {scene.__name__}")

        async def run(people=people, dice=dice):
            try:
                return await play(people, scene, answers, dice)
            finally:
                await people.close()

        try:
            flipped += bool(asyncio.run(run()))
        except BaseException as error:
            raise AssertionError(f"trial {trial} of seed {SEED}") from error
    say_trials(f"{scene.__name__}: answers n={TRIALS} flipped={flipped} seed={SEED}")
    assert flipped > TRIALS / 2

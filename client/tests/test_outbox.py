"""The outbox: lost answers, stale epochs, and messages that can never be sent."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_client.store import queues
from parley_contracts.problems import NotFound

FAULTS = st.lists(st.sampled_from([None, "lose_request", "lose_answer"]), max_size=60)


def texts_in(log_reader):
    return [message.text for message in log_reader]


def is_message(request):
    return request.method == "PUT" and "/messages/" in request.path


async def test_lost_answer_repeats_the_same_bytes(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "before")
    faults = iter(["lose_answer", "lose_request", "lose_answer"])
    server.fault = lambda request: next(faults, None) if is_message(request) else None
    sent = await alice.send("@bob", "once")
    bodies = {r.body for r in server.requests if is_message(r) and sent.client_id in r.path}
    assert len(bodies) == 1
    await bob.sync()
    assert texts_in(await bob.receive()) == ["before", "once"]
    assert queues.waiting_conversations(alice.session.store) == []


async def test_stale_epoch_seals_anew_under_the_same_id(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await bob.sync()
    carol = await people.register("carol")
    await alice.group_add(made.conversation_id, ["@carol"])
    sent = await bob.send(made.conversation_id, "from the old epoch")
    bodies = [r.body for r in server.requests if is_message(r) and sent.client_id in r.path]
    assert len(bodies) == 2 and bodies[0] != bodies[1]
    await carol.sync()
    assert texts_in(await carol.receive()) == ["from the old epoch"]


async def test_first_copy_wins_after_an_epoch_change(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await bob.sync()
    await people.register("carol")
    lost = asyncio.Event()
    server.fault = lambda request: is_message(request) and (lost.set() or "lose_answer")
    sending = asyncio.create_task(bob.send(made.conversation_id, "first copy"))
    await lost.wait()
    sending.cancel()
    bob = await people.reopen("bob", bob)
    server.fault = lambda request: None
    await alice.group_add(made.conversation_id, ["@carol"])
    await bob.sync()
    bob.connect()
    await bob.send(made.conversation_id, "next")
    assert server.refused == ["client_id_reused"]
    await alice.sync()
    assert texts_in(await alice.receive()) == ["first copy", "next"]
    assert alice.notices() == []


async def test_removed_sender_is_told(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await bob.sync()
    await alice.group_remove(made.conversation_id, ["@bob"])
    with pytest.raises((NotFound, Exception), match=r"belong|nothing"):
        await bob.send(made.conversation_id, "too late")


async def test_queued_message_survives_the_process(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "one")
    tried = asyncio.Event()
    server.fault = lambda request: is_message(request) and (tried.set() or "lose_request")
    sending = asyncio.create_task(alice.send("@bob", "two"))
    await tried.wait()
    sending.cancel()
    again = await people.reopen("alice", alice)
    server.fault = lambda request: None
    again.connect()
    bob.connect()
    got = []
    while "two" not in got:
        batch = await bob.receive(timeout_s=5)
        bob.received(batch)
        got += texts_in(batch)
    assert got == ["one", "two"]


async def test_settings_that_do_not_sync_hold_no_message_up(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "one")
    tried = asyncio.Event()
    server.fault = lambda request: is_message(request) and (tried.set() or "lose_request")
    sending = asyncio.create_task(alice.send("@bob", "two"))
    await tried.wait()
    sending.cancel()
    again = await people.reopen("alice", alice)
    server.fault = lambda request: "lose_request" if request.path.startswith("/api/v1/messaging/settings") else None
    again.connect()
    bob.connect()
    got = []
    while "two" not in got:
        batch = await bob.receive(timeout_s=5)
        assert batch, got
        bob.received(batch)
        got += texts_in(batch)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=FAULTS)
def test_any_interleaving_yields_each_message_once(world, faults):
    async def run():
        people = world()
        alice, bob = await people.register("alice"), await people.register("bob")
        remaining = iter(faults)
        people.server.fault = lambda request: next(remaining, None) if "/messaging/" in request.path else None
        words = [f"message {number}" for number in range(4)]
        for word in words[:2]:
            await alice.send("@bob", word, patient=True)
        await asyncio.gather(*(alice.send("@bob", word, patient=True) for word in words[2:]))
        people.server.fault = lambda request: None
        await bob.sync()
        assert sorted(texts_in(await bob.receive())) == words
        assert bob.notices() == alice.notices() == []
        await people.close()

    asyncio.run(run())

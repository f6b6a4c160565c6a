"""`Client` against a server in memory: the journeys."""

import pytest

from parley_client.errors import AlreadySignedIn, NotSignedIn, RecoveryKeyRefused, UsageError
from parley_contracts.ids import direct_conversation_id
from parley_contracts.problems import NotFound, TooLarge


async def texts(client):
    await client.sync()
    batch = await client.receive()
    client.received(batch)
    return [(message.sender, message.text) for message in batch]


async def test_direct_message_arrives(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    sent = await alice.send("@bob", "hello")
    assert sent.conversation_id == direct_conversation_id(alice.whoami().user_id, bob.whoami().user_id)
    assert await texts(bob) == [("alice", "hello")]
    await bob.send("@alice", "hello back")
    assert await texts(alice) == [("bob", "hello back")]
    assert await texts(bob) == await texts(alice) == []


async def test_note_to_self_is_readable(people):
    alice = await people.register("alice")
    sent = await alice.send("@alice", "milk")
    await alice.sync()
    assert [m.text for m in await alice.history(sent.conversation_id)] == ["milk"]


async def test_group_of_three_talks(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    made = await alice.group_create("Trip", ["@bob", "@carol"])
    await alice.send(made.conversation_id, "where to?")
    assert await texts(bob) == [("alice", "where to?")]
    await bob.send("Trip", "the sea")
    assert await texts(carol) == [("alice", "where to?"), ("bob", "the sea")]
    assert carol.conversations()[0].name == "Trip"
    assert sorted(carol.conversations()[0].members) == ["alice", "bob", "carol"]


async def test_removed_person_reads_no_more(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    made = await alice.group_create("Trip", ["@bob"])
    await alice.send(made.conversation_id, "one")
    await alice.group_add(made.conversation_id, ["@carol"])
    await alice.send(made.conversation_id, "two")
    assert await texts(carol) == [("alice", "two")]
    await alice.group_remove(made.conversation_id, ["@carol"])
    await alice.send(made.conversation_id, "three")
    assert await texts(carol) == []
    assert await texts(bob) == [("alice", "one"), ("alice", "two"), ("alice", "three")]
    assert carol.conversations()[0].status == "removed"


async def test_restored_device_reads_everything(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "first")
    await bob.sync()
    await bob.send("@alice", "second")
    made = await bob.group_create("Trip", ["@alice"])
    await bob.send(made.conversation_id, "third")
    await alice.sync()
    phone = await people.restore("alice", "phone")
    assert sorted(await texts(phone)) == [("alice", "first"), ("bob", "second"), ("bob", "third")]
    assert phone.unopened() == {} and phone.notices() == []
    await bob.send("@alice", "live again")
    assert await texts(phone) == [("bob", "live again")]
    await phone.send("@bob", "from the new phone")
    assert await texts(bob) == [("alice", "first"), ("alice", "from the new phone")]
    assert ("alice", "from the new phone") in await texts(alice)


async def test_live_messages_arrive_by_socket(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    bob.connect()
    await alice.send("@bob", "now")
    assert [m.text for m in await bob.receive(timeout_s=10)] == ["now"]


async def test_a_new_device_writes_in_a_group_that_changed(people):
    alice, bob, _ = [await people.register(name) for name in ("alice", "bob", "carol")]
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await alice.group_add(where, ["@carol"])
    await alice.send(where, "all here")
    await alice.group_remove(where, ["@carol"])
    await alice.settle()
    phone = await people.restore("alice", "phone")
    assert [c.status for c in phone.conversations()] == ["member"]
    await phone.send(where, "from the phone")
    await bob.sync()
    assert [m.text for m in await bob.history(where)] == ["all here", "from the phone"]


async def test_sending_needs_sense(people):
    alice = await people.register("alice")
    with pytest.raises(UsageError):
        await alice.send("@alice", "")
    with pytest.raises(TooLarge):
        await alice.send("@alice", "x" * 20_000)
    with pytest.raises(NotFound):
        await alice.send("@nobody", "hello")


async def test_profile_belongs_to_one_account(people):
    alice = await people.register("alice")
    words = {"server": "https://parley.test", "ca_file": None, "email": "", "password": "p"}
    with pytest.raises(AlreadySignedIn):
        await alice.register(username="bob", **words)
    alice.forget_recovery_key()
    with pytest.raises(AlreadySignedIn):
        await alice.register(username="alice", **words)


async def test_wrong_recovery_key_is_refused(people):
    await people.register("alice")
    await people.register("bob")
    people.recovery_keys["alice"] = people.recovery_keys["bob"]
    with pytest.raises(RecoveryKeyRefused):
        await people.restore("alice", "phone")
    people.recovery_keys["alice"] = "PARLEY-0000"
    with pytest.raises(RecoveryKeyRefused):
        await people.restore("alice", "tablet")


async def test_logout_erases_the_profile(people):
    alice = await people.register("alice")
    await alice.send("@alice", "milk")
    await alice.logout()
    with pytest.raises(NotSignedIn):
        alice.whoami()
    assert alice.conversations() == []

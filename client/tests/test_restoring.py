"""After a restored backup: nothing without the person's word, then everybody goes back, offers again, and has each message once."""

import asyncio

import pytest

from parley_client.errors import ConversationForked, ServerRestored
from parley_client.restoring import offering
from parley_client.settings.marks import Marks
from parley_contracts.messaging_api import Head


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


async def until(condition):
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def texts(client, where):
    return [message.text for message in await client.history(where)]


async def received(client):
    batch = await client.receive(timeout_s=0)
    client.received(batch)
    return [message.text for message in batch]


async def agree(*clients):
    """Everybody says that they knew; then all of them see what the others have offered."""
    outcomes = [await client.accept_restore() for client in clients]
    for client in clients:
        await client.send_waiting()
    for client in clients:
        await client.sync()
    return outcomes


async def test_what_a_backup_lacks_is_offered_again_and_nothing_is_doubled(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    sent = await alice.send("@bob", "one")
    where = sent.conversation_id
    await bob.sync()
    backup = server.backup()
    for text in ("two", "three"):
        await alice.send("@bob", text)
    await bob.sync()
    await bob.send("@alice", "four")
    await alice.sync()
    assert await received(bob) == ["one", "two", "three"]
    server.restore(backup)
    for client in (alice, bob):
        with pytest.raises(ServerRestored):
            await client.sync()
        assert client.restore_waiting() == server.generation
    outcomes = await agree(alice, bob)
    assert [[each.outcome for each in outcome] for outcome in outcomes] == [["returned"]] * 2
    for client in (alice, bob):
        assert sorted(await texts(client, where)) == ["four", "one", "three", "two"]
        assert client.lost() == []
        assert client.restore_waiting() is None
        assert [notice.code for notice in client.notices()] == []
    assert await texts(alice, where) == await texts(bob, where)
    assert await received(bob) == []
    own = [(entry.device_id, entry.client_id) for entry in server.logs[where].entries]
    assert len(own) == len(set(own))
    await bob.send("@alice", "five")
    await alice.sync()
    assert (await texts(alice, where))[-1] == "five"


async def test_a_group_whose_epochs_were_lost_is_entered_anew(people, server):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    group = await alice.group_create("Choir", ["@bob"])
    where = group.conversation_id
    await alice.send(where, "one")
    await bob.sync()
    backup = server.backup()
    await alice.group_add(where, ["@carol"])
    await carol.sync()
    await alice.send(where, "two")
    await bob.sync()
    await bob.send(where, "three")
    await alice.sync()
    epoch = server.logs[where].epoch
    server.restore(backup)
    assert server.logs[where].epoch < epoch
    outcomes = await agree(alice, bob, carol)
    await agree(alice, bob)
    assert [outcome[-1].outcome for outcome in outcomes] == ["returned", "returned", "gone"]
    for client in (alice, bob):
        assert sorted(await texts(client, where)) == ["one", "three", "two"]
    assert await texts(alice, where) == await texts(bob, where)
    assert "restored" in {notice.code for notice in carol.notices()}
    await alice.group_add(where, ["@carol"])
    await carol.sync()
    await alice.send(where, "four")
    await carol.sync()
    assert (await texts(carol, where))[-1] == "four"


async def test_nothing_is_sealed_to_a_device_that_a_restore_brings_back(people, server, monkeypatch):
    """Whoever holds the server claims a restore, and somebody who was put out would read what was written after."""
    alice, bob, eve = [await people.register(name) for name in ("alice", "bob", "eve")]
    group = await alice.group_create("Choir", ["@bob", "@eve"])
    where = group.conversation_id
    await alice.send(where, "one")
    await bob.sync()
    await eve.sync()
    backup = server.backup()
    await alice.group_remove(where, ["@eve"])
    await alice.send(where, "of Eve")
    await alice.sync()
    await bob.sync()
    server.restore(backup)
    (outcome,) = [each for each in await alice.accept_restore() if each.conversation_id == where]
    assert (outcome.outcome, outcome.strangers) == ("strangers", ("eve",))
    await alice.send_waiting()
    await eve.accept_restore()
    await eve.sync()
    assert "of Eve" not in await texts(eve, where)
    assert await texts(alice, where) == ["one", "of Eve"]
    with pytest.raises(ConversationForked):
        await alice.send(where, "more of Eve")
    await eve.sync()
    assert await texts(eve, where) == ["one"]
    returned = await alice.accept_strangers(where)
    assert returned.outcome == "returned"
    assert await texts(alice, where) == ["one"]
    monkeypatch.setattr(offering, "RESTORE_WAIT_S_MAX", -1)  # for those who were not there nobody waits any longer
    await alice.sync()
    await alice.send_waiting()
    await alice.sync()
    assert await texts(alice, where) == ["one", "of Eve"]


async def test_a_claimed_restore_changes_nothing_without_the_persons_word(people, server):
    alice, _ = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    told = []
    alice.subscribe(lambda event: told.append(event.name))
    await alice.connected()
    backup = server.backup()
    await alice.send("@bob", "two")
    server.restore(backup)
    await until(lambda: "server.restored" in told)
    assert await texts(alice, where) == ["one", "two"]
    assert alice.connection == "offline" or not alice.session.signals.connected
    await alice.accept_restore()
    await alice.connected()
    await until(lambda: len(server.logs[where].entries) == len(backup[0][where].entries) + 1)
    assert await texts(alice, where) == ["one", "two"]


async def test_what_was_deleted_is_not_offered_again(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    await bob.sync()
    backup = server.backup()
    gone = await alice.send("@bob", "a mistake")
    await alice.delete(where, gone.sequence)
    await alice.send("@bob", "answer", reply_to=gone.sequence)
    await alice.sync()
    await bob.sync()
    server.restore(backup)
    await agree(alice, bob)
    for client in (alice, bob):
        assert "a mistake" not in await texts(client, where)
        assert "answer" in await texts(client, where)


async def test_what_others_had_sent_is_kept_until_they_come(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    await bob.sync()
    backup = server.backup()
    await bob.send("@alice", "of Bob")
    await alice.sync()
    server.restore(backup)
    (outcome,) = await alice.accept_restore()
    assert outcome.lost == 1
    assert [row.client_id for row in alice.lost()]
    assert await texts(alice, where) == ["one"]
    await agree(bob)
    await alice.sync()
    assert await texts(alice, where) == ["one", "of Bob"]
    assert alice.lost() == []


async def test_an_accepted_restore_survives_a_crash_between_conversations(people, server):
    alice, _ = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    note = (await alice.send("@alice", "note")).conversation_id
    backup = server.backup()
    await alice.send("@bob", "two")
    await alice.send("@alice", "another note")
    await alice.sync()
    server.restore(backup)
    server.fault = lambda request: "lose_request" if f"{note}/hashes" in request.path else None
    outcome = {each.conversation_id: each.outcome for each in await alice.accept_restore()}
    assert sorted(outcome.values()) == ["returned", "unsettled"]
    alice = await people.reopen("alice", alice)
    server.fault = lambda request: None
    assert alice.restore_waiting() == server.generation
    await alice.accept_restore()
    await alice.send_waiting()
    await alice.sync()
    assert await texts(alice, where) == ["one", "two"]
    assert await texts(alice, note) == ["note", "another note"]
    assert alice.restore_waiting() is None


async def test_an_open_channel_is_read_anew(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    channel = await alice.channel_create("News")
    where = channel.conversation_id
    await bob.channel_join(where)
    await alice.send(where, "one")
    await bob.sync()
    backup = server.backup()
    await alice.send(where, "two")
    await bob.sync()
    await alice.sync()
    server.restore(backup)
    await agree(alice, bob)
    for client in (alice, bob):
        assert await texts(client, where) == ["one", "two"]
        assert client.lost() == []
    assert len(server.logs[where].entries) == len(backup[0][where].entries) + 1


def test_a_head_says_nothing_of_generations():
    """The generation is the server's, not a conversation's: nobody can claim a restore of one conversation alone."""
    assert not {name for name in Head.__struct_fields__ if "generation" in name}


async def test_what_people_chose_since_the_backup_is_chosen_again(people, server):
    alice = await people.register("alice")
    await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    second = await people.restore("alice", "alice2")
    alice.change_settings(where, folder="Old", favourite=True)
    await alice.change_privacy(typing=False)
    await alice.sync_settings()
    await second.sync_settings()
    backup = server.backup()
    for folder in ("New", "Newer", "Newest"):
        alice.change_settings(where, folder=folder, favourite=False)
        await alice.sync_settings()
    await alice.contact_add("bob")
    await alice.change_privacy(presence=False)
    await alice.sync_settings()
    server.restore(backup)
    await agree(alice)
    second.change_settings(where, pinned=True)  # this one had not heard of what the other chose last
    await agree(second)
    await alice.sync_settings()
    for device in (alice, second):
        assert device.settings() == {where: Marks(folder="Newest", pinned=True)}
        assert [each.username for each in device.contacts()] == ["bob"]
        chosen = await device.privacy()
        assert (chosen.typing, chosen.presence, chosen.receipts) == (False, False, True)

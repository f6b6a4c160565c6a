"""The log on a device: gaps, order, forks, tampering, rotation, revoked devices, forged beginnings."""

import asyncio

import msgspec
import pytest
from hostile_people import user

from parley_client.errors import ConversationForked, NetworkError, UntrustedIdentity
from parley_client.groups import commits
from parley_client.store.conversations import load_conversation
from parley_client.sync.catch_up import deliver
from parley_client.sync.hashing import entry_hash
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.limits import EPOCH_AGE_S_MAX, EPOCH_MESSAGES_MAX, EPOCH_WRITING_AGE_S_MAX


async def talk(people, words=()):
    """Alice and Bob in their direct conversation; Bob has read `words`."""
    alice, bob = await people.register("alice"), await people.register("bob")
    sent = await alice.send("@bob", "zero")
    for word in words:
        await alice.send("@bob", word)
    await bob.sync()
    bob.received(await bob.receive())
    return alice, bob, sent.conversation_id


async def fresh_texts(client):
    batch = await client.receive()
    client.received(batch)
    return [message.text for message in batch]


async def test_live_gap_is_filled_by_pages(people, server):
    alice, bob, conversation_id = await talk(people)
    for word in ("one", "two", "three"):
        await alice.send("@bob", word)
    newest = server.logs[conversation_id].entries[-1]
    await deliver(bob.session, [newest])
    assert await fresh_texts(bob) == ["one", "two", "three"]
    await deliver(bob.session, [newest])
    assert await fresh_texts(bob) == []


async def test_long_log_comes_in_pages(people, server, monkeypatch):
    monkeypatch.setattr("parley_client.api.messaging.PAGE_ENTRIES_MAX", 3)
    alice, bob, _ = await talk(people)
    words = [str(number) for number in range(10)]
    for word in words:
        await alice.send("@bob", word)
    await bob.sync()
    assert await fresh_texts(bob) == words


async def test_server_may_not_leave_entries_out(people, server):
    alice, bob, conversation_id = await talk(people)
    await alice.send("@bob", "one")
    await alice.send("@bob", "two")
    log = server.logs[conversation_id]
    del log.entries[-2]
    with pytest.raises(NetworkError):
        await bob.sync()
    assert await fresh_texts(bob) == []


async def test_hidden_message_is_found_out_by_the_next(people, server, no_pauses):
    alice, bob, conversation_id = await talk(people)
    await alice.send("@bob", "hidden")
    await alice.sync()
    await alice.send("@bob", "seen")
    log = server.logs[conversation_id]
    hidden, seen = log.entries[-2:]
    log.entries[-2:] = [msgspec.structs.replace(seen, sequence=hidden.sequence)]
    await bob.sync()
    assert {notice.code for notice in bob.notices()} == {"fork", "counter_gap"}
    assert bob.conversations()[0].status == "forked"
    with pytest.raises(ConversationForked):
        await bob.send("@alice", "into the void")


@pytest.mark.parametrize(
    ("part", "cause"), [("ciphertext", "signature_invalid"), ("signature", "signature_invalid"), ("header", None)]
)
async def test_changed_byte_is_refused_with_a_cause(people, server, part, cause):
    alice, bob, conversation_id = await talk(people)
    await alice.send("@bob", "true words")
    log = server.logs[conversation_id]
    data = bytearray(b64decode(getattr(log.entries[-1], part)))
    data[-1] ^= 1
    log.entries[-1] = msgspec.structs.replace(log.entries[-1], **{part: b64encode(bytes(data))})
    await bob.sync()
    assert await fresh_texts(bob) == []
    assert sum(bob.unopened().values()) == 1 and (cause is None or cause in bob.unopened())


async def test_replayed_message_is_refused(people, server):
    alice, bob, conversation_id = await talk(people)
    await alice.send("@bob", "once")
    log = server.logs[conversation_id]
    log.entries.append(msgspec.structs.replace(log.entries[-1], sequence=len(log.entries) + 1))
    log.hashes.append(entry_hash(log.entries[-1]))
    await bob.sync()
    assert await fresh_texts(bob) == ["once"]
    assert bob.unopened() == {"repeated": 1}


async def test_old_epochs_take_no_messages(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await alice.send(made.conversation_id, "in its epoch")
    log = server.logs[made.conversation_id]
    late = log.entries[-1]
    await people.register("carol")
    await alice.group_add(made.conversation_id, ["@carol"])
    log.entries.append(msgspec.structs.replace(late, sequence=len(log.entries) + 1, client_id=late.client_id))
    await bob.sync()
    assert bob.unopened() == {"sender_not_in_epoch": 1}


async def test_both_begin_the_conversation_at_once(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await asyncio.gather(alice.send("@bob", "from alice"), bob.send("@alice", "from bob"))
    await asyncio.gather(alice.sync(), bob.sync())
    assert await fresh_texts(bob) == ["from alice"]
    assert await fresh_texts(alice) == ["from bob"]
    assert len(server.logs) == 1


async def test_epochs_rotate_by_count_and_age(people, server, monkeypatch):
    alice, bob, conversation_id = await talk(people)
    row = load_conversation(alice.session.store, conversation_id)
    quiet = msgspec.structs.replace(row, epoch_messages=0, epoch_at=1000)
    assert not commits.rotation_due(quiet, now=1000 + EPOCH_WRITING_AGE_S_MAX + 1)
    assert commits.rotation_due(quiet, now=1000 + EPOCH_AGE_S_MAX + 1)
    writing = msgspec.structs.replace(quiet, epoch_messages=1)
    assert commits.rotation_due(writing, now=1000 + EPOCH_WRITING_AGE_S_MAX + 1)
    assert commits.rotation_due(msgspec.structs.replace(writing, epoch_messages=EPOCH_MESSAGES_MAX), now=1000)
    monkeypatch.setattr(commits, "EPOCH_MESSAGES_MAX", 3)
    epoch = server.logs[conversation_id].epoch
    for number in range(5):
        await alice.send("@bob", str(number))
        await alice.sync()
    assert server.logs[conversation_id].epoch == epoch + 1
    await bob.sync()
    assert await fresh_texts(bob) == ["0", "1", "2", "3", "4"]


async def test_signed_out_device_leaves_with_the_next_commit(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await alice.send(made.conversation_id, "one")
    await bob.sync()
    phone = await people.restore("bob", "phone")
    assert len(server.logs[made.conversation_id].public.members()) == 3
    await phone.logout()
    await people.register("carol")
    await alice.group_add(made.conversation_id, ["@carol"])
    assert len(server.logs[made.conversation_id].public.members()) == 3
    await alice.send(made.conversation_id, "two")
    await bob.sync()
    assert await fresh_texts(bob) == ["one", "two"]


async def test_who_is_not_shown_keeps_nobody_from_committing(people, server, no_pauses):
    """An operator suspended Bob, and the server shows nothing of him: others go on, and he is in the group when he comes back."""
    alice, bob, _ = await talk(people)
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await bob.sync()
    hidden, server.statements[user(bob)] = server.statements[user(bob)], []
    await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await alice.send(where, "without Bob")
    server.statements[user(bob)] = hidden
    await bob.sync()
    assert "without Bob" in await fresh_texts(bob)


async def test_forged_key_of_a_person_is_refused(people, server):
    alice, bob, _ = await talk(people)
    mallory = await people.register("mallory")
    ids = {client: client.whoami().user_id for client in (bob, mallory)}
    server.statements[ids[bob]] = server.statements[ids[mallory]]
    with pytest.raises(UntrustedIdentity):
        await alice.group_create("Trip", ["@bob"])


async def test_member_outside_the_roster_is_refused(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    mallory = await people.register("mallory")
    made = await alice.group_create("Trip", ["@bob"])
    await bob.sync()
    log = server.logs[made.conversation_id]
    log.first_visible[mallory.whoami().user_id] = 1
    await mallory.sync()
    assert all(conversation.status != "member" for conversation in mallory.conversations())
    await alice.send(made.conversation_id, "still private")
    await bob.sync()
    assert await fresh_texts(bob) == ["still private"]


async def test_history_before_joining_stays_closed(people, server, no_pauses):
    alice, _bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await alice.send(made.conversation_id, "before carol")
    carol = await people.register("carol")
    await alice.group_add(made.conversation_id, ["@carol"])
    await alice.send(made.conversation_id, "after")
    await carol.sync()
    assert await fresh_texts(carol) == ["after"]
    tablet = await people.restore("carol", "tablet")
    assert await fresh_texts(tablet) == ["after"]


async def test_changed_archive_is_reported(people, server):
    alice, _, _conversation_id = await talk(people)
    await alice.settle()
    for key, record in server.archive.items():
        if key[0] == alice.whoami().user_id and key[3] == "1":
            data = bytearray(b64decode(record["sealed"]))
            data[-1] ^= 1
            server.archive[key] = {"sealed": b64encode(bytes(data))}
    phone = await people.restore("alice", "phone")
    assert "history_incomplete" in {notice.code for notice in phone.notices()}


async def test_person_who_came_back_restores_what_they_may_see(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await alice.send(made.conversation_id, "one")
    await bob.sync()
    await alice.group_remove(made.conversation_id, ["@bob"])
    await bob.sync()
    await alice.send(made.conversation_id, "between")
    await alice.group_add(made.conversation_id, ["@bob"])
    await alice.send(made.conversation_id, "two")
    await bob.sync()
    assert await fresh_texts(bob) == ["one", "two"]
    phone = await people.restore("bob", "phone")
    assert await fresh_texts(phone) == ["two"]
    assert phone.notices() == []


async def test_a_missing_epoch_is_no_gap_of_its_senders(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await alice.send(where, "one")
    for role, word in (("moderator", "two"), ("member", "three")):
        await alice.group_role(where, "@bob", role)
        await alice.send(where, word)
    await bob.sync()

    async def read(client):
        return [message.text for message in await client.history(where)]

    own = sorted(key for key in server.archive if key[:2] == (bob.whoami().user_id, where))
    late = server.archive.pop(own[1])
    phone = await people.restore("bob", "phone")
    assert (await read(phone), phone.unopened()) == (["one", "three"], {"epoch_key_missing": 1})
    server.archive[own[1]] = late
    await phone.sync()
    assert (await read(phone), phone.unopened(), phone.notices()) == (["one", "two", "three"], {}, [])

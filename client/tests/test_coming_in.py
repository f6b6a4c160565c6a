"""Ways into a group that the simulation found shut: taken in again while away, a Welcome in the middle, an archive in the making."""

import msgspec
import pytest

from parley_client.groups import entering
from parley_client.groups.commits import Plan, prepare
from parley_client.groups.conversations import add_rostered
from parley_client.groups.entering import enter
from parley_client.store import queues
from parley_client.store.conversations import load_conversation
from parley_client.sync.catch_up import catch_up


@pytest.fixture
async def trip(people, no_pauses):
    """Alice's group with Bob, who has read the first word."""
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await alice.send(where, "one")
    await bob.sync()
    return alice, bob, where


async def texts(client, where):
    return [message.text for message in await client.history(where)]


def row_of(client, where):
    return load_conversation(client.store, where)


async def out_and_in(alice, where):
    """Bob misses a word, is put out, misses another, and is taken in."""
    await alice.send(where, "missed")
    await alice.group_remove(where, ["@bob"])
    await alice.send(where, "between")
    await alice.group_add(where, ["@bob"])
    await alice.send(where, "two")


async def test_who_was_put_out_and_taken_in_while_away_comes_in_by_the_welcome(trip):
    alice, bob, where = trip
    await out_and_in(alice, where)
    await bob.sync()
    assert (row_of(bob, where).status, await texts(bob, where)) == ("member", ["one", "two"])
    assert bob.notices() == []


@pytest.mark.parametrize("out", [True, False], ids=["knows that it was put out", "was away all the while"])
async def test_who_was_taken_in_comes_in_also_without_a_welcome_of_use(trip, server, out):
    alice, bob, where = trip
    await alice.group_remove(where, ["@bob"])
    if out:
        await bob.sync()
        assert row_of(bob, where).status == "removed"
    await alice.send(where, "between")
    await alice.group_add(where, ["@bob"])
    server.logs[where].welcomes.clear()  # as a reset does: its own is for those who were there before
    await bob.sync()
    assert row_of(bob, where).status == "member"
    await alice.send(where, "three")
    await bob.sync()
    assert (await texts(bob, where), bob.notices()) == (["one", "three"], [])


async def test_a_pending_commit_of_before_holds_nothing_up(trip):
    alice, bob, where = trip
    member, _ = bob.session.groups.load(where)
    prepare(bob.session, row_of(bob, where), member, Plan())
    await out_and_in(alice, where)
    await bob.sync()
    assert (await texts(bob, where), queues.list_pending(bob.store)) == (["one", "two"], [])


async def test_who_was_put_out_twice_while_away_is_out(trip):
    alice, bob, where = trip
    await out_and_in(alice, where)
    await alice.group_remove(where, ["@bob"])
    await bob.send("@alice", "elsewhere")
    await bob.sync()
    assert (row_of(bob, where).status, bob.session.groups.load(where)) == ("removed", (None, None))
    await alice.group_add(where, ["@bob"])
    await alice.send(where, "three")
    await bob.sync()
    assert await texts(bob, where) == ["one", "three"]


@pytest.mark.parametrize("seen", [True, False])
async def test_a_device_that_was_away_all_the_while_reads_what_another_archived(trip, people, seen):
    alice, bob, where = trip
    phone = await people.restore("bob", "phone")
    if seen:
        await out_and_in(alice, where)
    else:
        where = (await alice.group_create("Elsewhere", ["@bob"])).conversation_id
        await alice.send(where, "two")
    await bob.sync()
    await alice.group_remove(where, ["@bob"])
    await bob.sync()
    await phone.sync()
    assert (row_of(phone, where).status, phone.session.groups.load(where)) == ("removed", (None, None))
    assert (await texts(phone, where))[-1] == "two"
    assert (phone.unopened(), phone.notices()) == ({}, [])


@pytest.fixture
async def begun(people, no_pauses, monkeypatch):
    """Alice's group with Bob as the server has it before her device adds his; and what her device then does."""
    alice, bob = await people.register("alice"), await people.register("bob")

    async def not_yet(session, conversation_id):
        return

    with monkeypatch.context() as patched:
        patched.setattr("parley_client.groups.conversations.add_rostered", not_yet)
        where = (await alice.group_create("Trip", ["@bob"])).conversation_id

    async def add_and_write():
        if row_of(alice, where).creator:
            await add_rostered(alice.session, where)
            await alice.send(where, "one")

    return alice, bob, where, add_and_write


@pytest.mark.parametrize("moment", ["_look_into_archive", "send_pending"])
async def test_a_welcome_that_comes_during_an_own_commit_is_used(begun, moment, monkeypatch):
    _, bob, where, add_and_write = begun
    plain = getattr(entering, moment)

    async def meanwhile(session, conversation_id):
        await add_and_write()
        return await plain(session, conversation_id)

    monkeypatch.setattr(entering, moment, meanwhile)
    await enter(bob.session, where, wait_s=0)
    await bob.sync()
    assert (row_of(bob, where).status, await texts(bob, where), bob.unopened()) == ("member", ["one"], {})


@pytest.mark.parametrize("resets", [0, 1])
async def test_a_welcome_of_before_a_reset_leads_nowhere(begun, resets, monkeypatch):
    _, bob, where, add_and_write = begun
    plain, entered = entering.send_pending, []

    async def meanwhile(session, conversation_id):
        await add_and_write()
        followed = msgspec.structs.replace(await catch_up(session, where), generation=resets)
        entered.append(await entering._enter_by_welcome(session, where, followed))
        return await plain(session, conversation_id)

    monkeypatch.setattr(entering, "send_pending", meanwhile)
    await enter(bob.session, where, wait_s=0)
    assert entered[0] == (not resets)


async def test_a_device_without_a_welcome_begins_where_another_own_device_came_in(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    phone = await people.restore("bob", "phone")
    phone_id = phone.whoami().device_id
    del server.key_packages[phone_id], server.last_resorts[phone_id]
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await alice.send(where, "one")
    await bob.sync()
    await enter(phone.session, where, wait_s=0)
    assert (row_of(phone, where).status, await texts(phone, where)) == ("member", ["one"])


async def test_what_is_said_after_an_own_commit_lost_opens_by_the_archive(people, server, no_pauses, monkeypatch):
    """Commits that were first are judged by the group that it would have entered: also who came in by them may speak."""
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    phone = await people.restore("bob", "phone")
    phone_id = phone.whoami().device_id
    del server.key_packages[phone_id], server.last_resorts[phone_id]
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    plain, seen = entering.send_pending, []

    async def meanwhile(session, conversation_id):
        if not seen:
            seen.append(conversation_id)
            await bob.sync()
            await bob.send(where, "one")
            await alice.sync()
            await alice.group_add(where, ["@carol"])
            await carol.sync()
            await carol.send(where, "two")
            await alice.sync()
            await alice.group_remove(where, ["@carol"])
            await bob.sync()
        return await plain(session, conversation_id)

    monkeypatch.setattr(entering, "send_pending", meanwhile)
    await enter(phone.session, where, wait_s=0)
    await phone.sync()
    assert (row_of(phone, where).status, await texts(phone, where), phone.unopened()) == ("member", ["one", "two"], {})

"""Blocks, contacts, requests of strangers, and being found: as a device sees and keeps them."""

import asyncio

import msgspec
import pytest
from test_rpc import Caller

from parley_client import timeline
from parley_client.errors import NetworkError, PersonBlocked
from parley_client.people import blocks
from parley_client.settings import marks, syncing
from parley_contracts.auth_api import Profile
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import DELIVERY_INTERVAL_S
from parley_contracts.problems import NotFound, PolicyRefused


async def until(condition, timeout_s=5.0):
    for _ in range(int(timeout_s / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    assert condition()


def names(found):
    return [each["username"] for each in msgspec.to_builtins(found)]


@pytest.fixture
async def pair(people, no_pauses):
    """Alice and Bob, who have talked."""
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "hello")).conversation_id
    await bob.sync()
    await bob.send(where, "hello back")
    await alice.sync()
    return alice, bob, where


# --- blocks


async def test_a_block_holds_on_every_device_of_who_made_it(pair, people):
    alice, _, where = pair
    second = await people.restore("alice", "alice2")
    second.connect()
    await second.connected()
    assert names(await alice.block("@bob")) == ["bob"]
    await until(lambda: names(second.blocks()) == ["bob"])
    assert timeline.summary(second.session, where).blocked
    third = await people.restore("alice", "alice3")
    third.connect()
    await until(lambda: names(third.blocks()) == ["bob"])
    assert await third.unblock("bob") == []
    await until(lambda: second.blocks() == [])
    assert not timeline.summary(second.session, where).blocked
    assert names(alice.blocks()) == ["bob"] and await alice.fetch_blocks() == []


async def test_nothing_is_begun_with_whom_one_has_blocked(pair, server):
    alice, _, where = pair
    await alice.block("bob")
    asked = len(server.requests)
    for to in ("@bob", where):
        with pytest.raises(PersonBlocked):
            await alice.send(to, "never mind")
    assert len(server.requests) == asked, "the server is not asked"
    group = await alice.group_create("Work", ["@bob"])
    assert group.members == ["alice", "bob"]
    await alice.unblock("@bob")
    assert (await alice.send(where, "again")).sequence


async def test_who_is_blocked_meets_nobody(people, server):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    await carol.send("@alice", "hi")
    await alice.block("@bob")
    with pytest.raises(NotFound):
        await bob.send("@alice", "who is there?")
    with pytest.raises(NotFound):
        await bob.group_create("Trap", ["alice"])
    # Known by other ways, the blocker cannot be reached, and nothing of the attempt is left over.
    bob.session.directory.remember(msgspec.convert(server._profile(server.users["alice"]), Profile))
    with pytest.raises(PolicyRefused):
        await bob.send("@alice", "who is there?")
    assert bob.conversations() == []
    assert len(server.logs) == 1
    await alice.unblock("@bob")
    assert (await bob.send("@alice", "hello")).sequence


async def test_a_message_to_a_blocker_fails_for_good_and_is_not_repeated(pair, server):
    alice, bob, where = pair
    await alice.block("bob")
    before = len(server.logs[where].entries)
    with pytest.raises(PolicyRefused):
        await bob.send(where, "listen")
    await bob.sync()
    assert len(server.logs[where].entries) == before
    outgoing = timeline.summary(bob.session, where).outgoing
    assert outgoing.state == "failed" and outgoing.problem["type"].endswith("policy_refused")


async def test_the_newest_list_stands_whatever_is_lost(pair, server):
    alice, _, _ = pair
    server.fault = lambda request: "lose_answer" if "/me/blocks" in request.path else None
    with pytest.raises(NetworkError):
        await alice.block("bob")
    assert alice.blocks() == []
    server.fault = lambda request: None
    alice.connect()
    await until(lambda: names(alice.blocks()) == ["bob"])
    asked = [r for r in server.requests if "/me/blocks" in r.path]
    blocks.hear(alice.session, server.blocks_version[alice.whoami().user_id])
    await asyncio.sleep(0.05)
    assert [r for r in server.requests if "/me/blocks" in r.path] == asked, "what is no news is not fetched"
    server.blocks.clear()  # accounts were restored from a backup, whose version is an older one
    blocks.hear(alice.session, 0)
    await until(lambda: alice.blocks() == [])


# --- contacts, and looking for people


async def test_contacts_are_the_same_on_all_devices_and_sealed(pair, people, server):
    alice, _, _ = pair
    second = await people.restore("alice", "alice2")
    await people.register("berta")
    assert names(await alice.contact_add("@bob")) == ["bob"]
    await alice.sync_settings()
    await second.sync_settings()
    assert names(await second.contact_add("berta")) == ["berta", "bob"]
    assert names(await second.contact_remove("bob")) == ["berta"]
    await second.sync_settings()
    await alice.sync_settings()
    assert names(alice.contacts()) == ["berta"]
    assert b"berta" not in server.settings[alice.whoami().user_id]["sealed"].encode()
    assert alice.settings() == {}, "a contact is no mark of a conversation"


async def test_people_are_looked_for_on_the_device_by_how_their_names_begin(pair, people, server):
    alice, _, _ = pair
    for name in ("berta", "bo_b", "carol"):
        await people.register(name)
        await alice.send(f"@{name}", "hi")
    await alice.contact_add("berta")
    asked = len(server.requests)
    assert [(each.username, each.contact) for each in alice.search_people("@B")] == [
        ("berta", True),
        ("bo_b", False),
        ("bob", False),
    ]
    assert names(alice.search_people("bo_")) == ["bo_b"] and alice.search_people("%") == []
    assert "alice" not in names(alice.search_people(""))
    assert len(server.requests) == asked


async def test_who_is_not_found_by_name_is_still_known_to_their_people(pair, people):
    alice, bob, where = pair
    assert (await alice.discovery()).by_name
    assert not (await alice.change_discovery(by_name=False)).by_name
    carol = await people.register("carol")
    with pytest.raises(NotFound):
        await carol.find("alice")
    assert await bob.find("@alice") == alice.whoami().user_id
    assert (await bob.send("@alice", "still here")).conversation_id == where


# --- requests


async def test_what_a_stranger_begins_waits_until_it_is_accepted(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "do I know you?")).conversation_id
    bob.connect()
    await until(lambda: bob.requests() == [where])
    summary = timeline.summary(bob.session, where)
    assert summary.request and summary.unread == 1
    await asyncio.sleep(DELIVERY_INTERVAL_S + 0.3)
    bob.start_typing(where)
    await asyncio.sleep(0.05)
    assert server.state.said("delivery.mark") + server.state.said("typing.start") == [], "nobody hears that it came"
    assert not timeline.summary(alice.session, where).request
    second = await people.restore("bob", "bob2")
    assert second.requests() == [where]
    await bob.accept(where)
    assert bob.requests() == [] and server.reads[bob.whoami().user_id, where] >= 2
    bob.start_typing(where)
    await until(lambda: server.state.said("typing.start"))
    second.connect()
    await until(lambda: second.requests() == [])
    await bob.accept(where)
    assert (await alice.receipts(where)).read[bob.whoami().user_id] >= 2


@pytest.mark.parametrize("way", ["answer", "contact"])
async def test_an_answer_accepts_and_a_contact_needs_none(people, way, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    if way == "contact":
        await bob.contact_add("alice")
    where = (await alice.send("@bob", "hello")).conversation_id
    await bob.sync()
    if way == "answer":
        assert bob.requests() == [where]
        await bob.send(where, "yes?")
        await bob.sync()
    assert bob.requests() == []


async def test_groups_and_what_one_has_begun_are_no_requests(pair):
    alice, bob, _ = pair
    await alice.group_create("Garden", ["bob"])
    await bob.sync()
    await bob.send("@bob", "a note")
    assert alice.requests() == bob.requests() == []


# --- by method names


async def test_programs_do_all_of_it_by_names(people, no_pauses):
    alice = Caller(await people.register("alice"))
    await alice.client.connected()
    bob = await people.register("bob")
    where = (await bob.send("@alice", "hi")).conversation_id
    await until(lambda: alice.client.requests() == [where])
    assert await alice("requests") == {"conversation_ids": [where]}
    assert await alice("request.accept", conversation_id=where) == {}
    assert names(await alice("contact.add", username="bob")) == names(await alice("contacts")) == ["bob"]
    assert names(await alice("people.search", prefix="b")) == ["bob"]
    assert await alice("contact.remove", username="@bob") == []
    assert names(await alice("person.block", username="bob")) == names(await alice("blocks")) == ["bob"]
    assert await alice("person.unblock", username="bob") == []
    assert (await alice("discovery.change", by_name=False)) == (await alice("discovery"))


# --- the one document behind contacts and marks


async def test_names_of_later_versions_are_kept_and_told_of_as_nothing_known(pair, people):
    alice, _, where = pair
    second = await people.restore("alice", "alice2")
    later = {
        "theme.of.tomorrow": {"plaid": [1, 2.5, None]},
        f"{where}.colour": [7],
        f"{where}.folder": 7,
        "contact.": "nobody",
        "contact.x": "nobody",
        f"contact.{new_uuid7()}": ["nobody"],
    }
    syncing.change(alice.session, later)
    await alice.sync_settings()
    heard = []
    second.subscribe(heard.append)
    await second.sync_settings()
    second.change_settings(where, pinned=True)
    await second.contact_add("bob")
    await second.sync_settings()
    await alice.sync_settings()
    values = marks.values(alice.store)
    assert later.items() <= values.items() and names(alice.contacts()) == ["bob"]
    told = {event.params["conversation_id"] for event in heard if event.name == "conversation.changed"}
    assert told == {where}

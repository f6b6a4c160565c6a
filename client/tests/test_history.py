"""History keys: renewed when an own device left or after a month, handed on, and good for restoring everything."""

import json

import pytest

from parley_client import history, history_keys
from parley_client.errors import NetworkError
from parley_client.groups.entering import enter, note_to_self
from parley_client.store import documents, messages
from parley_client.store.history import HistoryKeyState, load_history_keys


def versions(client):
    return sorted(load_history_keys(client.session.store))


async def alice_with_phone(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "old")
    await alice.settle()
    return alice, bob, await people.restore("alice", "phone")


async def test_old_key_is_renewed_and_handed_on(people, server, no_pauses):
    alice, _bob, phone = await alice_with_phone(people)
    documents.save(alice.session.store, "history_key", HistoryKeyState(at=0))
    await alice.settle()
    await phone.sync()
    assert versions(alice) == versions(phone) == [1, 2]
    assert [m.text for m in await phone.receive()] == ["old"]
    await alice.group_create("Trip", ["@bob"])
    await alice.settle()
    assert {key[4] for key in server.archive if key[0] == alice.whoami().user_id} == {"1", "2"}
    await alice.send("Trip", "new")
    tablet = await people.restore("alice", "tablet")
    assert [m.text for m in await tablet.receive()] == ["old", "new"]
    assert versions(tablet) == [1, 2]


@pytest.mark.parametrize("noted", [True, False])
async def test_a_record_under_a_key_that_was_just_handed_on_is_no_alarm(people, no_pauses, noted):
    """The archive may be looked into before note-to-self was read on, or come into."""
    alice, _bob, phone = await alice_with_phone(people)
    if noted:
        await phone.send("@alice", "a note")
        await alice.sync()
    documents.save(phone.session.store, "history_key", HistoryKeyState(at=0))
    await phone.settle()
    await phone.group_create("Trip", ["@bob"])
    await phone.settle()
    assert versions(alice) == [1]
    await history.download_archive(alice.session)
    assert (versions(alice), alice.notices()) == ([1, 2] if noted else [1], [])
    await alice.sync()
    assert (versions(alice), alice.notices()) == ([1, 2], [])


async def alice_late_in_note_to_self(people, server):
    """Each history key stands in an epoch whose record is sealed under the one before."""
    alice, bob, phone = await alice_with_phone(people)
    server.key_packages[alice.whoami().device_id] = []
    del server.last_resorts[alice.whoami().device_id]  # nobody can add it
    for number in range(3):
        documents.save(phone.session.store, "history_key", HistoryKeyState(at=0))
        await phone.settle()
        made = await phone.group_create(f"Trip {number}", ["@bob"])
        await phone.settle()
        await people.restore("alice", f"tablet {number}")  # which begins another epoch
        await phone.sync()
        await bob.sync()
        await bob.send(made.conversation_id, f"text {number}")
    assert versions(alice) == [1]
    return alice


async def test_keys_that_are_found_one_by_the_other_are_no_alarm(people, server, no_pauses):
    alice = await alice_late_in_note_to_self(people, server)
    await enter(alice.session, await note_to_self(alice.session), wait_s=0)
    assert versions(alice) == [1, 2]
    await history.download_archive(alice.session)
    assert (versions(alice), alice.unopened(), alice.notices()) == ([1, 2, 3, 4], {}, [])


async def test_who_comes_in_late_reads_all_that_another_own_device_archived(people, server, no_pauses):
    """The keys are found first; an index under one of them stops nothing."""
    alice = await alice_late_in_note_to_self(people, server)
    await alice.sync()
    assert (versions(alice), alice.unopened(), alice.notices()) == ([1, 2, 3, 4], {}, [])
    shown = [row for known in alice.conversations() for row in messages.texts_of(alice.store, known.conversation_id)]
    assert sorted(json.loads(row.body)["text"] for row in shown) == ["old", "text 0", "text 1", "text 2"]


async def test_records_of_note_to_self_are_archived_first(people, server, no_pauses):
    """What is sealed under a key is never in the archive without the epoch in which it was handed on."""
    _alice, _bob, phone = await alice_with_phone(people)
    before = set(server.archive)
    documents.save(phone.session.store, "history_key", HistoryKeyState(at=0))
    await history_keys.renew_history_key(phone.session)
    await phone.group_create("Trip", ["@bob"])
    await history.upload_archive(phone.session)
    noted = await note_to_self(phone.session)
    added = [key[1] == noted for key in server.archive if key not in before]
    assert added == sorted(added, reverse=True)
    assert set(added) == {True, False}


async def publish_a_key_and_die(maker, monkeypatch):
    """A new history key is on the server, and in no message that hands it on."""
    documents.save(maker.session.store, "history_key", HistoryKeyState(at=0))

    async def die(session, key):
        raise NetworkError("timeout", "gone")

    with monkeypatch.context() as patched, pytest.raises(NetworkError):
        patched.setattr(history_keys, "_hand_on", die)
        await maker.settle()


async def test_who_restores_hands_on_a_key_that_its_maker_did_not(people, no_pauses, monkeypatch):
    """The phone published it and was signed out: who stayed could open nothing that is sealed under it."""
    alice, _bob, phone = await alice_with_phone(people)
    await publish_a_key_and_die(phone, monkeypatch)
    await phone.logout()
    tablet = await people.restore("alice", "tablet")
    await tablet.group_create("Trip", ["@bob"])
    await tablet.settle()
    await alice.sync()
    assert {1, 2} <= set(versions(alice))
    assert (alice.unopened(), alice.notices()) == ({}, [])


async def test_signed_out_device_learns_no_new_key(people, server, no_pauses):
    alice, _bob, phone = await alice_with_phone(people)
    tablet = await people.restore("alice", "tablet")
    await phone.logout()
    made = await alice.group_create("Trip", ["@bob"])
    direct = next(c.conversation_id for c in alice.conversations() if c.kind == "direct")
    await history_keys_after_rotation(alice, direct)
    await tablet.sync()
    assert versions(alice) == versions(tablet) == [1, 2]
    assert made.conversation_id in server.logs


async def history_keys_after_rotation(client, conversation_id):
    from parley_client.groups.commits import Plan, commit_change, lost_leaves

    async def plan(row, member):
        lost = await lost_leaves(client.session, row, member)
        return Plan(remove=lost) if lost else None

    await commit_change(client.session, conversation_id, plan)
    await client.settle()


async def test_number_taken_by_another_device_is_skipped(people, server, no_pauses):
    alice, _, phone = await alice_with_phone(people)
    for client in (alice, phone):
        documents.save(client.session.store, "history_key", HistoryKeyState(at=0))
    server.fault = lambda request: "lose_answer" if "history-keys/2" in request.path else None
    with pytest.raises(Exception, match="lost"):
        await alice.settle()
    server.fault = lambda request: None
    await phone.settle()
    assert versions(phone) == [1, 3]
    await alice.settle()
    await alice.sync()
    await phone.sync()
    assert versions(alice) == versions(phone) == [1, 2, 3]
    assert history_keys.history_key_due(alice.session) is False


async def test_a_device_that_comes_while_the_history_key_is_renewed_gets_it(people, no_pauses, monkeypatch):
    alice, plain, came = await people.register("alice"), history_keys.messaging.put_history_key, []

    async def put(*args):
        came.append(await people.restore("alice", "phone"))
        return await plain(*args)

    documents.save(alice.store, "history_key", HistoryKeyState(at=0))
    monkeypatch.setattr(history_keys.messaging, "put_history_key", put)
    await alice.settle()
    (phone,) = came
    await phone.sync()
    assert load_history_keys(phone.store).keys() == load_history_keys(alice.store).keys() == {1, 2}


async def test_a_key_that_its_maker_did_not_hand_on_is_handed_on_before_the_next(people, no_pauses, monkeypatch):
    """The phone published it and was locked out: who locked it out has found it, and sealed under it before there was another."""
    alice, _bob, phone = await alice_with_phone(people)
    tablet = await people.restore("alice", "tablet")
    await alice.send("@alice", "a note")
    await tablet.sync()
    await publish_a_key_and_die(phone, monkeypatch)
    await alice.lock_out(phone.whoami().device_id, people.recovery_keys["alice"])
    await alice.settle()
    await tablet.sync()
    await history.download_archive(tablet.session)
    assert (versions(tablet), tablet.notices()) == ([1, 2, 3], [])

"""Reminders: on all devices of the person, after restarts, told once when due, and sealed for the server."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.errors import UnknownMessage, UsageError
from parley_client.settings import marks, reminders
from parley_contracts.ids import ConversationId


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


def at(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def settled(*clients):
    for client in clients:
        await client.sync_settings()


async def test_a_reminder_stands_on_all_devices_until_it_is_put_away(people, server):
    laptop = await people.register("alice")
    sent = await laptop.send("@alice", "water the flowers")
    await laptop.sync()
    phone = await people.restore("alice", "phone")
    made = laptop.remind(sent.conversation_id, sent.sequence, at(3600))
    await settled(laptop, phone)
    assert phone.reminders() == laptop.reminders() == [made]
    assert not made.due
    sealed = server.settings[laptop.whoami().user_id]["sealed"]
    assert made.at not in sealed
    phone = await people.reopen("phone", phone)
    assert phone.reminders() == [made]
    later = phone.remind(sent.conversation_id, sent.sequence, at(7200))
    await settled(phone, laptop)
    assert laptop.reminders() == [later]
    laptop.forget_reminder(sent.conversation_id, sent.sequence)
    await settled(laptop, phone)
    assert phone.reminders() == laptop.reminders() == []


async def test_each_device_tells_once_what_is_due_and_after_a_restart_what_it_missed(people):
    alice = await people.register("alice")
    sent = await alice.send("@alice", "water the flowers")
    await alice.sync()
    now = datetime.now(UTC).timestamp()
    alice.remind(sent.conversation_id, sent.sequence, at(3600))
    alice = await people.reopen("alice", alice)
    told = []
    alice.subscribe(lambda event: told.append(event) if event.name == "reminder.due" else None)
    alice.session.clock = lambda: now + 3590
    reminders.tell_due(alice.session)
    assert told == []
    assert 5 < reminders.wait_s(alice.session, 1000) < 60
    alice.session.clock = lambda: now + 3700
    alice.connect()
    async with asyncio.timeout(30):
        while True:
            if told:
                break
            await asyncio.sleep(0.01)
    reminders.tell_due(alice.session)
    assert [(event.params.conversation_id, event.params.sequence, event.params.due) for event in told] == [
        (sent.conversation_id, sent.sequence, True)
    ]
    alice = await people.reopen("alice", alice)
    again = []
    alice.subscribe(lambda event: again.append(event) if event.name == "reminder.due" else None)
    alice.session.clock = lambda: now + 4000
    reminders.tell_due(alice.session)
    assert again == []
    assert [each.due for each in alice.reminders()] == [True]


async def test_reminders_are_of_messages_at_times_and_not_too_many(people, monkeypatch):
    alice = await people.register("alice")
    sent = await alice.send("@alice", "one")
    other = await alice.send("@alice", "two")
    await alice.sync()
    where = sent.conversation_id
    with pytest.raises(UnknownMessage):
        alice.remind(where, 99, at(60))
    for nonsense in ("tomorrow", "2026-01-01T00:00:00", ""):
        with pytest.raises(UsageError):
            alice.remind(where, sent.sequence, nonsense)
    monkeypatch.setattr(reminders, "REMINDERS_MAX", 1)
    alice.remind(where, sent.sequence, at(60))
    alice.remind(where, sent.sequence, at(90))
    with pytest.raises(UsageError):
        alice.remind(where, other.sequence, at(60))


class Device:
    """As much of a session as listing takes."""

    def __init__(self, values):
        self.store = values
        self.clock = lambda: 0.0


@given(st.dictionaries(st.text(max_size=60) | st.uuids().map(lambda u: f"{u}.reminder.5"), st.text(max_size=30)))
def test_whatever_stands_in_the_settings_reminders_are_listed(values):
    original, marks.values = marks.values, lambda store: store
    try:
        found = reminders.list_reminders(Device(values))
    finally:
        marks.values = original
    assert all(isinstance(each.sequence, int) and ConversationId(each.conversation_id) for each in found)

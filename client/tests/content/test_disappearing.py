"""Messages that disappear: by the timer of their own time, exactly, with their keys; and not one that is to stay."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.content.disappearing import expiry_of, let_disappear, wait_s
from parley_client.groups.commits import rotation_due
from parley_client.store import conversations, messages
from parley_contracts.ids import ConversationId, new_uuid7
from parley_contracts.limits import LIFETIME_S_MIN
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import InvalidRequest, PolicyRefused

#: When the fake server stores everything.
STORED = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.at = float(STORED)

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def pair(people, no_pauses):
    """Two people in a group, and the clock that both go by."""
    clock = Clock()
    alice, bob = await people.register("alice"), await people.register("bob")
    alice.session.clock = bob.session.clock = clock
    where = (await alice.group_create("Choir", ["@bob"])).conversation_id
    await bob.sync()
    return alice, bob, where, clock


async def texts(client, where):
    return [message.text for message in await client.history(where)]


async def test_a_message_goes_by_the_timer_of_its_own_time(pair):
    alice, bob, where, clock = pair
    await alice.send(where, "before")
    info = await alice.group_timer(where, LIFETIME_S_MIN)
    assert info.timer_s == LIFETIME_S_MIN
    gone = await alice.send(where, "short")
    await bob.sync()
    await bob.react(where, gone.sequence, "👍")
    await alice.group_timer(where, None)
    await alice.send(where, "after")
    for client in (alice, bob):
        await client.sync()
        assert await texts(client, where) == ["before", "short", "after"]
        assert wait_s(client.session, 1000) == LIFETIME_S_MIN
    clock.at += LIFETIME_S_MIN - 1
    for client in (alice, bob):
        let_disappear(client.session)
        assert await texts(client, where) == ["before", "short", "after"]
    clock.at += 1
    for client in (alice, bob):
        let_disappear(client.session)
        assert await texts(client, where) == ["before", "after"]
        row = messages.row_at(client.store, where, gone.sequence)
        assert (row.body, row.sealed) == (b"", None)
        assert not messages.annotations_of(client.store, where, [gone.sequence])
        assert messages.was_opened(client.store, where, alice.whoami().device_id, gone.client_id)
        assert wait_s(client.session, 1000) == 1000
        assert client.unopened() == {}
    clock.at += 10**9
    for client in (alice, bob):
        let_disappear(client.session)
        assert await texts(client, where) == ["before", "after"]


async def test_the_keys_of_what_has_disappeared_go_too_and_are_never_archived(pair, server):
    alice, bob, where, clock = pair
    await alice.group_timer(where, LIFETIME_S_MIN)
    epoch = conversations.load_conversation(alice.store, where).epoch
    await alice.send(where, "short")
    await alice.group_timer(where, None)
    await alice.send(where, "after")
    for client in (alice, bob):
        await client.sync()
        assert conversations.load_epoch(client.store, where, 0, epoch) is not None
    archived = {int(key[3]) for key in server.archive if key[1] == where}
    assert epoch not in archived
    assert archived
    clock.at += LIFETIME_S_MIN
    for client in (alice, bob):
        let_disappear(client.session)
        assert conversations.load_epoch(client.store, where, 0, epoch) is None
        assert conversations.load_epoch(client.store, where, 0, epoch + 1) is not None


async def test_a_device_that_was_away_shows_nothing_of_what_disappeared(pair, server):
    alice, bob, where, clock = pair
    await alice.group_timer(where, LIFETIME_S_MIN)
    sent = await alice.send(where, "short")
    await alice.sync()
    server.logs[where].remove(sent.sequence)
    clock.at += LIFETIME_S_MIN
    await bob.sync()
    assert await texts(bob, where) == []
    assert messages.row_at(bob.store, where, sent.sequence) is None
    assert bob.unopened() == {}


async def test_a_person_without_the_right_sets_no_timer(pair):
    alice, bob, where, _ = pair
    with pytest.raises(PolicyRefused):
        await bob.group_timer(where, LIFETIME_S_MIN)
    for seconds in (0, LIFETIME_S_MIN - 1, -1, 2**40):
        with pytest.raises(InvalidRequest):
            await alice.group_timer(where, seconds)
    assert (await alice.group_retention(where, 3600)).retention_s == 3600


async def test_a_direct_conversation_has_a_timer_that_either_sets(people, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    await bob.sync()
    assert (await bob.group_timer(where, 3600)).timer_s == 3600
    await alice.sync()
    assert alice.group_info(where).timer_s == 3600


async def test_a_group_with_a_timer_renews_its_keys_with_it(pair):
    alice, _, where, _ = pair
    await alice.group_timer(where, 400)
    await alice.send(where, "x")
    await alice.sync()
    row = conversations.load_conversation(alice.store, where)
    assert not rotation_due(row, now=row.epoch_at + 99)
    assert rotation_due(row, now=row.epoch_at + 101)


def policy(timer_s):
    return PolicyDocument(ConversationId(new_uuid7()), "group", 0, (), timer_s=timer_s)


@given(st.text(max_size=40) | st.datetimes().map(lambda at: at.isoformat() + "Z"), st.integers(0, 2**33))
def test_whatever_the_server_says_of_times_nothing_stays_longer(stored_at, now):
    at = expiry_of(stored_at, policy(100), now)
    assert at is not None
    assert at <= now + 100
    assert expiry_of(stored_at, policy(None), now) is None

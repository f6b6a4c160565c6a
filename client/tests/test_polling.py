"""Without sockets: polls bring what sockets would, lose nothing that comes between them, and give way to a socket again."""

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client import polling
from parley_client.errors import NotSignedIn
from parley_client.live import SOCKETS_UNOPENED_MAX
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId
from parley_contracts.limits import CURSOR_BUCKETS
from parley_contracts.sync_api import cursor_bucket, cursors_digest, digest_text, parse_digest


@pytest.fixture(autouse=True)
def quick(monkeypatch, no_pauses):
    monkeypatch.setattr(polling, "PAUSE_S", 0.001)


async def until(condition):
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def shown(client, text):
    """Wait until the device has the text."""
    async with asyncio.timeout(30):
        async for message in client.messages(after=0):
            if message.text == text:
                return


async def test_a_device_without_sockets_hears_and_says_everything(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "before")
    server.without_sockets = True
    await bob.connected()
    assert bob.connection == "online"
    assert server.sockets_asked == SOCKETS_UNOPENED_MAX
    await shown(bob, "before")
    for number in range(5):
        await alice.send("@bob", f"{number}")
    await shown(bob, "4")
    await bob.send("@alice", "answer")
    await alice.sync()
    where = alice.conversations()[0].conversation_id
    assert [message.text for message in await alice.history(where)] == ["before", *"01234", "answer"]
    await until(lambda: server.state.delivered.get((bob.whoami().user_id, where), 0) >= 6)
    assert server.sockets_asked == SOCKETS_UNOPENED_MAX


async def test_what_comes_between_two_polls_is_not_missed(people, server, monkeypatch):
    alice, bob = await people.register("alice"), await people.register("bob")
    server.without_sockets = True
    await alice.send("@bob", "one")
    await bob.connected()
    await shown(bob, "one")

    async def nothing(user):
        await asyncio.sleep(0.01)
        return []

    monkeypatch.setattr(server, "_next_frames", nothing)
    await alice.send("@bob", "two")
    await shown(bob, "two")


async def test_a_socket_is_taken_again_once_it_opens(people, server, monkeypatch):
    monkeypatch.setattr(polling, "SOCKET_AGAIN_S", 0.05)
    alice, bob = await people.register("alice"), await people.register("bob")
    server.without_sockets = True
    await bob.connected()
    await until(lambda: server.sockets_asked > SOCKETS_UNOPENED_MAX + 1)
    assert bob.connection == "online"
    server.without_sockets = False
    await until(lambda: any(hasattr(socket, "receive") for socket in server.sockets[bob.whoami().user_id]))
    polls = server.polls
    await alice.send("@bob", "by socket")
    await shown(bob, "by socket")
    assert server.polls == polls


async def test_polls_are_for_sockets_only_not_for_a_server_that_is_away(people, server):
    bob = await people.register("bob")
    server.without_sockets = True
    server.fault = lambda request: "lose_request"
    bob.connect()
    await until(lambda: server.sockets_asked > 3 * SOCKETS_UNOPENED_MAX)
    assert bob.connection == "offline"
    server.fault = lambda request: None
    server.without_sockets = False
    await bob.connected()


async def test_a_session_that_has_ended_ends_the_polls(people, server):
    bob = await people.register("bob")
    server.without_sockets = True
    await bob.connected()
    server.sessions.clear()
    with pytest.raises(NotSignedIn):
        await asyncio.wait_for(bob.disconnected(), 30)


ids = st.uuids().map(lambda each: ConversationId(str(each)))


@given(st.dictionaries(ids, st.integers(0, 2**53), max_size=20), ids, st.integers(1, 2**53))
def test_a_digest_differs_where_and_only_where_a_cursor_does(cursors, place, sequence):
    before = cursors_digest(cursors)
    after = cursors_digest(cursors | {place: sequence})
    differing = {bucket for bucket in range(CURSOR_BUCKETS) if before[bucket] != after[bucket]}
    assert differing == (set() if cursors.get(place, 0) == sequence else {cursor_bucket(place)})
    assert parse_digest(digest_text(after), CURSOR_BUCKETS) == after


@given(st.text(max_size=400) | st.binary(max_size=300).map(b64encode))
def test_what_is_no_digest_is_refused(text):
    try:
        digest = parse_digest(text, CURSOR_BUCKETS)
    except ValueError:
        return
    assert digest == [] if not text else digest_text(digest) == text


async def test_a_server_that_makes_no_sense_ends_the_connection_only(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    server.without_sockets = True
    honest = server.poll

    async def hostile(request):
        answer = await honest(request)
        body = msgspec.json.decode(answer.body) | {"cursors_digest": [1], "frames": [{}]}
        return type(answer)(200, {}, msgspec.json.encode(body))

    server.poll = hostile
    bob.connect()
    await until(lambda: server.polls > 1)
    assert bob.connection == "offline"
    server.poll = honest
    await alice.send("@bob", "still")
    await shown(bob, "still")

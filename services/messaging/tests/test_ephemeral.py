"""Typing and presence: over two nodes, for members only, as far as both sides' settings allow, and never stored."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messaging_people import Api, Socket
from messaging_stack import flush_redis
from messaging_state import settle
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import (
    PRESENCE_BEAT_INTERVAL_S,
    PRESENCE_GRACE_S,
    PRESENCE_LEASE_S,
    PRESENCE_WATCH_MAX,
    TYPING_BURST,
)
from parley_contracts.messaging_api import CLOSE_INVALID_FRAME

URI = "ws://node/api/v1/messaging/socket"


def typing(room, **fields):
    return {"type": "typing.start", "ref": "t", "conversation_id": room.id} | fields


def watching(room, *people):
    watched = [{"user_id": each.person.user_id, "conversation_id": room.id} for each in people]
    return {"type": "presence.watch", "ref": "w", "people": watched}


async def stands(socket, status, timeout_s=10.0):
    """The next word on the one person whom the socket watches, as soon as it is this one."""
    while (told := await socket.until("presence.changed", timeout_s))["status"] != status:
        pass
    return told


async def silent(socket, kind, timeout_s=1.0):
    with pytest.raises(TimeoutError):
        await socket.until(kind, timeout_s=timeout_s)


# --- typing


async def test_typing_reaches_the_others_on_both_nodes(api, other_api, person, room_of):
    writer, near, far = person().device(), person().device(), person().device()
    room = await room_of(api, writer, [near, far])
    async with (
        api.socket(writer) as mine,
        api.socket(near) as here,
        other_api.socket(far) as there,
        other_api.socket(writer.person.device()) as own,
    ):
        await mine.say(typing(room))
        assert (await mine.until("ack"))["ref"] == "t"
        told = {"type": "typing.started", "conversation_id": room.id, "user_id": writer.person.user_id}
        assert await here.until("typing.started") == await there.until("typing.started") == told
        await mine.say(typing(room, type="typing.stop"))
        assert await there.until("typing.stopped") == told | {"type": "typing.stopped"}
        await silent(own, "typing.started")


async def test_only_members_type_and_hear(api, other_api, person, room_of, policy_of):
    owner, guest, stranger = person().device(), person().device(), person().device()
    room = await room_of(api, owner, [guest])
    alone = policy_of(owner.person, conversation_id=room.id)
    async with api.socket(owner) as mine, other_api.socket(guest) as theirs, api.socket(stranger) as foreign:
        for where in (room.id, new_uuid7(), "x"):
            await foreign.say(typing(room, conversation_id=where))
            assert (await foreign.until("problem"))["problem"]["type"].endswith("not_found")
        await mine.say(typing(room))
        await theirs.until("typing.started")
        # What is said right after the removal was acknowledged comes after it at the other node, too.
        await api.commit(room, owner, room.removing(owner, [guest], alone), policy=alone)
        await mine.until("commit.created")
        await mine.say(typing(room))
        await theirs.until("conversation.removed")
        await silent(theirs, "typing.started")
        await theirs.say(typing(room))
        assert (await theirs.until("problem"))["problem"]["type"].endswith("not_found")
        await silent(mine, "typing.started")


async def test_who_hides_typing_neither_tells_nor_hears(api, other_api, person, room_of):
    shy, other = person().device(), person().device()
    room = await room_of(api, shy, [other])
    async with api.socket(shy) as mine, other_api.socket(other) as theirs:
        await settle(other_api, shy, typing=False)
        await mine.until("privacy.changed")
        await mine.say(typing(room))
        await mine.until("ack")
        await theirs.say(typing(room))
        await theirs.until("ack")
        await silent(theirs, "typing.started")
        await silent(mine, "typing.started")
        await settle(api, shy, typing=True)
        await mine.until("privacy.changed")
        await theirs.say(typing(room))
        await mine.until("typing.started")


async def test_a_flood_of_typing_is_refused_and_nobody_else_notices(api, person, room_of):
    writer, other = person().device(), person().device()
    room = await room_of(api, writer, [other])
    async with api.socket(writer) as mine, api.socket(other) as theirs:
        for turn in range(5 * TYPING_BURST):
            await mine.say(typing(room, ref=str(turn)))
        answers = [await mine.next() for _ in range(5 * TYPING_BURST)]
        refused = [frame for frame in answers if frame["type"] == "problem"]
        assert len(refused) >= 3 * TYPING_BURST
        assert {frame["problem"]["type"] for frame in refused} == {"urn:parley:problem:rate_limited"}
        await theirs.say(typing(room))
        await mine.until("typing.started")


# --- presence


async def test_presence_follows_devices_over_both_nodes(api, other_api, person, room_of):
    watcher, other = person().device(), person().device()
    room = await room_of(api, watcher, [other])
    async with api.socket(watcher) as mine:
        await mine.say(watching(room, other))
        first = await mine.until("presence.changed")
        assert (first["user_id"], first["status"], first["last_seen_at"]) == (other.person.user_id, "offline", None)
        async with other_api.socket(other) as phone:
            await stands(mine, "online")
            async with api.socket(other.person.device()):
                await phone.say({"type": "presence.set", "ref": "p", "status": "away"})
                await phone.until("ack")
                await silent(mine, "presence.changed")  # the other device is still in use
            away = await stands(mine, "away", PRESENCE_GRACE_S + 10)
            assert away["last_seen_at"] is not None
        offline = await stands(mine, "offline")
        assert offline["last_seen_at"] >= away["last_seen_at"]
    async with other_api.socket(watcher) as again:
        await again.say(watching(room, other))
        assert (await again.until("presence.changed"))["last_seen_at"] == offline["last_seen_at"]


async def test_who_comes_back_at_once_was_never_away(api, other_api, person, room_of):
    watcher, other = person().device(), person().device()
    room = await room_of(api, watcher, [other])
    async with api.socket(watcher) as mine:
        await mine.say(watching(room, other))
        async with api.socket(other):
            await stands(mine, "online")
        async with other_api.socket(other):
            await silent(mine, "presence.changed", PRESENCE_GRACE_S + 2)


async def test_unknown_and_not_permitted_look_like_offline(api, other_api, person, room_of, policy_of):
    watcher, known, stranger = person().device(), person().device(), person().device()
    room = await room_of(api, watcher, [known])
    elsewhere = await room_of(api, known, [stranger])
    async with api.socket(watcher) as mine, other_api.socket(stranger), other_api.socket(known):
        for where, who in ((room, stranger), (elsewhere, stranger), (elsewhere, known), (room, person().device())):
            await mine.say(watching(where, who))
            told = await mine.until("presence.changed")
            assert (told["status"], told["last_seen_at"]) == ("offline", None), (where is room, who)
        await mine.say(watching(room, known))
        await stands(mine, "online")
        alone = policy_of(watcher.person, conversation_id=room.id)
        await api.commit(room, watcher, room.removing(watcher, [known], alone), policy=alone)
        told = await stands(mine, "offline")
        assert told["last_seen_at"] is None


async def test_the_removed_see_nobody_any_more(api, other_api, person, room_of, policy_of):
    owner, guest = person().device(), person().device()
    room = await room_of(api, owner, [guest])
    async with api.socket(owner), other_api.socket(guest) as theirs:
        await theirs.say(watching(room, owner))
        await stands(theirs, "online")
        alone = policy_of(owner.person, conversation_id=room.id)
        await api.commit(room, owner, room.removing(owner, [guest], alone), policy=alone)
        assert (await stands(theirs, "offline"))["last_seen_at"] is None


async def test_who_hides_presence_neither_shows_nor_sees(api, other_api, person, room_of):
    shy, other = person().device(), person().device()
    room = await room_of(api, shy, [other])
    async with api.socket(shy) as mine, other_api.socket(other) as theirs:
        await mine.say(watching(room, other))
        await theirs.say(watching(room, shy))
        await stands(mine, "online")
        await stands(theirs, "online")
        await settle(other_api, shy, presence=False)
        for socket in (mine, theirs):
            assert (await stands(socket, "offline"))["last_seen_at"] is None
        await settle(api, shy, presence=True)
        await stands(mine, "online")
        await stands(theirs, "online")


async def test_presence_comes_back_after_a_wipe(api, other_api, person, room_of, stack):
    watcher, other = person().device(), person().device()
    room = await room_of(api, watcher, [other])
    async with api.socket(watcher) as mine, other_api.socket(other):
        await mine.say(watching(room, other))
        await stands(mine, "online")
        flush_redis(stack)
        began = time.monotonic()
        async with api.socket(watcher.person.device()) as fresh:
            while True:
                await fresh.say(watching(room, other))
                if (await fresh.until("presence.changed"))["status"] == "online":
                    break
                await asyncio.sleep(1.0)
        assert time.monotonic() - began < 2 * PRESENCE_BEAT_INTERVAL_S + 2


async def test_a_killed_node_takes_its_people_with_it(api, person, room_of, stack):
    watcher, other = person().device(), person().device()
    room = await room_of(api, watcher, [other])
    third = stack.node("messaging-3")
    lost = Api(third)
    try:
        async with api.socket(watcher) as mine, lost.socket(other):
            await mine.say(watching(room, other))
            await stands(mine, "online")
            before = time.time()
            third.kill()
            told = await stands(mine, "offline", PRESENCE_LEASE_S + 2 * PRESENCE_BEAT_INTERVAL_S + 3)
        seen = time.strptime(told["last_seen_at"], "%Y-%m-%dT%H:%M:%SZ")
        assert abs(time.mktime(seen) - time.timezone - before) < PRESENCE_BEAT_INTERVAL_S + 3
    finally:
        await lost.close()
        if third.process.poll() is None:
            third.stop()


async def test_watching_is_bounded(api, person, room_of):
    device = person().device()
    room = await room_of(api, device)
    many = watching(room, *([device] * (PRESENCE_WATCH_MAX + 1)))
    odd = {"type": "presence.watch", "ref": "odd", "people": [{"user_id": "x", "conversation_id": room.id}]}
    async with api.socket(device) as socket:
        for frame in (many, odd):
            await socket.say(frame)
            refused = await socket.until("problem")
            assert (refused["ref"], refused["problem"]["type"]) == (frame["ref"], "urn:parley:problem:invalid_request")
        for _ in range(40):
            await socket.say({"type": "presence.set", "ref": "p", "status": "away"})
        assert (await socket.until("problem"))["problem"]["type"] == "urn:parley:problem:rate_limited"
        await socket.say({"type": "presence.set", "ref": "p", "status": "invisible"})
        assert await socket.closed() == CLOSE_INVALID_FRAME


def writes(stack):
    """How often anything was written, by collection."""
    with stack.database() as database:
        counts = {}
        for name in database.list_collection_names():
            (found,) = database[name].aggregate([{"$collStats": {"latencyStats": {}}}])
            counts[name] = found["latencyStats"]["writes"]["ops"]
        return counts


async def test_nothing_ephemeral_is_written_to_the_database(api, other_api, person, room_of, stack):
    writer, other = person().device(), person().device()
    room = await room_of(api, writer, [other])
    async with api.socket(writer) as mine, other_api.socket(other) as theirs:
        await theirs.say(watching(room, writer))
        await stands(theirs, "online")
        before = writes(stack)
        assert before["entries"]
        await mine.say(typing(room))
        await theirs.until("typing.started")
        await mine.say({"type": "presence.set", "ref": "p", "status": "away"})
        await stands(theirs, "away")
        assert writes(stack) == before


# --- hostile frames

FIELDS = st.one_of(st.none(), st.booleans(), st.integers(-5, 2**70), st.text(max_size=40), st.just(new_uuid7()))
COMMANDS = ["delivery.mark", "typing.start", "typing.stop", "presence.set", "presence.watch", "receipt.mark"]
HOSTILE = st.fixed_dictionaries(
    {"type": st.sampled_from(COMMANDS)},
    optional={
        "ref": st.one_of(st.text(max_size=5), FIELDS),
        "conversation_id": FIELDS,
        "delivered_sequence": FIELDS,
        "read_sequence": FIELDS,
        "status": st.one_of(st.sampled_from(["online", "away", "offline"]), FIELDS),
        "people": st.one_of(
            FIELDS,
            st.lists(st.fixed_dictionaries({}, optional={"user_id": FIELDS, "conversation_id": FIELDS}), max_size=4),
        ),
    },
)


@pytest.fixture
def node_path(nodes):
    yield str(nodes[0].path)
    assert "command_failed" not in nodes[0].text()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.lists(HOSTILE, min_size=1, max_size=6))
def test_no_state_command_harms_the_node(node_path, person, frames):
    """Each is answered by its ref, or ends its own socket by a named code."""

    async def tell():
        device = person().device()
        async with unix_connect(node_path, uri=URI, compression=None, open_timeout=10) as connection:
            socket = Socket(connection)
            await socket.next()
            await socket.say({"type": "identify", "access_token": device.token})
            await socket.until("ready")
            for frame in frames:
                await connection.send(json.dumps(frame))
            await socket.say({"type": "heartbeat"})
            try:
                while (frame := await socket.next())["type"] != "heartbeat":
                    assert frame["type"] in {"ack", "problem", "presence.changed"}
            except ConnectionClosed:
                return connection.close_code

    assert asyncio.run(tell()) in {None, CLOSE_INVALID_FRAME}

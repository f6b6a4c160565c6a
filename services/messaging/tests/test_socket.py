"""The socket: hello, identify, ready, resume by sequence, commands in order, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messaging_channels import TestChannel
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from parley_contracts.content_kinds import KIND_HISTORY_KEY, KIND_TEXT
from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_channel_id, new_uuid7
from parley_contracts.limits import (
    CIPHERTEXT_SIZE_BYTES_MAX,
    FRAME_SIZE_BYTES_MAX,
    TOKEN_LEEWAY_S,
)
from parley_contracts.messaging_api import (
    CLOSE_INVALID_FRAME,
    CLOSE_RESUME,
    CLOSE_REVOKED,
    CLOSE_UNAUTHENTICATED,
)
from parley_messaging.api.watch import EVERY_S

URI = "ws://node/api/v1/messaging/socket"
ENTRY_TYPES = {"conversation.created", "message.created", "commit.created", "post.created"}


def raw(api, **options):
    """A socket before its first frame."""
    return unix_connect(str(api.node.path), uri=URI, compression=None, max_size=None, open_timeout=10, **options)


async def close_code(connection):
    async with asyncio.timeout(15):
        with contextlib.suppress(Exception):
            while True:
                await connection.recv()
    return connection.close_code


async def entries(socket, count):
    """The next so many entries, whatever else comes between."""
    found = []
    while len(found) < count:
        frame = await socket.next()
        found += [frame] if frame["type"] in ENTRY_TYPES else []
    return found


def sending(room, device, **fields):
    client_id = new_uuid7()
    command = {"type": "message.send", "ref": client_id, "conversation_id": room.id, "client_id": client_id}
    return command | room.sealed(device, client_id, b"x") | fields


async def test_ready_lists_what_changed(api, person, room_of):
    device = person().device()
    one, two = await room_of(api, device), await room_of(api, device)
    await api.send(two, device)
    async with api.socket(device) as socket:
        heads = {head["conversation_id"]: head["head"] for head in socket.ready["conversations"]}
        assert heads == {one.id: 1, two.id: 2}
    async with api.socket(device, {one.id: 1, two.id: 1}) as socket:
        assert [head["conversation_id"] for head in socket.ready["conversations"]] == [two.id]
        await api.send(two, device)
        assert [entry["sequence"] for entry in await entries(socket, 1)] == [3]


async def test_sockets_of_both_nodes_see_one_order(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    room = await room_of(api, writer, [reader])
    async with api.socket(reader) as here, other_api.socket(reader) as there:
        await asyncio.gather(*((api, other_api)[n % 2].send(room, writer, b"%d" % n) for n in range(40)))
        seen = [await entries(socket, 40) for socket in (here, there)]
    assert seen[0] == seen[1]
    assert [entry["sequence"] for entry in seen[0]] == list(range(3, 43))


async def test_commands_are_answered_by_ref_and_keep_their_order(api, person, room_of):
    device = person().device()
    room = await room_of(api, device)
    async with api.socket(device) as socket:
        commands = [sending(room, device) for _ in range(50)]
        for command in commands:
            await socket.say(command)
        answers = {}
        while len(answers) < 50:
            frame = await socket.next()
            if frame["type"] == "ack":
                answers[frame["ref"]] = frame["appended"]["sequence"]
        assert [answers[command["ref"]] for command in commands] == list(range(2, 52))
        await socket.say(sending(room, device, signature="AAAA"))
        assert (await socket.until("problem"))["problem"]["type"] == "urn:parley:problem:invalid_request"
        await socket.say(sending(room, device, conversation_id=new_uuid7()))
        assert (await socket.until("problem"))["problem"]["type"].endswith(("not_found", "invalid_request"))
        await socket.say({"type": "heartbeat"})
        await socket.until("heartbeat")


async def test_posts_are_answered_by_ref_among_other_commands(api, other_api, person):
    device, reader = person().device(), person().device()
    room = TestChannel()
    await room.create(api, device)
    await room.join(api, reader)

    def saying(text, **fields):
        where = {"ref": (ref := new_uuid7()), "conversation_id": room.id, "client_id": ref}
        return {"type": "post.send", **where, "content_kind": KIND_TEXT, "body": json.dumps({"text": text})} | fields

    async with api.socket(device) as socket, other_api.socket(reader) as theirs:
        commands = [saying(f"{number}") for number in range(10)]
        for command in commands:
            await socket.say(command)
        answers = {}
        while len(answers) < 10:
            frame = await socket.next()
            if frame["type"] == "ack":
                answers[frame["ref"]] = frame["appended"]["sequence"]
        assert [answers[command["ref"]] for command in commands] == list(range(3, 13))
        heard = await entries(theirs, 10)
        assert [json.loads(entry["body"])["text"] for entry in heard] == [f"{number}" for number in range(10)]
        await socket.say(commands[0])  # again: the same entry
        assert (await socket.until("ack"))["appended"]["sequence"] == 3
        for wrong, problem in (
            ({"body": "no"}, "invalid_request"),
            ({"body": json.dumps({"text": "x", "application": "Builds"})}, "invalid_request"),
            ({"content_kind": KIND_HISTORY_KEY}, "invalid_request"),
            ({"conversation_id": new_uuid7()}, "not_found"),
            ({"conversation_id": new_channel_id()}, "not_found"),
            ({"client_id": "me"}, "invalid_request"),
        ):
            await socket.say(saying("x", **wrong))
            assert (await socket.until("problem"))["problem"]["type"] == f"urn:parley:problem:{problem}", wrong
        await socket.say({"type": "heartbeat"})
        await socket.until("heartbeat")


async def test_receipts_reach_the_members(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    room = await room_of(api, writer, [reader])
    await api.send(room, writer)
    async with api.socket(writer) as mine, other_api.socket(reader) as theirs:
        await theirs.say({"type": "receipt.mark", "ref": "r", "conversation_id": room.id, "read_sequence": 3})
        assert (await theirs.until("ack"))["ref"] == "r"
        told = await mine.until("receipt.updated")
        assert (told["user_id"], told["read_sequence"]) == (reader.person.user_id, 3)


async def test_newcomers_hear_of_it_and_the_removed_hear_no_more(api, other_api, person, room_of, policy_of):
    owner, guest = person().device(), person().device()
    room = await room_of(api, owner)
    with_guest = policy_of(owner.person, guest.person, conversation_id=room.id)
    async with other_api.socket(guest) as socket:
        assert socket.ready["conversations"] == []
        result = room.adding(owner, [guest], with_guest)
        await api.commit(room, owner, result, policy=with_guest, welcome_devices=[guest.device_id])
        owner.groups[room.id] = result.group
        added = await socket.until("conversation.added")
        assert added["head"]["first_visible_sequence"] == 2
        await api.send(room, owner)
        assert (await socket.until("message.created"))["sequence"] == 3
        alone = policy_of(owner.person, conversation_id=room.id)
        removal = room.removing(owner, [guest], alone)
        await api.commit(room, owner, removal, policy=alone)
        removed = await socket.until("conversation.removed")
        assert removed["head"]["last_visible_sequence"] == 4
        await api.send(room, owner)
        with pytest.raises(TimeoutError):
            await socket.next(timeout_s=1.5)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", CLOSE_INVALID_FRAME),
        ("[]", CLOSE_INVALID_FRAME),
        ('{"type": "sing"}', CLOSE_INVALID_FRAME),
        ('{"type": "message.send", "ref": 7}', CLOSE_INVALID_FRAME),
        ('{"type": "receipt.mark", "ref": "r", "conversation_id": "x", "read_sequence": NaN}', CLOSE_INVALID_FRAME),
        ("[" * 100_000, CLOSE_INVALID_FRAME),
        (b"\x00\x01", CLOSE_INVALID_FRAME),
        ('"' + "x" * FRAME_SIZE_BYTES_MAX + '"', 1009),
    ],
    ids=["broken", "list", "unknown", "mistyped", "nan", "deep", "binary", "oversize"],
)
async def test_a_frame_that_breaks_the_contract_ends_the_socket(api, person, frame, code):
    device = person().device()
    async with api.socket(device) as socket, raw(api) as connection:
        await connection.recv()
        for end in (socket.connection, connection):
            with contextlib.suppress(OSError, ConnectionClosed):  # it may be over before all is written
                await end.send(frame)
            assert await close_code(end) == code


async def test_bytes_that_are_no_text_end_the_socket(api, person):
    async with raw(api) as connection:
        await connection.recv()
        await connection.send(b"\xff\xfe", text=True)
        assert await close_code(connection) == 1007


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
        ).map(json.dumps),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["identify", "message.send", "post.send", "receipt.mark", "heartbeat"])},
            optional={
                "ref": st.text(max_size=5),
                "conversation_id": st.text(max_size=40),
                "client_id": st.text(max_size=40),
                "header": st.text(max_size=40),
                "content_kind": st.integers(-5, 2**70),
                "body": st.text(max_size=40),
                "cursors": st.dictionaries(st.text(max_size=40), st.integers(-5, 2**70), max_size=3),
                "access_token": st.text(max_size=100),
                "read_sequence": st.integers(),
            },
        ).map(json.dumps),
    )
)
def test_no_first_frame_harms_the_node(api_path, text):
    """Whatever comes first, the socket ends by a named code, and the node goes on."""

    async def tell():
        async with unix_connect(api_path, uri=URI, compression=None, open_timeout=10) as connection:
            await connection.recv()
            await connection.send(text.encode(errors="replace"), text=True)
            return await close_code(connection)

    assert asyncio.run(tell()) in {CLOSE_INVALID_FRAME, CLOSE_UNAUTHENTICATED}


@pytest.fixture
def api_path(nodes):
    yield str(nodes[0].path)
    assert nodes[0].metrics()


async def test_nobody_is_served_before_identify(api, person, stack, room_of):
    owner = person()
    device = owner.device()
    room = await room_of(api, device)
    old = stack.auth.token(owner.user_id, device, lifetime_s=-3600)
    foreign = stack.auth.token(owner.user_id, device, aud="another")
    for first, code in (
        (sending(room, device), CLOSE_INVALID_FRAME),
        ({"type": "heartbeat"}, CLOSE_INVALID_FRAME),
        ({"type": "identify", "access_token": "x"}, CLOSE_UNAUTHENTICATED),
        ({"type": "identify", "access_token": old}, CLOSE_UNAUTHENTICATED),
        ({"type": "identify", "access_token": foreign}, CLOSE_UNAUTHENTICATED),
    ):
        async with raw(api) as connection:
            await connection.recv()
            await connection.send(json.dumps(first))
            assert await close_code(connection) == code, first
    async with api.socket(device) as socket:
        await socket.say({"type": "identify", "access_token": device.token})
        assert await socket.closed() == CLOSE_INVALID_FRAME


async def test_a_newer_token_keeps_a_socket(api, person, stack):
    """Beside one that was given none, and whatever tokens of others it was offered."""
    owner = person()
    device, other = owner.device(), owner.device()
    last_s = 4 - TOKEN_LEEWAY_S
    newer = device.token
    refused = {
        "unauthenticated": ["x"],
        "token_expired": [stack.auth.token(owner.user_id, device, lifetime_s=-3600)],
        "forbidden": [other.token, person().device().token],
    }
    device.token = stack.auth.token(owner.user_id, device, lifetime_s=last_s)
    async with api.socket(device) as kept, api.socket(device) as left:
        for problem, tokens in refused.items():
            for token in tokens:
                for socket in (kept, left):
                    await socket.say({"type": "token.renew", "ref": "1", "access_token": token})
                    assert (await socket.until("problem"))["problem"]["type"].endswith(problem)
        await kept.say({"type": "token.renew", "ref": "2", "access_token": newer})
        assert (await kept.until("ack"))["ref"] == "2"
        assert await left.closed(30) == CLOSE_UNAUTHENTICATED
        await asyncio.sleep(1.5 * EVERY_S)
        await kept.say({"type": "heartbeat"})
        await kept.until("heartbeat")


async def test_a_revoked_device_is_out_within_five_seconds(api, other_api, person, stack):
    owner = person()
    device, kept = owner.device(), owner.device()
    async with api.socket(device) as here, other_api.socket(device) as there, api.socket(kept) as other:
        began = time.monotonic()
        stack.auth.revoke(owner.user_id, device)
        assert [await here.closed(), await there.closed()] == [CLOSE_REVOKED] * 2
        assert time.monotonic() - began < 5
        for node in (api, other_api):
            assert (await node.get("conversations", device)).problem == "unauthenticated"
        async with raw(api) as connection:
            await connection.recv()
            await connection.send(json.dumps({"type": "identify", "access_token": device.token}))
            assert await close_code(connection) == CLOSE_UNAUTHENTICATED
        await other.say({"type": "heartbeat"})
        await other.until("heartbeat")


async def test_a_foreign_origin_is_refused_before_the_upgrade(api):
    with pytest.raises(InvalidStatus) as caught:
        async with raw(api, origin="https://evil.example"):
            pass
    assert caught.value.response.status_code == 403


async def test_a_slow_reader_is_told_to_resume_and_nobody_else_notices(api, person, room_of):
    writer, slow, quick = person().device(), person().device(), person().device()
    room = await room_of(api, writer, [slow, quick])
    before = api.node.metrics()["slow_sockets"]
    count, text = 90, b"x" * (CIPHERTEXT_SIZE_BYTES_MAX - 1)
    async with api.socket(slow, max_queue=1) as stuck, api.socket(quick) as fluent:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(entries(fluent, count))
            for _ in range(count):
                await api.send(room, writer, text)
        assert [entry["sequence"] for entry in reading.result()] == list(range(3, 3 + count))
        assert api.node.metrics()["slow_sockets"] == before + 1
        got = [json.loads(frame) async for frame in _until_closed(stuck.connection)]
        assert stuck.connection.close_code in {CLOSE_RESUME, 1006}
        last = got[-1]["sequence"]
    assert [entry["sequence"] for entry in got] == list(range(3, last + 1))
    async with api.socket(slow, {room.id: last}) as resumed:
        assert resumed.ready["conversations"][0]["head"] == 2 + count
        page = (await api.get(f"conversations/{room.id}/entries?after={last}&limit=200", slow)).body
        assert page["entries"][0]["sequence"] == last + 1
        assert page["entries"][0]["ciphertext"] == b64encode(text)


async def _until_closed(connection):
    with contextlib.suppress(Exception):
        while True:
            async with asyncio.timeout(10):
                yield await connection.recv()

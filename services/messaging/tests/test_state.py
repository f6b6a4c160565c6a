"""Positions, unread marks and privacy: what others see, what own devices see, and what survives being away."""

from __future__ import annotations

import pytest
from messaging_state import deliver, eventually, read, receipts, settle

from parley_contracts.ids import new_uuid7
from parley_contracts.state_api import ReadState, read_states_digest

STRANGE = "0193e5a0-0000-7000-8000-000000000000"


def another_device(device):
    return device.person.device()


async def head(api, device, room):
    found = (await api.get(f"conversations/{room.id}", device)).body["head"]
    return found["read_sequence"], found["unread_sequence"]


async def test_receipts_tell_how_far_others_have_read_and_got(api, other_api, person, room_of):
    writer, reader, third = person().device(), person().device(), person().device()
    room = await room_of(api, writer, [reader, third])
    for _ in range(3):
        await api.send(room, writer)
    await read(api, reader, room, 4)
    await deliver(other_api, third, room, 5)
    await deliver(api, another_device(third), room, 3)
    wanted = {reader.person.user_id: (4, 4), third.person.user_id: (0, 5)}
    await eventually(lambda: receipts(other_api, writer, room), wanted)
    await read(other_api, reader, room, 2)
    assert await receipts(api, writer, room) == wanted
    sender = writer.person.user_id
    await eventually(lambda: receipts(api, third, room), {reader.person.user_id: (4, 4), sender: (5, 5)})


async def test_positions_reach_the_members_live(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    room = await room_of(api, writer, [reader])
    await api.send(room, writer)
    async with api.socket(writer) as mine, other_api.socket(reader) as theirs:
        for sequence in (2, 3, 3):
            mark = {"type": "delivery.mark", "ref": "d", "conversation_id": room.id, "delivered_sequence": sequence}
            await theirs.say(mark)
            assert (await theirs.until("ack"))["ref"] == "d"
        told = await mine.until("receipt.updated")
        assert (told["user_id"], told["read_sequence"], told["delivered_sequence"]) == (reader.person.user_id, 0, 3)
        await read(other_api, reader, room, 3)
        told = await mine.until("receipt.updated")
        assert (told["read_sequence"], told["delivered_sequence"]) == (3, 3)
        await theirs.say(mark | {"ref": "beyond", "delivered_sequence": 4})
        assert (await theirs.until("problem"))["problem"]["type"].endswith("invalid_request")
        await theirs.say(mark | {"ref": "foreign", "conversation_id": new_uuid7()})
        assert (await theirs.until("problem"))["problem"]["type"].endswith("not_found")


async def test_reading_reaches_own_devices_connected_or_not(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    other = another_device(reader)
    room, quiet = await room_of(api, writer, [reader]), await room_of(api, writer, [reader])
    await api.send(room, writer)
    known = read_states_digest([])
    async with other_api.socket(other, {room.id: 3, quiet.id: 2}, digest=known) as socket:
        assert socket.ready["conversations"] == socket.ready["read_states"] == []
        await read(api, reader, room, 3)
        state = (await socket.until("read_state.updated"))["state"]
        assert state == {"conversation_id": room.id, "read_sequence": 3, "unread_sequence": 0, "version": 0}
    for digest, told in ((known, [room.id]), (read_states_digest([ReadState(room.id, 3)]), [])):
        async with other_api.socket(other, {room.id: 3, quiet.id: 2}, digest=digest) as socket:
            assert [each["conversation_id"] for each in socket.ready["read_states"] if each["read_sequence"]] == told


async def test_sending_moves_the_own_position_on_all_devices(api, other_api, person, room_of):
    writer, other = person().device(), person().device()
    room = await room_of(api, writer, [other])
    await api.send(room, other)
    await other_api.send(room, writer)
    await eventually(lambda: head(api, writer, room), (4, 0))
    async with api.socket(another_device(writer)) as socket:
        (found,) = socket.ready["conversations"]
        assert (found["read_sequence"], found["read_ordinal"], found["ordinal"]) == (4, 2, 2)


async def test_an_unread_mark_holds_until_the_next_reading(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    other = another_device(reader)
    room = await room_of(api, writer, [reader])
    await api.send(room, writer)
    await read(api, reader, room, 3)
    async with other_api.socket(other) as socket, api.socket(writer) as foreign:
        marked = await api.put(f"conversations/{room.id}/unread", reader, {"unread_sequence": 2})
        wanted = {"conversation_id": room.id, "read_sequence": 3, "unread_sequence": 2, "version": 1}
        assert (marked.status, marked.body) == (200, wanted)
        assert (await socket.until("read_state.updated"))["state"] == wanted
        assert await head(other_api, other, room) == (3, 2)
        await read(other_api, other, room, 1)
        cleared = wanted | {"unread_sequence": 0, "version": 2}
        assert (await socket.until("read_state.updated"))["state"] == cleared
        await foreign.say({"type": "heartbeat"})
        while (frame := await foreign.next())["type"] != "heartbeat":
            assert frame["type"] == "receipt.updated" and "unread" not in str(frame)
    assert await head(api, reader, room) == (3, 0)
    for sequence in (0, 4, -1, 2**70):
        answer = await api.put(f"conversations/{room.id}/unread", reader, {"unread_sequence": sequence})
        assert answer.problem == "invalid_request"


async def test_privacy_settings_move_by_one_version(api, other_api, person):
    device = person().device()
    assert (await api.get("settings/privacy", device)).body == {
        "version": 0,
        "receipts": True,
        "typing": True,
        "presence": True,
        "strangers": True,
    }
    first = {"version": 1, "receipts": False, "typing": True, "presence": True, "strangers": False}
    async with other_api.socket(another_device(device)) as socket:
        assert socket.ready["privacy"]["version"] == 0
        assert (await api.put("settings/privacy", device, first)).status == 204
        assert (await socket.until("privacy.changed"))["settings"] == first
    assert (await other_api.put("settings/privacy", device, first)).status == 204
    stale = await api.put("settings/privacy", device, first | {"receipts": True})
    assert (stale.problem, stale.body["version"]) == ("version_stale", 1)
    assert (await api.put("settings/privacy", device, first | {"version": 3})).problem == "version_stale"
    for broken in ({"version": 0}, {"version": 2, "receipts": 1}, {"version": 2, "colour": "red"}, {"version": 2**60}):
        assert (await api.put("settings/privacy", device, broken)).problem == "invalid_request"
    assert (await other_api.get("settings/privacy", device)).body == first


async def test_who_hides_receipts_sends_and_sees_none(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    room = await room_of(api, writer, [reader])
    await api.send(room, writer)
    await read(api, reader, room, 2)
    await settle(api, reader, receipts=False)
    async with api.socket(writer) as mine, other_api.socket(another_device(reader)) as own:
        await read(other_api, reader, room, 3)
        await deliver(other_api, reader, room, 3)
        assert (await own.until("read_state.updated"))["state"]["read_sequence"] == 3
        await read(other_api, writer, room, 3)
        for socket in (mine, own):
            with pytest.raises(TimeoutError):
                await socket.until("receipt.updated", timeout_s=1.5)
    assert await receipts(api, writer, room) == {reader.person.user_id: (2, 2)}
    assert await receipts(api, reader, room) == {}
    await settle(other_api, reader, receipts=True)
    assert await receipts(other_api, writer, room) == {reader.person.user_id: (2, 2)}
    await eventually(lambda: receipts(other_api, reader, room), {writer.person.user_id: (3, 3)})


async def test_the_removed_learn_no_more_receipts(api, other_api, person, room_of, policy_of):
    owner, guest, third = person().device(), person().device(), person().device()
    room = await room_of(api, owner, [guest, third])
    await api.send(room, owner)
    await read(api, third, room, 3)
    assert third.person.user_id in await receipts(api, guest, room)
    rest = policy_of(owner.person, third.person, conversation_id=room.id)
    async with other_api.socket(guest) as socket, other_api.socket(owner) as mine:
        await api.commit(room, owner, room.removing(owner, [guest], rest), policy=rest)
        await socket.until("conversation.removed")
        await api.send(room, third)
        await read(api, third, room, 4)
        assert (await mine.until("receipt.updated"))["read_sequence"] == 4
        await read(api, guest, room, 4)
        await deliver(api, guest, room, 4)
        assert (await socket.until("read_state.updated"))["state"]["read_sequence"] == 4
        for quiet in (socket, mine):
            with pytest.raises(TimeoutError):
                await quiet.until("receipt.updated", timeout_s=1.5)
    assert await receipts(other_api, guest, room) == {}
    assert guest.person.user_id not in await receipts(api, owner, room)
    for path, body in (("receipt", {"read_sequence": 5}), ("delivery", {"delivered_sequence": 5})):
        assert (await api.put(f"conversations/{room.id}/{path}", guest, body)).problem == "invalid_request"


async def test_state_of_absent_and_foreign_conversations_looks_alike(api, person, room_of):
    room = await room_of(api, person().device())
    stranger = person().device()
    bodies = {
        "receipt": {"read_sequence": 1},
        "delivery": {"delivered_sequence": 1},
        "unread": {"unread_sequence": 1},
    }
    for where in (room.id, STRANGE, "no-identifier"):
        assert (await api.get(f"conversations/{where}/receipts", stranger)).problem == "not_found"
        for path, body in bodies.items():
            assert (await api.put(f"conversations/{where}/{path}", stranger, body)).problem == "not_found"

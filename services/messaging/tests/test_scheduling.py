"""Messages that wait for their time: sent once, by whichever node, or given back to their device."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from messaging_channels import TestChannel

from parley_contracts.content_kinds import KIND_TEXT
from parley_contracts.encoding import b64decode
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import SCHEDULED_PER_DEVICE_MAX


def moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def upload(room, device, text: bytes, client_id: str, seconds: float, **fields) -> dict[str, str]:
    return room.sealed(device, client_id, text, **fields) | {"send_at": moment(seconds)}


async def put(api, room, device, text: bytes, client_id: str, seconds: float, **fields):
    path = f"conversations/{room.id}/scheduled/{client_id}"
    return await api.put(path, device, upload(room, device, text, client_id, seconds, **fields))


async def texts(api, room, device) -> list[bytes]:
    page = (await api.get(f"conversations/{room.id}/entries", device)).body
    return [b64decode(e["ciphertext"]) for e in page["entries"] if e["type"] == "message.created"]


async def until(found, wanted, timeout_s: float = 15.0):
    deadline = time.monotonic() + timeout_s
    while (seen := await found()) != wanted:
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.1)


async def listed(api, device) -> list[tuple[str, str]]:
    return [(s["client_id"], s["state"]) for s in (await api.get("scheduled", device)).body["scheduled"]]


async def test_what_is_due_is_sent_once_and_moves_nobodys_position(api, other_api, person, room_of):
    author, reader = person().device(), person().device()
    room = await room_of(api, author, [reader])
    await api.send(room, reader, b"before")
    late, soon = new_uuid7(), new_uuid7()
    assert (await put(api, room, author, b"late", late, 3600)).status == 204
    assert (await put(other_api, room, author, b"first try", soon, 3600)).status == 204
    assert (await put(api, room, author, b"soon", soon, 0.5)).status == 204  # replaces it
    assert await listed(api, author) == [(soon, "waiting"), (late, "waiting")]
    await until(lambda: texts(api, room, reader), [b"before", b"soon"])
    await until(lambda: listed(api, author), [(late, "waiting")])
    await asyncio.sleep(1.5)
    assert await texts(api, room, reader) == [b"before", b"soon"]
    head = (await api.get(f"conversations/{room.id}", author)).body["head"]
    assert head["read_sequence"] < head["head"]
    assert (await api.call("DELETE", f"scheduled/{late}", author)).status == 204
    assert await listed(api, author) == []


async def test_another_epoch_gives_it_back(api, person, room_of, policy_of):
    author, guest = person().device(), person().device()
    room = await room_of(api, author)
    client_id = new_uuid7()
    assert (await put(api, room, author, b"of an old epoch", client_id, 0.2, epoch=room.epoch + 1)).status == 204
    await until(lambda: listed(api, author), [(client_id, "stale")])
    assert await texts(api, room, author) == []
    assert (await put(api, room, author, b"sealed anew", client_id, 0)).status == 204
    await until(lambda: texts(api, room, author), [b"sealed anew"])
    # A device that is in no group is refused when its message is due.
    stranger = person().device()
    assert (await put(api, room, stranger, b"x", new_uuid7(), 0)).problem == "not_found"
    assert (await put(api, room, guest, b"x", new_uuid7(), 0)).problem == "not_found"


async def test_a_schedule_is_its_devices_alone(api, person, room_of):
    one = person()
    phone, laptop, other = one.device(), one.device(), person().device()
    room = await room_of(api, phone, [laptop, other])
    client_id = new_uuid7()
    assert (await put(api, room, phone, b"later", client_id, 3600)).status == 204
    for stranger in (laptop, other):
        assert await listed(api, stranger) == []
        assert (await api.call("DELETE", f"scheduled/{client_id}", stranger)).status == 204
    assert await listed(api, phone) == [(client_id, "waiting")]


@pytest.mark.parametrize(
    "send_at", ["", "tomorrow", "2026-01-01T00:00:00", "9999-12-31T00:00:00Z", "2026-13-01T00:00:00Z", "x" * 5000]
)
async def test_strange_times_are_refused(api, person, room_of, send_at):
    device = person().device()
    room = await room_of(api, device)
    client_id = new_uuid7()
    body = upload(room, device, b"x", client_id, 0) | {"send_at": send_at}
    answer = await api.put(f"conversations/{room.id}/scheduled/{client_id}", device, body)
    assert (answer.status, answer.problem) == (400, "invalid_request")
    assert (await api.call("DELETE", "scheduled/none", device)).problem == "invalid_request"


async def test_a_device_has_a_bound(api, person, room_of, stack):
    device = person().device()
    room = await room_of(api, device)
    client_id = new_uuid7()
    assert (await put(api, room, device, b"x", client_id, 3600)).status == 204
    with stack.database() as database:
        one = database["scheduled"].find_one({}, {"_id": 0}, sort=[("_id", -1)])
        many = [one | {"client": number.to_bytes(16, "big")} for number in range(SCHEDULED_PER_DEVICE_MAX - 1)]
        database["scheduled"].insert_many(many)
        assert (await put(api, room, device, b"x", new_uuid7(), 3600)).problem == "too_many"
        assert (await put(api, room, device, b"x again", client_id, 3600)).status == 204
        database["scheduled"].delete_many({"user": one["user"]})


async def said(api, room, device) -> list[str]:
    entries = await room.entries(api, device)
    return [json.loads(each["body"])["text"] for each in entries if each["type"] == "post.created"]


async def test_a_post_is_said_when_its_time_has_come(api, other_api, person):
    owner, member = person().device(), person().device()
    room = TestChannel()
    await room.create(api, owner)
    await room.join(api, member)
    late, soon = new_uuid7(), new_uuid7()
    assert (await room.later(api, member, "late", late, moment(3600))).status == 204
    assert (await room.later(other_api, member, "first try", soon, moment(3600))).status == 204
    assert (await room.later(api, member, "soon", soon, moment(0.3))).status == 204  # replaces it
    assert await listed(api, member) == [(soon, "waiting"), (late, "waiting")] and await listed(api, owner) == []
    await until(lambda: said(api, room, owner), ["soon"])
    await until(lambda: listed(api, member), [(late, "waiting")])
    # Said again by its device, it is the entry that it became.
    again = await room.post(other_api, member, KIND_TEXT, {"text": "soon"}, soon)
    assert (again.status, await said(api, room, owner)) == (200, ["soon"])
    head = (await api.get(f"conversations/{room.id}", member)).body["head"]
    assert head["read_sequence"] < head["head"], "whoever is away has read nothing"
    found = await api.call("POST", "search", owner, {"query": "soon", "conversation_id": room.id})
    assert [hit["sequence"] for hit in found.body["hits"]] == [again.body["sequence"]]


async def test_who_may_not_speak_any_more_is_given_back_what_was_to_be_said(api, person, stack):
    owner, member, stranger = person().device(), person().device(), person().device()
    room = TestChannel()
    await room.create(api, owner)
    await room.join(api, member)
    client_id = new_uuid7()
    assert (await room.later(api, member, "still here?", client_id, moment(3600))).status == 204
    assert (await room.leave(api, member)).status == 200
    with stack.database() as database:  # its time comes only now, however long the leaving took
        due = {"$set": {"send_at": datetime.now(UTC)}}
        assert database["scheduled"].update_one({"client": uuid.UUID(client_id).bytes}, due).matched_count == 1
    await until(lambda: listed(api, member), [(client_id, "refused")])
    assert await said(api, room, owner) == []
    assert (await room.later(api, stranger, "x", new_uuid7(), moment(0))).problem == "not_found"
    assert (await room.later(api, owner, "x", new_uuid7(), "soon")).problem == "invalid_request"
    assert (await room.later(api, owner, "x", new_uuid7(), moment(0), application="Me")).problem == "invalid_request"


async def test_nothing_sealed_waits_for_a_channel_and_nothing_clear_for_a_group(api, person, room_of):
    device = person().device()
    group, channel = await room_of(api, device), TestChannel()
    await channel.create(api, device)
    path = f"conversations/{channel.id}/scheduled/{(client_id := new_uuid7())}"
    sealed = upload(group, device, b"x", client_id, 0)
    assert (await api.put(path, device, sealed)).problem == "invalid_request"
    channel.path = f"channels/{group.id}"
    assert (await channel.later(api, device, "x", new_uuid7(), moment(0))).problem == "not_found"

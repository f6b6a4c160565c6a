"""Messages that wait for their time: sent once, by whichever node, or given back to their device."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

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

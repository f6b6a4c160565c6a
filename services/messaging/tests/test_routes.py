"""The thin line: create, append, read pages, deliver groups."""

from __future__ import annotations

import asyncio
import hashlib

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7


async def test_append_and_read_pages(api, person, room_of):
    device = person().device()
    room = await room_of(api, device)
    answers = [await api.send(room, device, b"m%d" % number) for number in range(7)]
    assert [answer.body["sequence"] for answer in answers] == list(range(2, 9))
    assert [answer.body["ordinal"] for answer in answers] == list(range(1, 8))
    page = (await api.get(f"conversations/{room.id}/entries?after=0&limit=3", device)).body
    assert [entry["sequence"] for entry in page["entries"]] == [1, 2, 3]
    assert (page["head"], page["next"], page["previous"]) == (8, 3, None)
    assert page["entries"][0]["type"] == "conversation.created"
    assert page["entries"][0]["group_info"] == room.creation()["group_info"] or page["entries"][0]["group_info"]
    assert b64decode(page["entries"][1]["ciphertext"]) == b"m0"
    newest = (await api.get(f"conversations/{room.id}/entries?limit=2", device)).body
    assert [entry["sequence"] for entry in newest["entries"]] == [7, 8]
    assert (newest["next"], newest["previous"]) == (None, 7)
    earlier = (await api.get(f"conversations/{room.id}/entries?before=7&limit=3", device)).body
    assert [entry["sequence"] for entry in earlier["entries"]] == [4, 5, 6]
    around = (await api.get(f"conversations/{room.id}/entries?around=5&limit=4", device)).body
    assert [entry["sequence"] for entry in around["entries"]] == [3, 4, 5, 6]


async def test_member_gets_welcome_and_state(api, person, room_of):
    creator, member = person().device(), person().device()
    room = await room_of(api, creator, [member])
    welcome = (await api.get(f"conversations/{room.id}/welcome", member)).body
    assert (welcome["sequence"], welcome["epoch"]) == (2, 1)
    assert b64decode(welcome["policy"]) == room.policy.encode()
    assert (await api.get(f"conversations/{room.id}/welcome", creator)).body["sequence"] == 0
    state = (await api.get(f"conversations/{room.id}", member)).body
    assert state["head"]["head"] == 2
    assert state["head"]["epoch"] == 1
    assert state["head"]["first_visible_sequence"] == 1
    heads = (await api.get("conversations", member)).body["conversations"]
    assert heads == [state["head"]]
    assert (await api.send(room, member)).status == 200


async def test_group_info_of_present_and_past(api, person, room_of):
    creator, member = person().device(), person().device()
    room = await room_of(api, creator, [member])
    present = (await api.get(f"conversations/{room.id}/group-info", member)).body
    past = (await api.get(f"conversations/{room.id}/group-info?epoch=0", member)).body
    assert (present["sequence"], present["epoch"]) == (2, 1)
    assert (past["sequence"], past["epoch"]) == (1, 0)
    assert (await api.get(f"conversations/{room.id}/group-info?epoch=7", member)).problem == "not_found"


async def test_absent_and_foreign_look_alike(api, person, room_of):
    creator, stranger = person().device(), person().device()
    room = await room_of(api, creator)
    for conversation_id in (room.id, new_uuid7(), "nonsense"):
        for path in ("", "/entries", "/group-info", "/welcome", "/hashes"):
            answer = await api.get(f"conversations/{conversation_id}{path}", stranger)
            assert (answer.status, answer.problem) == (404, "not_found")
    assert (await api.send(room, stranger)).problem == "not_found"


async def test_same_client_id_same_answer(api, other_api, person, room_of):
    device = person().device()
    room = await room_of(api, device)
    client_id = new_uuid7()
    first = await api.send(room, device, b"once", client_id=client_id)
    again = await other_api.send(room, device, b"once", client_id=client_id)
    assert first.body == again.body
    other = await other_api.send(room, device, b"twice", client_id=client_id)
    assert (other.status, other.problem) == (409, "client_id_reused")
    assert other.body["sequence"] == first.body["sequence"]


async def test_receipt_moves_read_position(api, person, room_of):
    device, reader = person().device(), person().device()
    room = await room_of(api, device, [reader])
    for _ in range(3):
        await api.send(room, device)
    assert (await api.put(f"conversations/{room.id}/receipt", reader, {"read_sequence": 4})).status == 204
    assert (await api.put(f"conversations/{room.id}/receipt", reader, {"read_sequence": 3})).status == 204
    head = (await api.get(f"conversations/{room.id}", reader)).body["head"]
    assert (head["read_sequence"], head["read_ordinal"]) == (4, 2)
    beyond = await api.put(f"conversations/{room.id}/receipt", reader, {"read_sequence": 99})
    assert beyond.problem == "invalid_request"


async def test_sending_moves_own_position(api, person, room_of):
    """Whichever node owns the conversation, and at every moment between collecting and writing."""
    device = person().device()
    for _ in range(4):
        room = await room_of(api, device)
        for count in range(1, 9):
            await api.send(room, device)
            head = (await api.get(f"conversations/{room.id}", device)).body["head"]
            assert (head["read_sequence"], head["read_ordinal"]) == (1 + count, count)
            await asyncio.sleep(0.06)


async def test_records_are_written_once(api, person):
    device = person().device()
    path = f"archive/{new_uuid7()}/0/3/1"
    assert (await api.put(path, device, {"sealed": b64encode(b"record")})).status == 204
    assert (await api.put(path, device, {"sealed": b64encode(b"record")})).status == 204
    assert (await api.put(path, device, {"sealed": b64encode(b"other")})).problem == "conflict"
    page = (await api.get("archive", device)).body
    assert [b64decode(record["sealed"]) for record in page["records"]] == [b"record"]
    assert page["next"] is None
    assert (await api.put("history-keys/1", device, {"sealed": b64encode(b"key")})).status == 204
    assert (await api.put("history-keys/1", device, {"sealed": b64encode(b"kez")})).problem == "conflict"
    keys = (await api.get("history-keys", device)).body["history_keys"]
    assert keys == [{"version": 1, "sealed": b64encode(b"key")}]


async def test_account_index_moves_by_one(api, person):
    device = person().device()
    assert (await api.get("account-index", device)).body == {"version": 0, "sealed": ""}
    first = {"version": 1, "sealed": b64encode(b"one")}
    assert (await api.put("account-index", device, first)).status == 204
    assert (await api.put("account-index", device, first)).status == 204
    stale = await api.put("account-index", device, {"version": 1, "sealed": b64encode(b"other")})
    assert (stale.problem, stale.body["version"]) == ("version_stale", 1)
    assert (await api.put("account-index", device, {"version": 3, "sealed": b64encode(b"3")})).status == 409
    assert (await api.put("account-index", device, {"version": 2, "sealed": b64encode(b"two")})).status == 204
    assert (await api.get("account-index", device)).body["version"] == 2


async def test_archive_pages(api, person):
    device = person().device()
    conversation = new_uuid7()
    for epoch in range(5):
        await api.put(f"archive/{conversation}/0/{epoch}/1", device, {"sealed": b64encode(b"%d" % epoch)})
    first = (await api.get("archive?limit=3", device)).body
    rest = (await api.get(f"archive?limit=3&after={first['next']}", device)).body
    assert [record["epoch"] for record in first["records"] + rest["records"]] == list(range(5))
    assert (await api.get("archive?after=nonsense", device)).problem == "invalid_request"


async def test_a_removed_message_keeps_its_place_and_its_hash(api, other_api, person, room_of):
    owner, author, member, stranger = (person().device() for _ in range(4))
    room = await room_of(api, owner, [author, member])
    client_id = new_uuid7()
    sent = (await api.send(room, author, b"regretted", client_id=client_id)).body["sequence"]
    other = (await api.send(room, author, b"kept")).body["sequence"]
    hashes = (await api.get(f"conversations/{room.id}/hashes", member)).body
    path = f"conversations/{room.id}/entries"
    assert (await api.call("DELETE", f"{path}/{sent}", member)).problem == "forbidden"
    assert (await api.call("DELETE", f"{path}/{sent}", stranger)).problem == "not_found"
    assert (await api.call("DELETE", f"{path}/1", owner)).problem == "not_found"  # a creation is no message
    assert (await api.call("DELETE", f"{path}/99", owner)).problem == "not_found"
    assert (await api.call("DELETE", f"{path}/{sent}", author)).status == 204
    assert (await other_api.call("DELETE", f"{path}/{sent}", author)).status == 204
    assert (await other_api.call("DELETE", f"{path}/{other}", owner)).status == 204  # who manages the group
    entries = (await api.get(f"{path}?after={sent - 1}", member)).body["entries"]
    for entry, text in zip(entries, (b"regretted", b"kept"), strict=True):
        assert "ciphertext" not in entry
        assert b64decode(entry["ciphertext_hash"]) == hashlib.sha256(text).digest()
        assert entry["header"] and entry["signature"]
    assert (await api.get(f"conversations/{room.id}/hashes", member)).body == hashes
    again = await api.send(room, author, b"regretted", client_id=client_id)
    assert again.body["sequence"] == sent
    assert (await api.send(room, author, b"another", client_id=client_id)).problem == "client_id_reused"


async def test_what_nobody_reads_counts_for_nobody(api, person, room_of):
    device, reader = person().device(), person().device()
    room = await room_of(api, device, [reader])
    await api.send(room, device)
    await api.send(room, device, counts=False)
    head = (await api.get(f"conversations/{room.id}", reader)).body["head"]
    assert (head["head"], head["ordinal"]) == (4, 1)


async def test_records_take_the_largest_numbers(api, person):
    device, sealed = person().device(), {"sealed": b64encode(b"x")}
    most = 2**53
    assert (await api.put(f"archive/{new_uuid7()}/{most}/{most}/{most}", device, sealed)).status == 204
    assert (await api.put(f"history-keys/{most}", device, sealed)).status == 204
    (record,) = (await api.get("archive", device)).body["records"]
    assert (record["generation"], record["epoch"], record["history_version"]) == (most, most, most)
    assert [key["version"] for key in (await api.get("history-keys", device)).body["history_keys"]] == [most]

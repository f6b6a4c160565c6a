"""Announce, send, complete, fetch: every step repeatable, nothing half-done counts."""

import os

import pytest

from parley_contracts.encoding import b64encode
from parley_contracts.ids import media_object_id, new_uuid7
from parley_contracts.limits import MEDIA_OBJECT_SIZE_BYTES_MAX, MEDIA_PART_SIZE_BYTES

TWO_PARTS = MEDIA_PART_SIZE_BYTES + 1000


def test_one_part_goes_round(api, anna, berta, conversation):
    content = os.urandom(70_000)
    object_id = api.upload(anna, conversation, content)
    download = api.download(berta, object_id).body
    assert (download["object_id"], download["size_bytes"]) == (object_id, len(content))
    assert download["path"].startswith(f"/media/objects/{object_id}?")
    assert api.fetch(download["path"]).content == content
    ranged = api.fetch(download["path"], Range="bytes=100-199")
    assert (ranged.status_code, ranged.content) == (206, content[100:200])


def test_several_parts_become_one_object(api, anna, berta, conversation):
    content = os.urandom(2 * MEDIA_PART_SIZE_BYTES + 123)
    upload_id = new_uuid7()
    announced = api.announce(anna, conversation, len(content), upload_id).body
    assert announced["object_id"] == media_object_id(anna.user_id, upload_id)
    assert [part["size_bytes"] for part in announced["parts"]] == [MEDIA_PART_SIZE_BYTES] * 2 + [123]
    for part in reversed(announced["parts"]):  # in any order, and one of them twice
        first = (part["number"] - 1) * MEDIA_PART_SIZE_BYTES
        for _ in range(2 if part["number"] == 3 else 1):
            assert api.put(part, content[first : first + part["size_bytes"]]).status_code == 200
    for _ in range(2):
        assert api.complete(anna, upload_id).body == {"object_id": announced["object_id"], "size_bytes": len(content)}
    path = api.download(berta, announced["object_id"]).body["path"]
    assert api.fetch(path).content == content


def test_announcing_again_goes_on(api, anna, conversation):
    upload_id = new_uuid7()
    first = api.announce(anna, conversation, TWO_PARTS, upload_id).body
    assert api.put(first["parts"][0], bytes(MEDIA_PART_SIZE_BYTES)).status_code == 200
    again = api.announce(anna, conversation, TWO_PARTS, upload_id).body
    assert (again["object_id"], again["expires_at"], again["state"]) == (
        first["object_id"],
        first["expires_at"],
        "open",
    )
    assert api.put(again["parts"][1], bytes(1000)).status_code == 200
    assert api.complete(anna, upload_id).status == 200
    done = api.announce(anna, conversation, TWO_PARTS, upload_id).body
    assert (done["state"], done["parts"]) == ("stored", [])


@pytest.mark.parametrize("changed", [{"size_bytes": TWO_PARTS + 1}, {"digest": b64encode(b"e" * 32)}])
def test_an_id_means_one_object(api, anna, conversation, changed):
    upload_id = new_uuid7()
    api.announce(anna, conversation, TWO_PARTS, upload_id)
    refused = api.announce(anna, conversation, TWO_PARTS, upload_id, **changed)
    assert (refused.status, refused.problem) == (409, "client_id_reused")


def test_what_is_missing_is_named(api, anna, conversation):
    upload_id = new_uuid7()
    announced = api.announce(anna, conversation, TWO_PARTS, upload_id).body
    assert (api.complete(anna, upload_id).problem, api.complete(anna, upload_id).body["missing"]) == (
        "upload_incomplete",
        [1, 2],
    )
    assert api.put(announced["parts"][1], bytes(1000)).status_code == 200
    assert api.complete(anna, upload_id).body["missing"] == [1]
    assert api.download(anna, announced["object_id"]).problem == "not_found"
    alone = new_uuid7()
    api.announce(anna, conversation, 500, alone)
    assert api.complete(anna, alone).body["missing"] == [1]


@pytest.mark.parametrize("size", [TWO_PARTS, 5000])
def test_a_path_takes_exactly_its_bytes(api, anna, conversation, size):
    part = api.announce(anna, conversation, size).body["parts"][-1]
    for wrong in (part["size_bytes"] - 1, part["size_bytes"] + 1):
        assert api.put(part, bytes(wrong)).status_code == 403
    assert api.put(part, bytes(part["size_bytes"])).status_code == 200


def test_a_path_is_for_its_object_and_method(api, anna, conversation):
    mine = api.announce(anna, conversation, 5000).body
    other = api.announce(anna, conversation, 5000).body
    part = mine["parts"][0]
    moved = part | {"path": part["path"].replace(mine["object_id"], other["object_id"])}
    assert api.put(moved, bytes(5000)).status_code == 403
    assert api.fetch(part["path"]).status_code == 403
    assert api.put(part | {"path": part["path"].replace("Expires=", "Expires=9")}, bytes(5000)).status_code in {
        400,
        403,
    }
    object_id = api.upload(anna, conversation, bytes(100))
    path = api.download(anna, object_id).body["path"]
    assert api.put({"path": path}, bytes(100)).status_code == 403


def test_sizes_have_bounds(api, anna, conversation):
    assert api.announce(anna, conversation, MEDIA_OBJECT_SIZE_BYTES_MAX + 1).problem == "too_large"
    for size in (0, 15, -1):
        assert api.announce(anna, conversation, size).problem == "invalid_request"
    assert len(api.announce(anna, conversation, MEDIA_OBJECT_SIZE_BYTES_MAX).body["parts"]) == 205


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"size_bytes": 100}',
        b'{"conversation_id": 1, "size_bytes": 100, "digest": ""}',
        b'{"conversation_id": "x", "size_bytes": 100, "digest": ""}',
        b'{"conversation_id": "\xff", "size_bytes": NaN, "digest": ""}',
        b'{"a":' + b"[" * 20_000,
    ],
)
def test_strange_bodies_are_refused(api, anna, body):
    answer = api.call("PUT", f"uploads/{new_uuid7()}", anna, content=body)
    assert (answer.status, answer.problem) == (400, "invalid_request")


def test_digest_has_its_size(api, anna, conversation):
    for digest in (b"d" * 31, b"d" * 33):
        assert api.announce(anna, conversation, 100, digest=b64encode(digest)).status in {400, 413}
    assert api.announce(anna, conversation, 100, digest="no base64!").problem == "invalid_request"

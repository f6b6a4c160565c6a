"""Open channels through the gateway, two nodes, real devices: from the directory to the search."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest
from e2e_devices import CALL_TIMEOUT_S, Device, Refused

from parley_contracts.encoding import b64decode, b64encode

Make = Callable[..., Device]


def wait_until(found: Callable[[], Any], timeout_s: float = CALL_TIMEOUT_S) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return result


def items(device: Device, where: str) -> dict[int, dict[str, Any]]:
    return {item["sequence"]: item for item in device("history.page", conversation_id=where)["items"]}


def test_a_channel_from_the_directory_to_the_search(device: Make):
    anna, berta = device("anna"), device("berta")
    name, word = f"Town {secrets.token_hex(4)}", f"needle{secrets.token_hex(4)}"
    made = anna("channel.create", name=name, topic="News", description="For all")
    where = made["conversation_id"]
    assert (made["kind"], made["status"]) == ("open", "member")
    first = anna("send", to=f"#{name}", text=f"first {word}")["sequence"]
    (listed,) = berta("channel.list", query=name.upper())["channels"]
    assert listed | {"conversation_id": where, "name": name, "members": 1, "joined": False} == listed
    assert berta("search", query=word)["hits"] == []
    berta("channel.join", channel=f"#{name}")
    assert items(berta, where)[first]["text"] == f"first {word}"  # from the beginning
    assert [hit["sequence"] for hit in berta("search", query=word.upper())["hits"]] == [first]
    file = {"data": b64encode(b"plain" * 1000), "name": "a.txt"}
    said = berta("send", to=where, text="with a file", attachments=[file], reply_to=first)["sequence"]
    shown = wait_until(lambda: items(anna, where).get(said))
    assert shown["reply_to"]["sequence"] == first
    read = anna("attachment.read", conversation_id=where, sequence=said, index=0)
    assert b64decode(read["data"]) == b"plain" * 1000
    assert [hit["sequence"] for hit in anna("search", query="file", with_files=True)["hits"]] == [said]
    anna("message.edit", conversation_id=where, sequence=first, text="other words")
    wait_until(lambda: items(berta, where)[first]["text"] == "other words")
    berta("message.react", conversation_id=where, sequence=first, emoji="👍")
    wait_until(lambda: items(anna, where)[first]["reactions"])
    assert berta("search", query=word)["hits"] == []
    assert [hit["text"] for hit in berta("search", query="other", conversation=where)["hits"]] == ["other words"]
    anna("message.delete", conversation_id=where, sequence=said)
    wait_until(lambda: items(berta, where)[said]["kind"] == "deleted")
    assert anna("search", query="file", conversation=where)["hits"] == []
    anna("group.role", conversation_id=where, member=berta.username, role="owner")
    assert anna("channel.leave", channel=where)["status"] == "removed"
    with pytest.raises(Refused) as refused:
        anna("send", to=where, text="still here?")
    assert refused.value.slug == "not_a_member"
    assert [member["role"] for member in berta("group.info", conversation_id=where)["members"]][-1] == "owner"

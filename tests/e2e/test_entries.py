"""What people say of messages that stand, through the gateway: three people and a restored device see the same."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from e2e_devices import Device, Refused

Make = Callable[..., Device]


def standing(device: Device, where: str, sequence: int, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The message as the device shows it, once it is as it should be."""
    deadline, found = time.monotonic() + 30, None
    while time.monotonic() < deadline:
        with contextlib.suppress(Refused):  # the conversation may not have come to this device yet
            found = device("message", conversation_id=where, sequence=sequence)["message"]
        if found is not None and done(found):
            return dict(found)
        time.sleep(0.05)
    raise AssertionError(f"{device.username} shows {found}")


def summary(device: Device, where: str) -> dict[str, Any]:
    return dict(device("conversation", conversation_id=where))


def test_everybody_sees_the_same_of_a_message(device: Make):
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    people = (anna, berta, carl)
    where = anna("group.create", name="Garden", members=[f"@{berta.username}", f"@{carl.username}"])["conversation_id"]
    root = anna("send", to=where, text="who waters on @everybody's behalf?")["sequence"]
    for other in (berta, carl):
        standing(other, where, root, lambda _: True)
        assert (summary(other, where)["unread"], summary(other, where)["mentions"]) == (1, 1)

    anna("message.edit", conversation_id=where, sequence=root, text="who waters the garden?")
    berta("message.react", conversation_id=where, sequence=root, emoji="🌻")
    carl("message.react", conversation_id=where, sequence=root, emoji="🌻")
    anna("message.pin", conversation_id=where, sequence=root)
    reply = berta("send", to=where, text="I do", reply_to=root)["sequence"]
    carl("send", to=where, text="and I", thread=root)
    poll = carl("poll.create", to=where, question="when?", options=["mornings", "evenings"])["sequence"]
    for who, choice in ((anna, 0), (berta, 1), (carl, 1)):
        standing(who, where, poll, lambda _: True)
        who("poll.vote", conversation_id=where, sequence=poll, choices=[choice])
    regretted = berta("send", to=where, text="regretted words")["sequence"]
    standing(anna, where, regretted, lambda _: True)
    with pytest.raises(Refused) as caught:
        carl("message.delete", conversation_id=where, sequence=regretted)
    assert caught.value.slug == "not_permitted"
    anna("message.delete", conversation_id=where, sequence=regretted)  # who made the group manages it

    restored = device("unused", registered=False)
    restored.login(anna)
    for who in (*people, restored):
        seen = standing(
            who, where, root, lambda m: len((m["reactions"] or [{"people": []}])[0]["people"]) == 2 and m["thread"]
        )
        assert (seen["text"], seen["pinned"], seen["thread"]["replies"]) == ("who waters the garden?", True, 1)
        assert {p["username"] for p in seen["reactions"][0]["people"]} == {berta.username, carl.username}
        assert standing(who, where, reply, lambda _: True)["reply_to"]["text"] == "who waters the garden?"
        voted = standing(who, where, poll, lambda m: m["poll"]["voters"] == 3)["poll"]
        assert [len(option["people"]) for option in voted["options"]] == [1, 2]
        gone = standing(who, where, regretted, lambda m: m["kind"] == "deleted")
        assert (gone["text"], gone["deleted_by"]["username"]) == ("", anna.username)
        assert [item["sequence"] for item in who("pins", conversation_id=where)] == [root]
        page = who("history.page", conversation_id=where)
        assert "and I" not in [item["text"] for item in page["items"]]
        inside = who("history.page", conversation_id=where, thread=root)
        assert [item["text"] for item in inside["items"]] == ["and I"]

    # Who writes has read; and what changes a message is nobody's news.
    assert (summary(berta, where)["unread"], summary(berta, where)["mentions"]) == (0, 0)

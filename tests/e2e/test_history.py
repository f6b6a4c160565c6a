"""History for newcomers through the gateway, two nodes, real devices: switched on, handed on, handed on again, and kept."""

import time
from collections.abc import Callable
from typing import Any

from e2e_devices import CALL_TIMEOUT_S, Device

Make = Callable[..., Device]
COUNT = 24


def wait_until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + CALL_TIMEOUT_S
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return result


def listed(device: Device, where: str) -> dict[str, Any]:
    """The conversation as the device lists it."""
    return next(c for c in device("conversations") if c["conversation_id"] == where)


def said(device: Device, where: str) -> list[str]:
    return [m["text"] for m in device.history() if m["conversation_id"] == where]


def shown(device: Device, where: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = device("history.page", conversation_id=where, limit=200)["items"]
    return items


def test_newcomers_read_what_was_said_before_and_hand_it_on(device: Make):
    anna, berta, dora = device("anna"), device("berta"), device("dora")
    where = anna("group.create", name="Garden", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="before the switch")
    assert anna("group.history", conversation_id=where, shared=True)["history_sharing"]
    words = [f"word {number}" for number in range(COUNT)]
    for number, word in enumerate(words):
        anna("send", to=where, text=word)
        if number % 6 == 5:  # another epoch
            anna("group.permissions", conversation_id=where, permissions={"add": "admin" if number % 4 else "member"})
    anna("group.permissions", conversation_id=where, permissions={"add": "member"})
    anna("group.add", conversation_id=where, members=[f"@{dora.username}"])
    dora.wait_for_history(set(words))
    assert said(dora, where) == words
    (told,) = wait_until(lambda: [item for item in shown(dora, where) if item["kind"] == "history"])
    assert (told["text"], told["sender"]) == ("shared", anna.username)
    assert next(summary for summary in dora("summaries") if summary["conversation_id"] == where)["unread"] == 0

    berta.wait_for(set(words))
    anna.stop()
    berta.stop()
    dora("send", to=where, text="by dora")
    eve = device("eve")
    dora("group.add", conversation_id=where, members=[f"@{eve.username}"])
    eve.wait_for_history({*words, "by dora"})
    assert said(eve, where) == [*words, "by dora"]
    assert dora.arrived == [] == eve.arrived

    anna.start()
    wait_until(lambda: listed(anna, where)["sequence"] >= listed(eve, where)["sequence"])
    anna("group.ban", conversation_id=where, members=[f"@{dora.username}"])
    wait_until(lambda: listed(dora, where)["status"] == "removed")
    again = device("again", registered=False)
    again.login(dora)
    wait_until(lambda: "by dora" in said(again, where))
    assert not {"before the switch", *words} & set(said(again, where))

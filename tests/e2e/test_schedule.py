"""Messages that are sent later, through the gateway: while their device is away, nodes die and members change."""

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from e2e_devices import Device, Refused, Stack

Make = Callable[..., Device]


def moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def schedule(device: Device, where: str, text: str, seconds: float) -> dict[str, Any]:
    made: dict[str, Any] = device("schedule.create", to=where, text=text, send_at=moment(seconds))
    assert made["held"]
    return made


def test_it_is_sent_while_its_device_is_away_and_nodes_die(stack: Stack, device: Make):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="start")["conversation_id"]
    berta.wait_for({"start"})
    schedule(anna, where, "good morning", 4)
    cancelled = schedule(anna, where, "never", 5)
    anna("schedule.cancel", client_id=cancelled["client_id"])
    anna.stop()
    parts = stack.parts()
    for name in ("messaging-1", "messaging-2"):
        os.kill(parts[name]["pid"], signal.SIGKILL)
    berta.wait_for({"good morning"})
    time.sleep(3)
    assert [m["text"] for m in berta.history()] == ["start", "good morning"]
    anna.start()
    anna.wait_for_history({"good morning"})
    assert anna("schedule.list") == []
    anna("send", to=where, text="and goodbye")
    berta.wait_for({"and goodbye"})
    page = berta("history.page", conversation_id=where)
    assert [i["text"] for i in page["items"] if i["kind"] == "text"] == ["start", "good morning", "and goodbye"]


def test_new_epochs_do_not_stop_it(device: Make):
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    where = anna("group.create", name="Choir", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="start")
    berta.wait_for({"start"})
    schedule(berta, where, "while I am here", 6)
    anna("group.add", conversation_id=where, members=[f"@{carl.username}"])  # her device seals it anew
    anna.wait_for({"while I am here"})
    carl.wait_for({"while I am here"})

    schedule(berta, where, "while I am away", 2)
    berta.stop()
    anna("group.remove", conversation_id=where, members=[f"@{carl.username}"])
    time.sleep(4)
    assert "while I am away" not in {m["text"] for m in anna.history()}
    berta.start()  # it was given back: her device sends it at once
    anna.wait_for({"while I am away"})
    deadline = time.monotonic() + 30
    while berta("schedule.list"):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_strange_times_are_one_sentence(device: Make):
    anna = device("anna")
    for send_at in ("", "tomorrow", moment(-5), "2999-01-01T00:00:00Z", "2026-01-01T00:00:00"):
        with pytest.raises(Refused) as refused:
            anna("schedule.create", to=f"@{anna.username}", text="x", send_at=send_at)
        assert refused.value.slug == "usage"

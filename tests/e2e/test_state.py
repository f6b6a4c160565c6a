"""Receipts, unread counts, typing, presence and privacy: real devices on two nodes, through the gateway."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import redis
from e2e_devices import Device, Stack

Make = Callable[..., Device]
NODES = ("messaging-1", "messaging-2")


def eventually(look: Callable[[], Any], wanted: Any, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, f"{found} is not {wanted}"
        time.sleep(0.1)


def unread(device: Device, where: str) -> Callable[[], tuple[int, bool]]:
    def look() -> tuple[int, bool]:
        found = device("conversation", conversation_id=where)
        return found["unread"], found["marked_unread"]

    return look


def user_id(device: Device) -> str:
    found: str = device("whoami")["user_id"]
    return found


def sockets(stack: Stack) -> list[int]:
    """How many sockets each node carries."""
    counts = []
    for node in NODES:
        transport = httpx.HTTPTransport(uds=str(stack.home / "run" / f"{node}.sock"))
        with httpx.Client(transport=transport, base_url="http://localhost") as client:
            counts.append(client.get("/internal/metrics").json()["sockets"])
    return counts


def test_state_is_one_on_all_devices_and_nodes(stack: Stack, device: Make):
    anna, berta = device("anna"), device("berta")
    berta("contact.add", username=anna.username)
    where = anna("send", to=f"@{berta.username}", text="one")["conversation_id"]
    berta.wait_for({"one"})
    phone, tablet = (device(name, registered=False) for name in ("phone", "tablet"))
    for each in (phone, tablet):
        each.login(berta)
        each.wait_for_history({"one"})
    assert all(sockets(stack)), "the devices are on one node only"
    everywhere = (berta, phone, tablet)
    last = anna("send", to=where, text="two")["sequence"]
    for each in everywhere:
        each.wait_for({"two"})
        eventually(unread(each, where), (2, False))

    phone("mark_read", conversation_id=where, sequence=last)
    for each in everywhere:
        eventually(unread(each, where), (0, False))
    reader = user_id(berta)
    eventually(lambda: anna("conversation", conversation_id=where)["read"].get(reader), last)
    eventually(lambda: anna("conversation", conversation_id=where)["delivered"].get(reader, 0) >= last, wanted=True)

    tablet("mark_unread", conversation_id=where)
    for each in everywhere:
        eventually(unread(each, where), (1, True))
    berta("send", to=where, text="answer")
    for each in everywhere:
        eventually(unread(each, where), (0, False))

    phone.stop()
    anna("send", to=where, text="three")
    berta.wait_for({"three"})
    read = anna("send", to=where, text="four")["sequence"]
    berta("mark_read", conversation_id=where, sequence=read - 1)
    eventually(unread(tablet, where), (1, False))
    phone.start()
    eventually(unread(phone, where), (1, False))
    restored = device("restored", registered=False)
    restored.login(berta)
    restored.wait_for_history({"one", "two", "three", "four"})
    eventually(unread(restored, where), (1, False))

    # What was not heard live is asked for when the conversation is opened.
    anna.stop()
    berta("mark_read", conversation_id=where, sequence=read)
    anna.start()
    eventually(lambda: anna("history.page", conversation_id=where)["read"].get(reader), read)


def types_until_heard(writer: Device, reader: Device, where: str) -> None:
    """Stroke after stroke, as people do: one is lost while a socket comes back, and few are told at all."""

    def heard() -> bool:
        writer("typing.start", conversation_id=where)
        return any(name == "typing.changed" and len(params["people"]) == 1 for name, params in reader.events)

    eventually(heard, wanted=True, timeout_s=30)


def test_typing_and_presence_between_devices(device: Make):
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    where = anna("group.create", name="Choir", members=[f"@{each.username}" for each in (berta, carl)])[
        "conversation_id"
    ]
    anna("send", to=where, text="hello")
    for each in (berta, carl):
        each.wait_for({"hello"})
    typist = {"user_id": user_id(anna), "username": anna.username}
    for _ in range(5):
        anna("typing.start", conversation_id=where)
    for each in (berta, carl):
        each.heard("typing.changed", lambda params: params["people"] == [typist])
        each.heard("typing.changed", lambda params: params["people"] == [], timeout_s=15)

    who = user_id(carl)
    berta("presence.watch", user_ids=[who])
    berta.heard("presence.changed", lambda params: params["status"] == "online")
    carl("presence.set", status="away")
    berta.heard("presence.changed", lambda params: params["status"] == "away" and params["last_seen_at"])
    carl.stop()
    berta.heard("presence.changed", lambda params: params["status"] == "offline" and params["last_seen_at"])
    carl.start()
    since = len(berta.events)
    berta.heard("presence.changed", lambda params: params["status"] == "online", since=max(0, since - 1))

    anna("group.remove", conversation_id=where, members=[f"@{carl.username}"])
    gone = {"user_id": who, "status": "offline", "last_seen_at": None}
    berta.heard("presence.changed", lambda params: params == gone)
    since = len(carl.events)
    anna("typing.start", conversation_id=where)
    berta("mark_read", conversation_id=where, sequence=anna("send", to=where, text="without carl")["sequence"])
    berta.wait_for({"without carl"})
    time.sleep(2.0)
    assert not [params for name, params in carl.events[since:] if name == "typing.changed"]
    assert user_id(berta) not in carl("receipts", conversation_id=where)["read"]


def test_privacy_holds_on_all_devices(device: Make):
    anna, berta = device("anna"), device("berta")
    berta("contact.add", username=anna.username)
    where = anna("send", to=f"@{berta.username}", text="one")["conversation_id"]
    berta.wait_for({"one"})
    phone = device("phone", registered=False)
    phone.login(berta)
    reader = user_id(berta)
    eventually(lambda: anna("conversation", conversation_id=where)["delivered"].get(reader, 0) > 0, wanted=True)
    hidden = berta("privacy.change", receipts=False, typing=False, presence=False)
    assert (hidden["version"], hidden["receipts"], hidden["typing"], hidden["presence"]) == (1, False, False, False)
    phone.heard("privacy.changed", lambda params: params == hidden)

    anna("presence.watch", user_ids=[reader])
    anna.heard("presence.changed", lambda params: params["status"] == "offline" and params["last_seen_at"] is None)
    last = anna("send", to=where, text="two")["sequence"]
    for each in (berta, phone):
        each.wait_for({"two"})
    berta("typing.start", conversation_id=where)
    anna("typing.start", conversation_id=where)
    phone("mark_read", conversation_id=where, sequence=last)
    eventually(unread(berta, where), (0, False))
    anna("mark_read", conversation_id=where, sequence=last)
    time.sleep(2.5)
    assert not [event for event in anna.events if event[0] == "typing.changed"]
    assert not [event for event in (*berta.events, *phone.events) if event[0] == "typing.changed"]
    assert anna("receipts", conversation_id=where)["read"].get(reader, 0) < last
    assert anna("conversation", conversation_id=where)["delivered"].get(reader, 0) < last
    assert user_id(anna) not in berta("receipts", conversation_id=where)["read"]

    assert phone("privacy.change", receipts=True, typing=True, presence=True)["version"] == 2
    anna.heard("presence.changed", lambda params: params["status"] == "online")
    berta.heard("privacy.changed", lambda params: params["version"] == 2)
    types_until_heard(anna, berta, where)


def test_presence_survives_redis_and_a_node(stack: Stack, device: Make):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="one")["conversation_id"]
    berta.wait_for({"one"})
    who = user_id(berta)

    def status() -> str:
        anna("presence.watch", user_ids=[who])
        time.sleep(1.0)
        people = anna("presence")["people"]
        return str(people[0]["status"]) if people else ""

    eventually(status, "online")
    with redis.Redis.from_url(stack.engines["PARLEY_REDIS_URL"]) as server:
        server.flushall()
    time.sleep(0.2)
    eventually(status, "online")
    for node in NODES:
        os.kill(stack.parts()[node]["pid"], signal.SIGKILL)
        eventually(status, "online", timeout_s=30)
        eventually(lambda node=node: stack.parts()[node]["healthy"], wanted=True, timeout_s=30)
    types_until_heard(anna, berta, where)
    berta.stop()
    eventually(status, "offline", timeout_s=30)

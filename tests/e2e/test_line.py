"""One line through the core: three people, a group, live and from history, and a restored device."""

from collections.abc import Callable

import pytest
from e2e_devices import Device, Refused

Make = Callable[..., Device]


def test_three_people_and_a_restored_device(device: Make):
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    first = anna("send", to=f"@{berta.username}", text="hello berta")
    berta.wait_for({"hello berta"})
    answer = berta("send", to=first["conversation_id"], text="hello anna")
    anna.wait_for({"hello anna"})
    assert answer["sequence"] > first["sequence"]
    assert berta.arrived[0]["sender"] == anna.username

    group = anna("group.create", name="Garden", members=[f"@{berta.username}", f"@{carl.username}"])
    where = group["conversation_id"]
    texts = {f"{who.username} in the garden" for who in (anna, berta, carl)}
    anna("send", to=where, text=f"{anna.username} in the garden")
    for other in (berta, carl):
        other.wait_for({f"{anna.username} in the garden"})
        other("send", to=where, text=f"{other.username} in the garden")
    for who in (anna, berta, carl):
        who.wait_for(texts - {f"{who.username} in the garden"})
        listed = {c["conversation_id"]: c for c in who("conversations")}
        assert listed[where]["name"] == "Garden"
        assert set(listed[where]["members"]) == {anna.username, berta.username, carl.username}
    anna("send", to=f"@{anna.username}", text="note to self")

    restored = device("unused", registered=False)
    restored.login(anna)
    history = restored.wait_for_history(texts | {"hello berta", "hello anna", "note to self"})
    by_sequence = sorted((m["sequence"], m["text"]) for m in history if m["conversation_id"] == where)
    carls = sorted((m["sequence"], m["text"]) for m in carl.history() if m["conversation_id"] == where)
    assert by_sequence == carls

    berta("send", to=where, text="welcome back")
    restored.wait_for({"welcome back"})
    restored("send", to=where, text="from the new device")
    for who in (anna, berta, carl):
        who.wait_for({"from the new device"})
        assert next(m for m in who.arrived if m["text"] == "from the new device")["sender"] == anna.username


def test_coming_and_going(device: Make):
    anna, berta, carl = device("anna"), device("berta"), device("carl")
    where = anna("group.create", name="Choir", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="before carl")
    anna("group.add", conversation_id=where, members=[f"@{carl.username}"])
    anna("send", to=where, text="with carl")
    carl.wait_for({"with carl"})
    assert "before carl" not in {m["text"] for m in carl.history()}

    with pytest.raises(Refused) as caught:
        berta("group.remove", conversation_id=where, members=[f"@{carl.username}"])
    assert caught.value.slug in {"policy_refused", "untrusted_group", "forbidden"}

    anna("group.remove", conversation_id=where, members=[f"@{carl.username}"])
    anna("send", to=where, text="without carl")
    berta.wait_for({"without carl"})
    with pytest.raises(Refused):
        carl("send", to=where, text="still there?")
    assert "without carl" not in {m["text"] for m in carl.history()}
    assert {"with carl"} <= {m["text"] for m in carl.history()}

    restored = device("unused", registered=False)
    restored.login(anna)
    restored.wait_for_history({"before carl", "with carl", "without carl"})
    restored("send", to=where, text="from a new device")
    berta.wait_for({"from a new device"})


def test_two_people_write_first_at_once(device: Make):
    anna, berta = device("anna"), device("berta")
    sending = [
        anna.begin("send", to=f"@{berta.username}", text="from anna"),
        berta.begin("send", to=f"@{anna.username}", text="from berta"),
    ]
    assert len({answer()["conversation_id"] for answer in sending}) == 1
    anna.wait_for({"from berta"})
    berta.wait_for({"from anna"})


def test_a_crashed_device_goes_on(device: Make):
    anna, berta = device("anna"), device("berta")
    anna("send", to=f"@{berta.username}", text="before")
    for round_ in range(3):
        pending = [anna.begin("send", to=f"@{berta.username}", text=f"{round_}-{n}") for n in range(5)]
        pending[0]()
        anna.crash()
        anna("send", to=f"@{berta.username}", text=f"after {round_}")
    berta.wait_for({f"{r}-0" for r in range(3)} | {f"after {r}" for r in range(3)})
    received = [m["text"] for m in berta.history()]
    assert len(received) == len(set(received))

"""MongoDB brought back as it was some messages and epochs ago: people agree, devices converge, nothing is missing or doubled."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from e2e_devices import Device, Stack
from pymongo import MongoClient
from pymongo.database import Database

Make = Callable[..., Device]
Backup = dict[str, list[dict[str, Any]]]
OF_CONVERSATIONS = ("entries", "memberships", "read_positions", "archive", "join_requests")


def back_up(database: Database[dict[str, Any]], conversation_id: str) -> Backup:
    place = {"conversation": bytes.fromhex(conversation_id.replace("-", ""))}
    return {name: list(database[name].find(place)) for name in OF_CONVERSATIONS}


def bring_back(database: Database[dict[str, Any]], conversation_id: str, backup: Backup) -> int:
    """Make the conversation what it was; how many entries that has cost."""
    place = {"conversation": bytes.fromhex(conversation_id.replace("-", ""))}
    lost = database["entries"].count_documents(place) - len(backup["entries"])
    for name, documents in backup.items():
        database[name].delete_many(place)
        if documents:
            database[name].insert_many(documents)
    return lost


def history(device: Device, where: str) -> list[str]:
    return [message["text"] for message in device.history() if message["conversation_id"] == where]


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_after_a_restore_devices_offer_again_what_is_lost(stack: Stack, device: Make):
    anna, berta, carla = device("anna"), device("berta"), device("carla")
    where = anna("group.create", name="Choir", members=[f"@{berta.username}"])["conversation_id"]
    anna("send", to=where, text="one")
    berta.wait_for({"one"})
    with MongoClient(stack.engines["PARLEY_MONGODB_URL"]) as client:
        database = client["messaging"]
        backup = back_up(database, where)
        anna("group.add", conversation_id=where, members=[f"@{carla.username}"])
        anna("send", to=where, text="two")
        berta.wait_for({"two"})
        berta("send", to=where, text="three")
        for each in (anna, carla):
            each.wait_for({"three"})
        assert bring_back(database, where, backup) >= 3
    declared = stack.ops("restored")
    assert declared.returncode == 0, declared.stderr
    for each in (anna, berta, carla):
        each.heard("server.restored", lambda params: bool(params["generation"]))
        assert each("restored")["waiting"] is not None
    assert history(anna, where)[-1] == "three"
    outcomes = [each("restored.accept")["conversations"] for each in (berta, anna, carla)]
    assert [[each["outcome"] for each in outcome] for outcome in outcomes] == [["returned"], ["returned"], ["gone"]]
    for each in (anna, berta):
        until(lambda each=each: len(history(each, where)) == 3, f"{each.username} misses something")
        until(lambda each=each: each("restored") == {"waiting": None, "lost": []}, "something stays lost")
    assert sorted(history(anna, where)) == ["one", "three", "two"]
    assert history(anna, where) == history(berta, where)
    anna("group.add", conversation_id=where, members=[f"@{carla.username}"])
    anna("send", to=where, text="four")
    for each in (berta, carla):
        each.wait_for({"four"})
    for each in (anna, berta, carla):
        assert set(Counter(message["text"] for message in each.arrived).values()) == {1}

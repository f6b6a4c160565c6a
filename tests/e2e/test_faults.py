"""Nodes killed, Redis flushed, requests repeated: every acknowledged message is there once, in one order, for all."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from e2e_devices import Device, Stack

from parley_client.api.http import Api
from parley_client.store.documents import load_account
from parley_client.store.sqlite import SqliteStore
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import ClientId, new_uuid7

Make = Callable[..., Device]
TRIALS = int(os.environ.get("PARLEY_TRIALS", "5"))
SEED = int(os.environ.get("PARLEY_SEED", str(random.SystemRandom().randrange(2**32))))
WRITERS = 10


def killed_again_and_again(stack: Stack, times: int, stop: threading.Event) -> int:
    """Kill messaging nodes one at a time with -9, each time after it came back; how often."""
    dice, kills = random.Random(SEED), 0
    while kills < times and not stop.is_set():
        parts = stack.parts()
        node = parts[dice.choice(["messaging-1", "messaging-2"])]
        if all(parts[name]["healthy"] for name in ("messaging-1", "messaging-2")):
            os.kill(node["pid"], signal.SIGKILL)
            kills += 1
        time.sleep(dice.uniform(0.5, 1.5))
    return kills


def write_all(writers: list[Device], where: str, stop: threading.Event) -> dict[str, int]:
    """Let all write until `stop`; the acknowledged texts with their sequences."""
    acknowledged: dict[str, int] = {}

    def write(writer: Device) -> None:
        count = 0
        while not stop.is_set():
            text = f"{writer.username} {count}"
            acknowledged[text] = writer("send", to=where, text=text)["sequence"]
            count += 1

    with ThreadPoolExecutor(len(writers)) as pool:
        for done in [pool.submit(write, writer) for writer in writers]:
            done.result()
    return acknowledged


def check_everyone_agrees(everyone: list[Device], where: str, acknowledged: dict[str, int]) -> None:
    reference: list[tuple[int, str]] = []
    for each in everyone:
        history = each.wait_for_history(set(acknowledged))
        rows = sorted((m["sequence"], m["text"]) for m in history if m["conversation_id"] == where)
        assert len({text for _, text in rows}) == len(rows)
        assert len({sequence for sequence, _ in rows}) == len(rows)
        found = {text: sequence for sequence, text in rows}
        assert {text: found[text] for text in acknowledged} == acknowledged
        for writer in everyone:
            own = [int(text.split()[1]) for _, text in rows if text.split()[0] == writer.username]
            assert own == sorted(own)
        reference = reference or rows
        assert rows == reference


@pytest.fixture
def choir(device: Make) -> tuple[list[Device], str]:
    with ThreadPoolExecutor(4) as pool:
        everyone = list(pool.map(lambda n: device(f"w{n}"), range(WRITERS)))
    members = [f"@{each.username}" for each in everyone[1:]]
    where: str = everyone[0]("group.create", name="Choir", members=members)["conversation_id"]
    everyone[0]("send", to=where, text=f"{everyone[0].username} -1")
    for each in everyone[1:]:
        each.wait_for({f"{everyone[0].username} -1"})
    return everyone, where


@pytest.mark.timeout(900)
def test_a_node_is_killed_again_and_again(stack: Stack, choir: tuple[list[Device], str]):
    everyone, where = choir
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_all, everyone, where, stop)
        kills = killed_again_and_again(stack, TRIALS, stop)
        time.sleep(1)
        stop.set()
        acknowledged = writing.result()
    print(f"kills n={kills} seed={SEED} acknowledged={len(acknowledged)}")
    assert kills == TRIALS
    check_everyone_agrees(everyone, where, acknowledged)


@pytest.mark.timeout(900)
def test_redis_is_flushed_meanwhile(stack: Stack, choir: tuple[list[Device], str]):
    everyone, where = choir
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool, redis.Redis.from_url(os.environ["PARLEY_REDIS_URL"]) as server:
        writing = pool.submit(write_all, everyone, where, stop)
        for _ in range(TRIALS):
            time.sleep(0.5)
            server.flushall()
        stop.set()
        acknowledged = writing.result()
    print(f"flushes n={TRIALS} acknowledged={len(acknowledged)}")
    check_everyone_agrees(everyone, where, acknowledged)


def access_token(device: Device) -> str:
    """The device's token, taken from its profile once its process has ended."""
    device.stop()
    store = SqliteStore(device.profile)
    try:
        account = load_account(store)
        assert account is not None
        return token_of(store)
    finally:
        store.close()


def token_of(store: SqliteStore) -> str:
    import asyncio

    from parley_client.api.network import HttpsNetwork

    account = load_account(store)
    assert account is not None

    async def refreshed() -> str:
        network = HttpsNetwork(account.server, account.ca_file)
        try:
            return await Api(network, store).access_token()
        finally:
            await network.close()

    return asyncio.run(refreshed())


@pytest.mark.timeout(300)
def test_one_client_id_a_hundred_times_on_two_nodes(stack: Stack, device: Make):
    anna, berta = device("anna"), device("berta")
    sent = anna("send", to=f"@{berta.username}", text="first")
    where = sent["conversation_id"]
    berta.wait_for({"first"})
    headers = {"Authorization": f"Bearer {access_token(anna)}"}
    base = f"/api/v1/messaging/conversations/{where}"
    nodes = [httpx.HTTPTransport(uds=str(stack.home / "run" / f"messaging-{n}.sock")) for n in (1, 2)]
    clients = [httpx.Client(transport=t, base_url="http://localhost", headers=headers, timeout=30) for t in nodes]
    page = clients[0].get(f"{base}/entries", params={"after": sent["sequence"] - 1, "limit": 1}).json()
    client_id = new_uuid7()
    body = with_client_id(page["entries"][0], client_id)

    def put(turn: int) -> httpx.Response:
        return clients[turn % 2].put(f"{base}/messages/{client_id}", json=body)

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(put, range(100)))
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    assert len({json.dumps(answer.json(), sort_keys=True) for answer in answers}) == 1
    sequence = answers[0].json()["sequence"]
    entries = clients[1].get(f"{base}/entries", params={"after": 0, "limit": 200}).json()["entries"]
    assert [e["sequence"] for e in entries if e["client_id"] == client_id] == [sequence]
    other = clients[1].put(f"{base}/messages/{client_id}", json=body | {"ciphertext": b64encode(bytes(300))})
    assert (other.status_code, other.json()["type"]) == (409, "urn:parley:problem:client_id_reused")
    for client in clients:
        client.close()


def with_client_id(entry: dict[str, Any], client_id: str) -> dict[str, str]:
    """A message that only differs in its client id: the server sees no more of it."""
    from dataclasses import replace

    header = MessageHeader.decode(b64decode(entry["header"]))
    changed = replace(header, client_id=ClientId(client_id)).encode()
    return {"header": b64encode(changed), "ciphertext": entry["ciphertext"], "signature": entry["signature"]}


def test_a_device_that_was_away_reads_everything(device: Make, tmp_path: Path):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="start")["conversation_id"]
    berta.wait_for({"start"})
    berta.stop()
    pending = [anna.begin("send", to=where, text=f"while away {n}") for n in range(250)]
    for answer in pending:
        answer()
    berta._start()
    history = berta.wait_for_history({f"while away {n}" for n in range(250)})
    texts = [m["text"] for m in sorted(history, key=lambda m: m["sequence"])]
    assert texts == ["start", *(f"while away {n}" for n in range(250))]

"""I3: the same client id a hundred times at once, on two nodes, is one entry."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from e2e_devices import Device, Stack, access_token

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import ClientId, new_uuid7

Make = Callable[..., Device]
TIMES = 100


class Talk:
    """A direct conversation, spoken to at the sockets of both nodes in the name of one device."""

    def __init__(self, stack: Stack, where: str, sequence: int, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        transports = [httpx.HTTPTransport(uds=str(stack.home / "run" / f"messaging-{n}.sock")) for n in (1, 2)]
        self.nodes = [
            httpx.Client(transport=t, base_url="http://localhost", headers=headers, timeout=30) for t in transports
        ]
        self.base = f"/api/v1/messaging/conversations/{where}"
        self.first = self.entries(after=sequence - 1)[0]

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        answer = self.nodes[0].get(f"{self.base}/entries", params={"after": after, "limit": 200})
        found: list[dict[str, Any]] = answer.json()["entries"]
        return found

    def body(self, client_id: str) -> dict[str, str]:
        """The first message under another client id: the server sees no more of a message than its header."""
        header = MessageHeader.decode(b64decode(self.first["header"]))
        changed = replace(header, client_id=ClientId(client_id)).encode()
        parts = ("ciphertext", "signature")
        return {"header": b64encode(changed)} | {name: self.first[name] for name in parts}

    def put(self, turn: int, client_id: str, body: dict[str, str]) -> httpx.Response:
        return self.nodes[turn % 2].put(f"{self.base}/messages/{client_id}", json=body)


@pytest.fixture
def talk(stack: Stack, device: Make) -> Iterator[Talk]:
    anna, berta = device("anna"), device("berta")
    sent = anna("send", to=f"@{berta.username}", text="first")
    berta.wait_for({"first"})
    opened = Talk(stack, sent["conversation_id"], sent["sequence"], access_token(anna))
    yield opened
    for node in opened.nodes:
        node.close()


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:parley:problem:")


def test_one_client_id_a_hundred_times_on_two_nodes(talk: Talk):
    client_id = new_uuid7()
    body = talk.body(client_id)
    with ThreadPoolExecutor(TIMES) as pool:
        answers = list(pool.map(lambda turn: talk.put(turn, client_id, body), range(TIMES)))
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    assert len({json.dumps(answer.json(), sort_keys=True) for answer in answers}) == 1
    sequence = answers[0].json()["sequence"]
    assert [e["sequence"] for e in talk.entries() if e["client_id"] == client_id] == [sequence]
    for turn in range(2):
        other = talk.put(turn, client_id, body | {"ciphertext": b64encode(bytes(300))})
        assert problem(other) == (409, "client_id_reused")


def test_two_payloads_of_one_client_id_race(talk: Talk):
    """Exactly one wins; whoever sent the other is told so, every time."""
    client_id = new_uuid7()
    bodies = [talk.body(client_id) | {"ciphertext": b64encode(bytes([n]) * 300)} for n in range(2)]
    with ThreadPoolExecutor(TIMES) as pool:
        answers = list(pool.map(lambda turn: talk.put(turn, client_id, bodies[turn // 2 % 2]), range(TIMES)))
    stored = [e for e in talk.entries() if e["client_id"] == client_id]
    assert len(stored) == 1
    for turn, answer in enumerate(answers):
        if bodies[turn // 2 % 2]["ciphertext"] == stored[0]["ciphertext"]:
            assert answer.json()["sequence"] == stored[0]["sequence"]
        else:
            assert problem(answer) == (409, "client_id_reused")


def test_a_hundred_client_ids_at_once_are_a_hundred_entries(talk: Talk):
    client_ids = [new_uuid7() for _ in range(TIMES)]
    with ThreadPoolExecutor(TIMES) as pool:
        answers = list(pool.map(lambda n: talk.put(n, client_ids[n], talk.body(client_ids[n])), range(TIMES)))
    given = {answer.json()["client_id"]: answer.json()["sequence"] for answer in answers}
    stored = {e["client_id"]: e["sequence"] for e in talk.entries() if e["client_id"] in given}
    assert stored == given
    assert sorted(stored.values()) == list(range(min(stored.values()), min(stored.values()) + TIMES))

"""Requests made out of the services' own schemas, sound ones and broken ones: whatever comes, the answer is no server error."""

import json
import os
import random
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from e2e_devices import Device, Stack, access_token
from e2e_schemas import document_of
from fastapi import APIRouter
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.media_api import SIGNATURE_HEADER
from parley_media.api import routes as media
from parley_messaging.api import application_routes as applications
from parley_messaging.api import channel_routes as channels
from parley_messaging.api import routes as messaging

EXAMPLES = int(os.environ.get("PARLEY_SCHEMA_EXAMPLES", "12"))
SEED = int(os.environ.get("PARLEY_SEED", "0")) or int.from_bytes(os.urandom(4), "big")
SIZE_BYTES = 100
REAL_SHARE = 0.7
DIGEST = b64encode(bytes(32))


class Caller:
    """A signed-in device with a conversation, and every answer that it got."""

    def __init__(self, stack: Stack, device: Device) -> None:
        self.stack, self.device = stack, device
        made = device("group.create", name="Garden", members=[])
        self.conversation: str = made["conversation_id"]
        device("send", to=self.conversation, text="before")
        self.channel: str = device("channel.create", name="Town")["conversation_id"]
        self.headers = {"Authorization": f"Bearer {access_token(device)}"}
        self.count = 0
        self.statuses: set[int] = set()
        context = ssl.create_default_context(cafile=stack.ca_file)
        with httpx.Client(verify=context, base_url=stack.address, headers=self.headers) as client:
            path = f"/api/v1/messaging/conversations/{self.conversation}/entries"
            self.entries: list[dict[str, Any]] = client.get(path).json()["entries"]
            self.object_id = self._upload(client)

    def _upload(self, client: httpx.Client) -> str:
        """An object that may be fetched."""
        path = f"/api/v1/media/uploads/{new_uuid7()}"
        creation = {"conversation_id": self.conversation, "digest": DIGEST, "size_bytes": SIZE_BYTES}
        (part,) = client.put(path, json=creation).json()["parts"]
        place, _, signature = part["path"].partition("?")
        headers = {"Authorization": "", SIGNATURE_HEADER: signature}
        assert client.put(place, content=bytes(SIZE_BYTES), headers=headers).status_code == 200
        object_id: str = client.post(f"{path}/complete").json()["object_id"]
        return object_id

    @property
    def known(self) -> dict[str, list[Any]]:
        """Values that are real, for those that cannot be guessed."""
        real: dict[str, list[Any]] = {
            name: [row[name] for row in self.entries if name in row]
            for name in ("client_id", "header", "ciphertext", "signature", "group_info", "policy", "commit")
        }
        real |= {
            "conversation_id": [self.channel, self.conversation],
            "object_id": [self.object_id],
            "upload_id": [new_uuid7()],
        }
        real |= {"digest": [DIGEST], "size_bytes": [SIZE_BYTES]}
        return {name: values for name, values in real.items() if values}

    def ask(self, case: Case) -> None:
        """Send a request and judge the answer."""
        answer = case.call(base_url=self.stack.address, headers=self.headers, verify=self.stack.ca_file, timeout=30)
        self.count += 1
        self.statuses.add(answer.status_code)
        assert answer.status_code < 500, (case.method, case.path, case.as_curl_command(), answer.text)
        if answer.status_code >= 400:
            asked = (case.method, case.as_curl_command(), answer.status_code, answer.headers)
            assert answer.headers["content-type"] == ["application/problem+json"], asked


@pytest.fixture
def caller(stack: Stack, device: Callable[..., Device]) -> Iterator[Caller]:
    yield Caller(stack, device("anna"))


@pytest.mark.timeout(300 + EXAMPLES)
@pytest.mark.parametrize(
    "router",
    [messaging.router, channels.router, applications.router, media.router],
    ids=["messaging", "channels", "applications", "media"],
)
def test_no_request_is_a_server_error(caller: Caller, router: APIRouter, say_trials: Callable[[str], None]):
    document = document_of(router)
    operations = [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]
    assert len(operations) == sum(len(route.methods) for route in router.routes)
    for operation in operations:
        ask_all(caller, operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        if can_be_wrong(document["paths"][operation.path][operation.method]):
            ask_all(caller, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    assert caller.statuses >= ({200, 400} if router is applications.router else {200, 400, 404})
    caller.device.start()
    caller.device("send", to=caller.conversation, text="after")
    history = caller.device.wait_for_history({"before", "after"})
    assert [message["text"] for message in history] == ["before", "after"]
    say_trials(f"operations={len(operations)} requests n={caller.count} statuses={sorted(caller.statuses)} seed={SEED}")


def can_be_wrong(operation: dict[str, Any]) -> bool:
    """Whether something of a request can have the wrong type: any text is a path's member."""
    return "requestBody" in operation or "integer" in json.dumps(operation.get("parameters", []))


def ask_all(caller: Caller, cases: Any) -> None:
    known = caller.known
    begun = iter([False])

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases, dice=st.randoms(use_true_random=False))
    def ask(case: Case, dice: random.Random) -> None:
        """Made up, with real values in some places, the first in all: most doors open to nobody who only guesses."""
        some = next(begun, True)
        for members in (case.path_parameters, case.body):
            for name in known.keys() & (members if isinstance(members, dict) else {}):
                if not some:
                    members[name] = known[name][0]
                elif dice.random() < REAL_SHARE:
                    members[name] = dice.choice(known[name])
        caller.ask(case)

    ask()

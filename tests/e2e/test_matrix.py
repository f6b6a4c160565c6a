"""I6 for the whole API, out of its document: whatever of somebody's another person or nobody asks for answers as if it were not
there, for every operation and every identifier in its path."""

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from e2e_devices import Device, Stack, access_token
from soft_authenticator import SoftAuthenticator

from parley_contracts.documents.examples import example_of
from parley_contracts.documents.openapi import SERVICES
from parley_contracts.documents.operations import Operation
from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.media_api import SIGNATURE_HEADER

SIZE_BYTES = 100
#: Between requests these differ of themselves.
VARYING = {"date", "x-request-id", "ratelimit", "ratelimit-policy", "content-length"}
#: Operations whose path names nothing that is hidden, with the reason.
OPEN = {
    "get_user": "signed-in people may know of each other",
    "put_block": "signed-in people may know that there is somebody",
    "get_avatar": "signed-in people may see each other's pictures",
    "get_identity": "keys of people are for everybody who writes to them",
    "claim_key_packages": "keys of devices are for everybody who writes to them",
    "put_conversation": "the identifier is the caller's choice; one that is taken is refused by what was sent",
    "put_statement": "one's own, by number",
    "put_history_key": "one's own, by number",
    "put_application_post": "the identifier is the application's own",
    "put_channel_join": "open channels are for everybody, and the identifier is the caller's choice",
    "put_channel_leave": "who joined may leave, and the identifier is the caller's choice",
}
#: In the paths of open channels the channel itself is for everybody; what else stands there is varied.
CHANNELS = "/channels/{conversation_id}"


@dataclass
class Things:
    """What somebody has, by the names that paths give it, and what real requests of theirs hold."""

    ids: dict[str, str]
    channel: str
    known: dict[str, Any]
    watched: list[str]
    token: str
    seen: dict[str, Any] = field(default_factory=dict)


class Matrix:
    """Asks for one person's things as others, and compares."""

    def __init__(self, stack: Stack) -> None:
        context = ssl.create_default_context(cafile=stack.ca_file)
        self.https = httpx.Client(verify=context, base_url=stack.address, timeout=30)
        self.count = 0

    def ask(self, method: str, path: str, token: str, body: Any = None) -> httpx.Response:
        self.count += 1
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.https.request(method, path, json=body, headers=headers)

    def answer(self, operation: Operation, path: str, token: str, body: Any, names: set[str]) -> tuple[Any, ...]:
        """Status, headers and body; what the request itself named stands in it under one name."""
        answer = self.ask(operation.method, path, token, body)
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in VARYING}
        return answer.status_code, headers, plain(answer.text, names)


def plain(text: str, names: set[str]) -> str:
    text = re.sub(r'"request_id":"[^"]*"', "", text)
    for name in names:
        text = text.replace(name, "ID")
    # Times and tokens of the moment: what is alike else is alike.
    return re.sub(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*"|X-Amz-[A-Za-z]+=[^"&]+', "AT", text)


def absent(name: str) -> str:
    if name in {"sequence", "number"}:
        return "999999"
    if name in {"generation", "epoch", "history_version", "version"}:
        return "7"
    return new_uuid7()


def body_of(operation: Operation, known: Mapping[str, Any]) -> Any:
    """A body of the right form, with what is real of somebody else where the form has it."""
    if operation.body is None:
        return None
    body = example_of(operation.body)
    return {name: known.get(name, value) for name, value in body.items()}


@pytest.fixture
def matrix(stack: Stack) -> Iterator[Matrix]:
    made = Matrix(stack)
    yield made
    made.https.close()


@pytest.fixture
def things(stack: Stack, device: Callable[..., Device], matrix: Matrix) -> Things:
    """Everything that a path of the API can name, made by its owner."""
    anna = device("anna")
    me = anna("whoami")
    private = anna("group.create", name="Garden", members=[])["conversation_id"]
    sequence = anna("send", to=private, text="a secret")["sequence"]
    channel = anna("channel.create", name=f"Town {anna.username}")["conversation_id"]
    anna("send", to=channel, text="hello town")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    scheduled = anna("schedule.create", to=private, text="later", send_at=later)["client_id"]
    token = access_token(anna)

    def call(method: str, path: str, body: Any = None) -> Any:
        answer = matrix.ask(method, f"/api/v1/{path}", token, body)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    upload = new_uuid7()
    creation = {"conversation_id": private, "digest": b64encode(bytes(32)), "size_bytes": SIZE_BYTES}
    (part,) = call("PUT", f"media/uploads/{upload}", creation)["parts"]
    place, _, signature = part["path"].partition("?")
    assert matrix.https.put(place, content=bytes(SIZE_BYTES), headers={SIGNATURE_HEADER: signature}).status_code == 200
    stored = call("POST", f"media/uploads/{upload}/complete")["object_id"]
    app = new_uuid7()
    call("PUT", f"messaging/channels/{channel}/applications/{app}", {"name": "Builds", "scopes": ["post"]})
    export = call("POST", "auth/me/exports")["export_id"]
    link = new_uuid7()
    (put_link,) = [o for s in SERVICES for o in s.operations if o.name == "put_link_part"]
    call("PUT", f"auth/me/links/{link}", body_of(put_link, {}))
    begun = call("POST", "auth/me/second-factors/passkeys")
    key = SoftAuthenticator(origin=stack.address)
    call(
        "PUT",
        "auth/me/second-factors/passkeys",
        {"setup": begun["setup"], "name": "Key", "credential": key.create(begun["options"])},
    )
    (passkey,) = call("GET", "auth/me/second-factors")["passkeys"]
    (session,) = call("GET", "auth/me/sessions")["sessions"]
    entries = call("GET", f"messaging/conversations/{private}/entries")["entries"]
    known = {
        name: entry[name]
        for entry in entries
        for name in ("header", "ciphertext", "signature", "group_info", "policy", "commit")
        if name in entry
    }
    ids = {
        "user_id": me["user_id"],
        "device_id": me["device_id"],
        "session_id": session["session_id"],
        "number": str(passkey["number"]),
        "conversation_id": private,
        "sequence": str(sequence),
        "client_id": scheduled,
        "application_id": app,
        "upload_id": upload,
        "link_id": link,
        "export_id": export,
        "object_id": stored,
    }
    watched = [
        *(f"messaging/conversations/{private}", f"messaging/conversations/{private}/entries", "messaging/scheduled"),
        *(f"messaging/channels/{channel}/applications", "auth/me/sessions", "auth/me/second-factors"),
        *("messaging/archive", "messaging/history-keys"),
    ]
    made = Things(ids, channel, known | {"conversation_id": private}, watched, token)
    made.seen = at_rest(lambda: {path: call("GET", path) for path in watched})
    call("GET", f"media/objects/{stored}")
    return made


def at_rest(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What stands there once nothing of the person's own is on its way: positions are written up to a second later."""
    seen = look()
    for _ in range(10):
        time.sleep(1.5)
        before, seen = seen, look()
        if before == seen:
            return seen
    raise AssertionError("it never comes to rest")


def paths_of(service_prefix: str, operation: Operation, things: Things) -> tuple[str, list[tuple[str, set[str]]]]:
    """The path that names what is there, and for each identifier one that names what is not, with the names in it."""
    in_channel = operation.path.startswith(CHANNELS)
    real = {name: things.ids.get(name, "1") for name in operation.path_parameters}
    if in_channel:
        real["conversation_id"] = things.channel
    varied = [name for name in operation.path_parameters if not (in_channel and name == "conversation_id")]
    made = []
    for name in varied:
        chosen = real | {name: absent(name)}
        made.append((service_prefix + operation.path.format(**chosen), set(chosen.values()) - {"1"}))
    return service_prefix + operation.path.format(**real), made


def test_what_is_anothers_answers_as_if_it_were_not_there(
    matrix: Matrix, things: Things, device: Callable[..., Device], say_trials: Callable[[str], None]
):
    stranger = access_token(device("berta"))
    asked = [(s.prefix, o) for s in SERVICES for o in s.operations if o.path_parameters and o.caller != "anybody"]
    assert OPEN.keys() <= {operation.name for _, operation in asked}
    faults, statuses, pairs = [], dict[int, int](), 0
    for prefix, operation in asked:
        real, missing = paths_of(prefix, operation, things)
        body = body_of(operation, things.known)
        for token in ("",) if operation.name in OPEN else ("", stranger):
            names = {name for name in things.ids.values() if len(name) > 8} | {things.channel}
            there = matrix.answer(operation, real, token, body, names)
            statuses[there[0]] = statuses.get(there[0], 0) + 1
            if not token and there[0] != 401:
                faults.append((operation.name, "nobody", there))
            for path, others in missing:
                pairs += 1
                gone = matrix.answer(operation, path, token, body, names | {n for n in others if len(n) > 8})
                if gone != there:
                    faults.append((operation.name, path, there, gone))
    assert [fault[:2] for fault in faults] == [], faults[:3]
    # And nothing came of all that was asked.
    for path, before in things.seen.items():
        assert matrix.ask("GET", f"/api/v1/{path}", things.token).json() == before, path
    assert matrix.ask("GET", f"/api/v1/media/objects/{things.ids['object_id']}", things.token).status_code == 200
    assert statuses[404] >= 15, statuses
    say_trials(f"operations={len(asked)} pairs n={pairs} requests={matrix.count} statuses={json.dumps(statuses)}")


def test_a_route_that_told_absent_from_foreign_would_be_caught(
    matrix: Matrix, things: Things, device: Callable[..., Device]
):
    """The planted fault: profiles are open, so they tell; the comparison sees it."""
    stranger = access_token(device("berta"))
    (operation,) = [o for s in SERVICES for o in s.operations if o.name == "get_user"]
    real, ((missing, names),) = paths_of("/api/v1/auth", operation, things)
    there = matrix.answer(operation, real, stranger, None, set(things.ids.values()))
    assert there != matrix.answer(operation, missing, stranger, None, names)

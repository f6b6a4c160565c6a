"""The API's documents, held against the running system: every operation, every frame, and hostile values for good measure."""

import asyncio
import json
import random
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from e2e_account_journey import keep_the_account
from e2e_conformance import DocumentedApi, DocumentedSocket, Recorded, RecordingNetwork
from e2e_devices import Device, Stack, access_token
from e2e_loops import run
from e2e_provider_journey import come_by_provider
from hypothesis import HealthCheck, Phase, given, seed, settings
from push_receiver import PushReceiver
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from parley_client import Attachable, Client
from parley_client.api.network import Answer, Request
from parley_client.platforms.https import HttpsNetwork
from parley_contracts.applications_api import SIGNATURE_HEADER, TIMESTAMP_HEADER, hook_signature
from parley_contracts.documents import documents
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, new_uuid7
from parley_mls import default_primitives, generate_hpke_key

GOLDEN = Path(__file__).resolve().parents[2] / "contracts" / "documents"
SOCKET = "/api/v1/messaging/socket"
FLOWS = "/api/v1/auth/flows/app/v1"
PASSWORD = "plum teapot horizon 7"
EXAMPLES = 3
WAIT_S = 10


@pytest.fixture(scope="module")
def https(stack: Stack) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=stack.ca_file)
    with httpx.Client(verify=context, base_url=stack.address, timeout=20) as client:
        yield client


@pytest.fixture
def api(https: httpx.Client) -> DocumentedApi:
    return DocumentedApi(https.get("/api/openapi.json").json())


@pytest.mark.parametrize("name", documents())
def test_the_server_serves_what_the_repository_holds(https: httpx.Client, name: str):
    assert https.get(f"/api/{name}").content == (GOLDEN / name).read_bytes()


class Journey:
    """Two people do, by the client core and by hand, whatever the API offers; all of it is recorded."""

    def __init__(self, stack: Stack, receiver: PushReceiver, folder: Path) -> None:
        self.stack, self.receiver, self.folder = stack, receiver, folder
        self.recorded = Recorded()
        self.hand = RecordingNetwork(HttpsNetwork(stack.address, stack.ca_file), self.recorded)
        self.channel = ""
        self.names = {name: f"{name}_{random.getrandbits(32):08x}" for name in ("anna", "berta", "clara")}

    def open(self, name: str) -> Client:
        return Client.open(
            self.folder / name,
            network=lambda server, ca_file: RecordingNetwork(HttpsNetwork(server, ca_file), self.recorded),
        )

    async def register(self, client: Client, name: str) -> str:
        username = self.names[name]
        registration = await client.register(
            server=self.stack.address,
            ca_file=self.stack.ca_file,
            username=username,
            email=f"{username}@example.org",
            password=PASSWORD,
        )
        return registration.recovery_key

    async def call(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Answer:
        """One request by hand."""
        given = {"content-type": "application/json"} if body is not None else {}
        given |= {"authorization": f"Bearer {token}"} if token else {}
        content = b"" if body is None else json.dumps(body).encode()
        return await self.hand.request(Request(method, path, given | headers, content))

    async def run(self) -> None:
        async with self.open("anna") as anna, self.open("berta") as berta:
            await self.register(anna, "anna")
            key = await self.register(berta, "berta")
            sequence, where, group = await self.talk(anna, berta)
            words = await berta.recovery_words_draw(key)
            await self.restore(words, berta)
            await berta.recovery_words_forget()
            await self.use_a_passkey(key, berta)
            await self.take_pushes(berta, where)
            await self.show_and_hide(anna, berta, where)
            await self.stand_apart(berta)
            await self.join_by_link(anna, berta, group)
            await self.send_later(anna, where)
            await self.use_a_channel(anna, berta)
            await self.ask_the_rest(anna, where)
            await self.hold_a_socket(anna, where, sequence)
            await anna.logout()
        async with self.open("clara") as clara:
            await self.register(clara, "clara")
            await keep_the_account(self.call, clara, self.stack, username=self.names["clara"], password=PASSWORD)
        await come_by_provider(self.open, self.stack)
        await self.hand.close()

    async def talk(self, anna: Client, berta: Client) -> tuple[int, str, str]:
        """Messages, a file, a group whose members change, a deletion; the place of a message that stays, and the group."""
        anna.connect()
        await anna.connected()
        file = Attachable("file.bin", "application/octet-stream", data=bytes(300_000))
        sent = await anna.send(f"@{self.names['berta']}", "hello", attachments=[file])
        await berta.sync()
        await berta.send(sent.conversation_id, "hello back")
        assert b"".join([part async for part in berta.attachment(sent.conversation_id, sent.sequence, 0)]) == file.data
        group = await anna.group_create("Garden", [])
        await anna.group_add(group.conversation_id, [f"@{self.names['berta']}"])
        await berta.sync()
        await anna.group_remove(group.conversation_id, [f"@{self.names['berta']}"])
        gone = await anna.send(sent.conversation_id, "a mistake")
        await anna.sync()
        await anna.report(sent.conversation_id, gone.sequence, "to see how it works")
        await anna.delete(sent.conversation_id, gone.sequence)
        await anna.settle()
        return sent.sequence, sent.conversation_id, group.conversation_id

    async def restore(self, recovery_key: str, berta: Client) -> None:
        await berta.settle()
        async with self.open("berta-2") as second:
            await second.login(
                server=self.stack.address,
                ca_file=self.stack.ca_file,
                username=self.names["berta"],
                password=PASSWORD,
                recovery_key=recovery_key,
            )
            await second.sync()

    async def use_a_passkey(self, recovery_key: str, berta: Client) -> None:
        """One that gives 32 zeros stands for the recovery key on a new device."""
        await berta.recovery_passkey_begin(recovery_key)
        await berta.recovery_passkey_keep(b"a credential", bytes(32))
        async with self.open("berta-3") as third:
            await third.recovery_passkey_ask(
                server=self.stack.address,
                ca_file=self.stack.ca_file,
                username=self.names["berta"],
                password=PASSWORD,
            )
            await third.recovery_passkey_restore(bytes(32))
        await berta.recovery_passkey_forget()

    async def take_pushes(self, berta: Client, where: str) -> None:
        _, public = generate_hpke_key(default_primitives())
        browser = self.receiver.browser(f"{random.getrandbits(64):016x}")
        await berta.push_key()
        await berta.push_subscribe(**browser.upload(), push_public_key=b64encode(public))
        assert (await berta.push_self_test()).outcome == "sent"
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        level = {"level": "none", "until": until}
        token = await berta.session.api.access_token()
        assert (await self.call("PUT", f"/api/v1/notifications/preferences/{where}", level, token)).status == 200
        await berta.push_levels()
        await berta.push_unsubscribe()

    async def show_and_hide(self, anna: Client, berta: Client, where: str) -> None:
        """Both are connected: what is read and delivered, typing, presence, and what is not shown any more."""
        place = ConversationId(where)
        berta.connect()
        await berta.connected()
        token = await berta.session.api.access_token()
        conversation = f"/api/v1/messaging/conversations/{where}"
        await self.call("PUT", f"{conversation}/delivery", {"delivered_sequence": 2}, token)
        await self.heard("receipt.updated")
        await anna.receipts(place)
        await berta.mark_unread(place)
        anna.start_typing(place)
        anna.stop_typing(place)
        anna.set_presence("away")
        anna.watch_presence([berta.whoami().user_id])
        await self.heard("read_state.updated", "typing.started", "typing.stopped", "presence.changed")
        await anna.change_privacy(typing=False)
        anna.change_settings(where, archived=True)
        await self.heard("privacy.changed", "settings.updated")
        await self.call("GET", "/api/v1/messaging/settings?known=1", token=token)
        await self.call("GET", "/api/v1/messaging/settings", token=await anna.session.api.access_token())
        # Whoever only listens tells of what is delivered to them, a little later.
        await anna.send(where, "are you there?")
        await self.carried(self.recorded.sent, "delivery.mark")

    async def stand_apart(self, berta: Client) -> None:
        """Somebody is blocked, and unblocked before they go on; and others do not find berta for a while."""
        await berta.block(self.names["anna"])
        await self.heard("blocks.changed")
        assert [each.username for each in await berta.fetch_blocks()] == [self.names["anna"]]
        before = len(self.recorded.received)
        await berta.unblock(self.names["anna"])
        for _ in range(WAIT_S * 20):
            if any(json.loads(frame)["type"] == "blocks.changed" for frame in self.recorded.received[before:]):
                break
            await asyncio.sleep(0.05)
        await berta.change_discovery(by_name=False)
        assert not (await berta.discovery()).by_name
        await berta.change_discovery(by_name=True)

    async def join_by_link(self, anna: Client, berta: Client, group: str) -> None:
        """Asked twice: turned down, then let in."""
        link = await anna.group_link_create(group)
        name = f"@{self.names['berta']}"
        assert link.url is not None
        await berta.group_join(link.url)
        await self.heard("join_requests.changed")
        await berta.group_joins()
        await anna.group_deny(group, [name])
        await berta.group_join(link.url)
        assert [asking.username for asking in await anna.group_requests(group)] == [self.names["berta"]]
        await anna.group_approve(group, [name])

    async def send_later(self, anna: Client, where: str) -> None:
        later = await anna.schedule(where, "later", (datetime.now(UTC) + timedelta(hours=1)).isoformat())
        assert later.held
        listed = await self.call("GET", "/api/v1/messaging/scheduled", token=await anna.session.api.access_token())
        assert [each["client_id"] for each in json.loads(listed.body)["scheduled"]] == [later.client_id]
        await anna.unschedule(later.client_id)

    async def use_a_channel(self, anna: Client, berta: Client) -> None:
        channel = await anna.channel_create(f"Town {random.getrandbits(32):08x}")
        await berta.channel_join(channel.conversation_id)
        sent = await anna.send(channel.conversation_id, "hello town")
        assert [hit.sequence for hit in (await berta.search("town")).hits][:1] == [sent.sequence]
        await anna.group_describe(channel.conversation_id, topic="News")
        await anna.group_role(channel.conversation_id, self.names["berta"], "moderator")
        await berta.report(channel.conversation_id, sent.sequence, "rude")
        await self.let_in(anna, channel.conversation_id)
        await self.send_later(anna, channel.conversation_id)
        self.channel = channel.conversation_id
        await berta.channel_leave(channel.conversation_id)
        assert (await berta.channels(channel.name)).channels[0].members == 1

    async def let_in(self, anna: Client, channel: str) -> None:
        """An application that reads and posts, by token and by signature, until it is put out."""
        secrets = await anna.channel_app_create(channel, "Builds", ["read", "post"])
        here = "/api/v1/messaging/applications/self"
        await self.call("GET", here, token=secrets.token)
        await self.call("GET", f"{here}/entries?after=1&limit=2", token=secrets.token)
        await self.call("PUT", f"{here}/posts/{new_uuid7()}", {"text": "green"}, secrets.token)
        body, timestamp = {"text": "deployed"}, str(int(time.time()))
        signature = hook_signature(secrets.signing_secret, timestamp, json.dumps(body).encode())
        signed = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature}
        where = f"/api/v1/messaging/hooks/{secrets.application.application_id}"
        assert (await self.call("POST", where, body, **signed)).status == 200
        assert len(await anna.channel_apps(channel)) == 1
        await anna.channel_app_revoke(channel, secrets.application.application_id)

    async def heard(self, *types: str) -> None:
        """Wait until frames of these types have come to any device."""
        await self.carried(self.recorded.received, *types)

    async def carried(self, frames: list[bytes], *types: str) -> None:
        missing = set(types)
        for _ in range(WAIT_S * 20):
            missing -= {json.loads(frame)["type"] for frame in frames}
            if not missing:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"no frame of {sorted(missing)} in {WAIT_S} s")

    async def ask_the_rest(self, anna: Client, where: str) -> None:
        """What the client core does not ask for, or not each time."""
        token, user_id = await anna.session.api.access_token(), anna.whoami().user_id
        conversation = f"/api/v1/messaging/conversations/{where}"
        for path in (
            *("auth/me", "auth/me/key-packages", f"auth/users/{user_id}", f"auth/users/{user_id}/identity"),
            *("messaging/history-keys", "messaging/archive?limit=2", "messaging/account-index"),
            "messaging/sync?wait_s=0",
        ):
            await self.call("GET", f"/api/v1/{path}", token=token)
        await self.call("GET", conversation, token=token)
        for rest in (
            "entries?around=2&limit=3",
            "entries?before=3",
            "hashes?after=0&before=9",
            "group-info",
            "welcome",
        ):
            await self.call("GET", f"{conversation}/{rest}", token=token)
        await self.call("PUT", f"{conversation}/receipt", {"read_sequence": 1}, token)
        await self.call("PATCH", "/api/v1/auth/me", {"display_name": "Anna"}, token)
        await self.call("GET", f"{FLOWS}/config")
        login = await self.call("POST", f"{FLOWS}/auth/login", {"username": self.names["anna"], "password": PASSWORD})
        tokens = json.loads(login.body)["meta"]
        fresh = await self.call(
            "POST",
            "/api/v1/auth/token/refresh",
            {"refresh_token": tokens["refresh_token"]},
            **{"idempotency-key": new_uuid7()},
        )
        await self.call("POST", "/api/v1/auth/logout", token=json.loads(fresh.body)["access_token"])

    async def hold_a_socket(self, anna: Client, where: str, sequence: int) -> None:
        """A heartbeat, a command that is refused, one that was carried out before, and a reading."""
        # Anna wrote first, so the first upload is hers.
        upload = next(request for request, _ in self.recorded.exchanges if f"{where}/messages/" in request.path)
        message = {"conversation_id": where, "client_id": upload.path.rpartition("/")[2], **json.loads(upload.body)}
        post = {"conversation_id": self.channel, "client_id": new_uuid7(), "content_kind": 1, "body": '{"text":"hi"}'}
        socket = await self.hand.connect(SOCKET)
        frames = (
            {"type": "identify", "access_token": await anna.session.api.access_token(), "cursors": {where: 1}},
            {"type": "heartbeat"},
            {"type": "message.send", "ref": "1", **message},
            {"type": "message.send", "ref": "2", **message, "signature": "A" * 86},
            {"type": "post.send", "ref": "4", **post},
            {"type": "receipt.mark", "ref": "3", "conversation_id": where, "read_sequence": sequence},
        )
        waiting = {"hello", "ready", "heartbeat", "ack", "problem", "read_state.updated"}
        try:
            for frame in frames:
                await socket.send(json.dumps(frame).encode())
            async with asyncio.timeout(WAIT_S):
                while waiting:
                    waiting.discard(json.loads(await socket.receive())["type"])
        finally:
            await socket.close()


def test_what_devices_say_and_hear_is_what_the_documents_say(
    stack: Stack, receiver: PushReceiver, https: httpx.Client, api: DocumentedApi, tmp_path: Path
):
    journey = Journey(stack, receiver, tmp_path)
    run(journey.run())
    for request, answer in journey.recorded.exchanges:
        if not request.path.startswith("/media/objects/"):
            api.judge(request, answer)
    assert api.faults == []
    unheard = {name for name, statuses in api.seen.items() if not statuses & {200, 204}}
    # Only who watches from outside asks for the first (`test_key_log.py`), who links a device or begins anew for the
    # next (`test_devices.py`), and for the last who was sent what nobody can use (`services/messaging/tests/test_resets.py`).
    watching = {"get_key_log_consistency", "post_key_log_cosignature"}
    linking = {"get_links", "get_link", "put_link_part", "end_link"}
    assert unheard == watching | linking | {"post_new_root", "put_unusable", "put_reset"}
    socket = DocumentedSocket(https.get("/api/asyncapi.json").json())
    sent = {socket.judge("fromClient", frame) for frame in journey.recorded.sent}
    received = {socket.judge("fromServer", frame) for frame in journey.recorded.received}
    assert socket.faults == []
    told = {
        name: {message["$ref"].rpartition("/")[2] for message in operation["messages"]}
        for name, operation in socket.document["operations"].items()
    }
    # The journey is over before its access tokens are.
    assert sent == told["fromClient"] - {"TokenRenew"}
    assert received >= told["fromServer"] - {"ConversationRemoved"}


def test_whoever_brings_no_token_hears_what_is_documented(https: httpx.Client, api: DocumentedApi):
    for _, method, template, operation in api.operations():
        examples = {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == "path"}
        path = template.format(**examples)
        headers = {} if operation.get("security") == [] else {"Authorization": "Bearer x"}
        answer = https.request(method, path, content=b"{", headers=headers | {"Content-Type": "application/json"})
        open_to_all = operation.get("security") == []
        expected = {400} if open_to_all else {401}
        # The second step of signing in asks for its flow before it reads anything.
        expected = {401} if path.endswith("/authenticate") else expected
        reading = open_to_all and (method == "GET" or path.endswith("/webauthn/login"))
        assert answer.status_code in expected or reading, (path, answer.text)
        api.judge(Request(method, path), Answer(answer.status_code, dict(answer.headers), answer.content))
    assert api.faults == []


def test_a_judge_of_answers_sees_what_is_wrong(api: DocumentedApi):
    good = {"version": 1, "sealed": ""}
    asked = Request("GET", "/api/v1/messaging/account-index")
    headers = {"content-type": "application/json", "x-request-id": "x"}
    for status, told, body, fault in (
        (200, headers, good, ""),
        (200, headers, good | {"more": 1}, "more"),
        (200, headers, {"version": 1}, "sealed"),
        (200, headers | {"content-type": "text/html"}, good, "text/html"),
        (200, {"content-type": "application/json"}, good, "X-Request-ID"),
        (418, headers, good, "not documented"),
        (401, headers | {"content-type": "application/problem+json"}, {"type": "x"}, "not valid"),
    ):
        api.faults.clear()
        api.judge(asked, Answer(status, told, json.dumps(body).encode()))
        assert bool(api.faults) == bool(fault), (status, body, api.faults)
        assert fault in " ".join(api.faults)
    api.faults.clear()
    api.judge(Request("GET", "/api/v1/messaging/nothing"), Answer(200, headers, b"{}"))
    assert "not documented" in api.faults[0]


def test_generated_requests_get_documented_answers(
    stack: Stack, device: Callable[..., Device], say_trials: Callable[[str], None]
):
    chosen = random.getrandbits(32)
    document = schemathesis.openapi.from_path(GOLDEN / "openapi.json")
    operations = [
        found.ok() for found in document.include(path_regex="/api/v1/(messaging|media)/").get_all_operations()
    ]
    say_trials(f"schemathesis operations={len(operations)} n={EXAMPLES} each seed={chosen}")
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {access_token(device('anna'))}"
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

    def judge(operation: Any) -> None:
        @seed(chosen)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def run(case: Any) -> None:
            case.call_and_validate(base_url=stack.address, session=session, checks=checks, verify=stack.ca_file)

        run()

    for operation in operations:
        judge(operation)
    assert len(operations) >= 20

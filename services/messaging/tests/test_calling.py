"""Outgoing webhooks: each message once and in order, again after failures, and never to an address inside."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime, timedelta

import jsonschema_rs
import msgspec
import pytest
from messaging_channels import TestChannel, with_role

from parley_contracts.applications_api import Application, Callback, hook_signature
from parley_contracts.content_kinds import KIND_POLL, KIND_REACTION
from parley_contracts.documents.openapi import openapi
from parley_contracts.ids import ApplicationId, new_uuid7
from parley_contracts.limits import CALLBACK_ATTEMPTS_MAX, CALLBACK_PAUSE_S_MAX, CALLBACK_PAUSE_S_MIN
from parley_messaging.adapters.mongo.channels import MongoChannels
from parley_messaging.adapters.mongo.database import connect, database_of
from parley_messaging.adapters.mongo.log import MongoLog
from parley_messaging.channel_ports import Called
from parley_messaging.domain.applications import Hooks, StoredApplication, pause_s
from parley_messaging.domain.rates import Rates
from parley_messaging.domain.tokens import Tokenizer
from parley_messaging.service.calling import Calling
from parley_messaging.service.channels import Channels


class Desk:
    """Calling over a node's real log: the store of one application and the world outside are in memory, and so is the clock."""

    def __init__(self, log, names, application: Application, position: int) -> None:
        self.stored = StoredApplication(application, b"h" * 32, position)
        self.now, self.due_at, self.ended = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), ""
        self.answers: list[Called] = []
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.hooks = Hooks(b"k" * 32)
        channels = Channels(log, names, None, Tokenizer(b""), Rates(burst=1000, per_s=1000))
        self.calling = Calling(self, log, channels, self.hooks, self, is_ours=lambda _: True, now=lambda: self.now)

    async def due(self, now):
        return [self.stored] if self.due_at <= now and not self.ended else []

    async def told(self, application_id, position):
        self.stored = StoredApplication(self.stored.application, self.stored.token_hash, position)

    async def postpone(self, application_id, attempts, due_at):
        self.stored = StoredApplication(self.stored.application, self.stored.token_hash, self.stored.position, attempts)
        self.due_at = due_at

    async def end(self, application_id, reason):
        self.ended = reason

    async def post(self, url, body, headers):
        self.calls.append((url, headers, body))
        return self.answers.pop(0) if self.answers else Called("delivered")

    def texts(self) -> list[str]:
        entries = [msgspec.json.decode(body, type=Callback).entry for _, _, body in self.calls]
        return [json.loads(entry.body)["text"] for entry in entries]


@pytest.fixture
async def channel(api, person):
    owner, member = person().device(), person().device()
    found = TestChannel()
    await found.create(api, owner)
    await found.join(api, member)
    return found, owner, member


@pytest.fixture
async def desk_of(stack):
    client = connect(stack.mongodb_url)
    database = database_of(client)

    def make(room, person, position=0):
        about = (ApplicationId(new_uuid7()), room.id, "Builds", ["read"], person.person.user_id, "")
        application = Application(*about, callback_url="https://hooks.example/in")
        return Desk(MongoLog(database), MongoChannels(database), application, position)

    yield make
    await client.close()


async def test_each_message_is_posted_signed_and_in_order(api, channel, desk_of):
    room, owner, member = channel
    desk = desk_of(room, owner, position=2)
    first = (await room.say(api, owner, "one")).body["sequence"]
    await room.say(api, member, "two")
    await room.post(api, member, KIND_REACTION, {"target": first, "emoji": "x"})
    await desk.calling.turn()
    await desk.calling.turn()
    assert desk.texts() == ["one", "two"]
    assert desk.stored.position == first + 2
    url, headers, body = desk.calls[0]
    assert url == "https://hooks.example/in"
    secret = desk.hooks.secret(desk.stored)
    assert headers["X-Parley-Signature"] == hook_signature(secret, headers["X-Parley-Timestamp"], body)


async def test_what_is_posted_is_what_the_document_says(api, channel, desk_of):
    room, owner, member = channel
    desk = desk_of(room, owner, position=2)
    first = (await room.say(api, owner, "one")).body["sequence"]
    await room.say(api, member, "two", reply_to=first)
    await room.post(api, member, KIND_POLL, {"text": "Tea?", "options": ["yes", "no"]})
    await desk.calling.turn()
    assert len(desk.calls) == 3
    document = openapi()
    told = document["webhooks"]["message"]["post"]
    (media_type,) = told["requestBody"]["content"]
    schema = told["requestBody"]["content"][media_type]["schema"] | {"components": document["components"]}
    check = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for _, headers, body in desk.calls:
        check.validate(json.loads(body))
        assert headers["Content-Type"] == media_type
        for header in told["parameters"]:
            jsonschema_rs.validate(header["schema"], headers[header["name"]])
        assert set(json.loads(body)["entry"]) <= set(document["components"]["schemas"]["Entry"]["properties"])
        # A planted fault: what lacks its application is not what the document says.
        assert not check.is_valid({"entry": json.loads(body)["entry"]})


async def test_what_fails_comes_again_after_a_pause_and_holds_up_what_follows(api, channel, desk_of):
    room, owner, _ = channel
    desk = desk_of(room, owner, position=2)
    await room.say(api, owner, "one")
    await room.say(api, owner, "two")
    desk.answers = [Called("later", "status_500"), Called("later", "status_429", 60)]
    await desk.calling.turn()
    await desk.calling.turn()  # it is left alone
    assert (desk.texts(), desk.stored.attempts) == (["one"], 1)
    for pause in (CALLBACK_PAUSE_S_MIN, 60):
        assert desk.due_at == desk.now + timedelta(seconds=pause)
        desk.now = desk.due_at
        await desk.calling.turn()
    assert desk.texts() == ["one", "one", "one", "two"]
    assert desk.stored.attempts == 0


async def test_who_fails_too_often_or_says_gone_is_told_nothing_more(api, channel, desk_of):
    room, owner, _ = channel
    await room.say(api, owner, "one")
    tired, gone = desk_of(room, owner, position=2), desk_of(room, owner, position=2)
    tired.answers = [Called("later", "timeout")] * CALLBACK_ATTEMPTS_MAX
    for _ in range(CALLBACK_ATTEMPTS_MAX + 2):
        await tired.calling.turn()
        tired.now = max(tired.now, tired.due_at)
    assert (len(tired.calls), tired.ended) == (CALLBACK_ATTEMPTS_MAX, "timeout")
    gone.answers = [Called("never", "gone")]
    await gone.calling.turn()
    assert gone.ended == "gone"


async def test_it_is_told_nothing_while_its_person_may_not_invite(api, channel, desk_of):
    room, owner, member = channel
    policy, epoch = await room.policy(api, owner)
    desk = desk_of(room, member, position=2)
    await room.say(api, owner, "for members")
    await desk.calling.turn()
    assert desk.calls == []
    assert (await room.change(api, owner, epoch, with_role(policy, member, "admin"))).status == 200
    await desk.calling.turn()
    assert desk.texts() == ["for members"]


async def test_no_callback_leads_inside(api, channel):
    room, owner, _ = channel
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        port = trap.getsockname()[1]
        for host in ("localhost", "127.0.0.1"):
            creation = {"name": "Trap", "scopes": ["read"], "callback_url": f"https://{host}:{port}/in"}
            made = await api.put(f"{room.path}/applications/{new_uuid7()}", owner, creation)
            assert made.status == 200, made.body
        await room.say(api, owner, "is anybody inside?")
        path = f"{room.path}/applications"
        async with asyncio.timeout(60):
            while True:
                listed = (await api.get(path, owner)).body["applications"]
                if all(each["callback_ended"] for each in listed):
                    break
                await asyncio.sleep(0.2)
        assert {each["callback_ended"] for each in listed} == {"endpoint_inside"}
        with pytest.raises(BlockingIOError):
            trap.accept()


@pytest.mark.parametrize(
    "changes",
    [
        {"callback_url": "http://hooks.example/in"},
        {"callback_url": "https://user@hooks.example/in"},
        {"callback_url": "https://hooks.example:22/in"},
        {"callback_url": "nonsense"},
        {"callback_url": "https://hooks.example/in", "scopes": ["post"]},
    ],
)
async def test_what_is_no_callback_is_refused(api, channel, changes):
    room, owner, _ = channel
    creation = {"name": "Bad", "scopes": ["read"]} | changes
    assert (await api.put(f"{room.path}/applications/{new_uuid7()}", owner, creation)).problem == "invalid_request"


def test_pauses_grow_and_have_an_end():
    pauses = [pause_s(attempts, None) for attempts in range(1, CALLBACK_ATTEMPTS_MAX + 20)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (CALLBACK_PAUSE_S_MIN, CALLBACK_PAUSE_S_MAX)
    assert pause_s(1, 10**6) == CALLBACK_PAUSE_S_MAX

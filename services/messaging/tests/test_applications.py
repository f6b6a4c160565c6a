"""Applications of open channels: tokens with scopes, signed webhooks, and what neither can do."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging_channels import TestChannel, with_role, without_person

from parley_contracts.applications_api import Application, ApplicationPost, hook_signature
from parley_contracts.ids import ApplicationId, new_channel_id, new_uuid7
from parley_contracts.limits import APPLICATION_POSTS_PER_MINUTE, HOOK_CLOCK_SKEW_S
from parley_contracts.problems import InvalidRequest, Unauthenticated
from parley_messaging.domain.applications import (
    Hooks,
    StoredApplication,
    application_of,
    client_id_of,
    new_token,
    post_body,
    token_hash,
)


@pytest.fixture
async def channel(api, person):
    owner, member = person().device(), person().device()
    found = TestChannel()
    await found.create(api, owner)
    await found.join(api, member)
    return found, owner, member


class App:
    """An application with its secrets."""

    def __init__(self, api, secrets: dict[str, Any]) -> None:
        self.api, self.id = api, secrets["application"]["application_id"]
        self.token, self.secret = secrets["token"], secrets["signing_secret"]

    async def call(self, method: str, path: str, body: Any = None, token: str = ""):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return await self.api.call(method, f"applications/self{path}", None, body, headers=headers)

    async def say(self, text: str, client_id: str = "", **more: Any):
        return await self.call("PUT", f"/posts/{client_id or new_uuid7()}", {"text": text} | more)

    async def hook(self, body: Any, *, at: int = 0, secret: str = "", **headers: str):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        timestamp = str(int(time.time()) + at)
        signed = {
            "X-Parley-Timestamp": timestamp,
            "X-Parley-Signature": hook_signature(secret or self.secret, timestamp, raw),
        }
        return await self.api.call("POST", f"hooks/{self.id}", None, raw=raw, headers=signed | headers)


async def let_in(api, room, device, *scopes: str, name: str = "Builds"):
    path = f"{room.path}/applications/{new_uuid7()}"
    return await api.put(path, device, {"name": name, "scopes": list(scopes)})


@pytest.fixture
async def builds(api, channel):
    room, owner, _ = channel
    answer = await let_in(api, room, owner, "post", "read")
    assert answer.status == 200, answer.body
    return App(api, answer.body)


async def test_it_reads_and_posts_in_its_channel_under_its_name(api, channel, builds):
    room, owner, _ = channel
    asked = (await room.say(api, owner, "what is up?")).body["sequence"]
    client_id = new_uuid7()
    said = await builds.say("Build 7 is green", client_id, reply_to=asked)
    assert (said.status, (await builds.say("Build 7 is green", client_id, reply_to=asked)).body) == (200, said.body)
    assert (await builds.say("other", client_id)).problem == "client_id_reused"
    entry = (await room.entries(api, owner, after=asked))[0]
    body = json.loads(entry["body"])
    assert body == {"text": "Build 7 is green", "reply_to": asked, "application": "Builds"}
    assert (entry["user_id"], entry["device_id"]) == (owner.person.user_id, builds.id)
    page = (await builds.call("GET", f"/entries?after={asked - 1}&limit=1")).body
    assert json.loads(page["entries"][0]["body"])["text"] == "what is up?"
    assert (await builds.call("GET", "")).body["conversation_id"] == room.id


async def test_no_person_speaks_as_an_application(api, channel):
    room, owner, _ = channel
    assert (await room.say(api, owner, "I am a robot", application="Builds")).problem == "invalid_request"


async def test_scopes_and_foreign_tokens_lead_nowhere(api, channel, builds, person):
    room, owner, member = channel
    reader = App(api, (await let_in(api, room, owner, "read")).body)
    assert (await reader.say("x")).problem == "forbidden"
    assert (await reader.hook({"text": "x"})).problem == "forbidden"
    writer = App(api, (await let_in(api, room, owner, "post")).body)
    assert (await writer.call("GET", "/entries")).problem == "forbidden"
    made_up = new_token(ApplicationId(builds.id))
    for token in ("x", made_up, builds.token[:-1], builds.token + "A", member.token):
        assert (await builds.call("GET", "", token=token)).problem == "unauthenticated"
    # A token of an application is none of a device.
    path = f"conversations/{room.id}/entries"
    answer = await api.get(path, None, headers={"Authorization": f"Bearer {builds.token}"})
    assert answer.problem == "unauthenticated"


async def test_only_who_may_invite_lets_them_in_and_puts_them_out(api, channel, builds, person):
    room, owner, member = channel
    stranger = person().device()
    path = f"{room.path}/applications"
    assert (await let_in(api, room, member, "post")).problem == "policy_refused"
    assert (await let_in(api, room, stranger, "post")).problem == "not_found"
    assert (await api.get(path, member)).problem == "policy_refused"
    assert (await api.get(path, stranger)).problem == "not_found"
    again = {"name": "Again", "scopes": ["post"]}
    assert (await api.put(f"{path}/{builds.id}", owner, again)).problem == "conflict"
    listed = (await api.get(path, owner)).body["applications"]
    assert [(each["name"], "token" in each) for each in listed] == [("Builds", False)]
    assert (await api.call("DELETE", f"{path}/{builds.id}", member)).problem == "policy_refused"
    assert (await api.call("DELETE", f"{path}/{builds.id}", owner)).status == 204
    assert (await api.call("DELETE", f"{path}/{builds.id}", owner)).problem == "not_found"
    assert (await builds.say("still here?")).problem == "unauthenticated"
    assert (await builds.hook({"text": "still here?"})).problem == "unauthenticated"
    for bad in ({"name": "", "scopes": ["post"]}, {"name": "x", "scopes": []}, {"name": "x", "scopes": ["all"]}):
        assert (await api.put(f"{path}/{new_uuid7()}", owner, bad)).problem == "invalid_request"


async def test_it_ends_with_the_rights_of_who_let_it_in(api, channel):
    room, owner, member = channel
    policy, epoch = await room.policy(api, owner)
    await room.change(api, owner, epoch, with_role(policy, member, "admin"))
    app = App(api, (await let_in(api, room, member, "post", "read")).body)
    assert (await app.say("hello")).status == 200
    policy, epoch = await room.policy(api, owner)
    await room.change(api, owner, epoch, with_role(policy, member, "member"))
    assert (await app.say("hello?")).problem == "policy_refused"
    assert (await app.hook({"text": "hello?"})).problem == "policy_refused"
    policy, epoch = await room.policy(api, owner)
    await room.change(api, owner, epoch, without_person(policy, member))
    assert (await app.call("GET", "/entries")).problem == "policy_refused"


async def test_a_signed_request_is_one_message_however_often_it_comes(api, other_api, builds):
    body = {"text": "deployed"}
    timestamp = str(int(time.time()))
    raw = json.dumps(body).encode()
    headers = {"X-Parley-Timestamp": timestamp, "X-Parley-Signature": hook_signature(builds.secret, timestamp, raw)}
    answers = [
        await (api, other_api)[i % 2].call("POST", f"hooks/{builds.id}", None, raw=raw, headers=headers)
        for i in range(4)
    ]
    assert {(a.status, a.body["sequence"]) for a in answers} == {(200, answers[0].body["sequence"])}
    other = await builds.hook(body | {"nonce": "2"})
    assert other.body["sequence"] == answers[0].body["sequence"] + 1


async def test_what_is_not_signed_so_is_refused(api, channel, builds):
    body = {"text": "x"}
    for answer in (
        await builds.hook(body, secret="guessed"),
        await builds.hook(body, at=-HOOK_CLOCK_SKEW_S - 30),
        await builds.hook(body, at=HOOK_CLOCK_SKEW_S + 30),
        await builds.hook(body, **{"X-Parley-Signature": "v1=" + "0" * 64}),
        await builds.hook(body, **{"X-Parley-Signature": ""}),
        await builds.hook(body, **{"X-Parley-Timestamp": "soon"}),
        await builds.hook(body, **{"X-Parley-Timestamp": str(int(time.time()) - 1)}),
    ):
        assert answer.problem == "unauthenticated"
    assert (await builds.hook(b"{}")).problem == "invalid_request"
    assert (await builds.hook(b'{"text":"\\ud800"}')).problem == "invalid_request"
    assert (await builds.hook(b"[" * 20_000)).problem == "invalid_request"
    assert (await builds.hook({"text": "  "})).problem == "invalid_request"
    assert (await builds.hook({"text": "x", "thread": 0})).problem == "invalid_request"
    assert (await builds.hook({"text": "x" * 40_000})).problem == "too_large"
    assert (await api.call("POST", f"hooks/{new_uuid7()}", None, body)).problem == "unauthenticated"


async def test_it_is_held_to_a_rate(api, builds):
    for sent in range(5 * APPLICATION_POSTS_PER_MINUTE):  # a slow machine may begin a minute anew
        answer = await builds.say(f"spam {sent}")
        if answer.status == 429:
            break
    assert answer.problem == "rate_limited"
    assert sent >= APPLICATION_POSTS_PER_MINUTE


async def test_the_database_holds_no_secret(stack, api, channel, builds):
    with stack.database() as database:
        stored = database["applications"].find_one({"application": bytes.fromhex(builds.id.replace("-", ""))})
    secret = builds.token.rpartition(".")[2]
    assert secret not in str(stored)
    assert builds.secret not in str(stored)
    assert stored["token_hash"] == token_hash(builds.token)


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=30),
    timestamp=st.text(max_size=14),
    signature=st.text(max_size=70),
    body=st.binary(max_size=40),
)
def test_whatever_comes_unsigned_is_refused_and_nothing_breaks(text, timestamp, signature, body):
    identifier = ApplicationId(new_uuid7())
    application = Application(identifier, new_channel_id(), "x", ["post"], new_uuid7(), "")
    stored = StoredApplication(application, token_hash("t"))
    hooks = Hooks(b"k" * 32, now_s=lambda: 1_000.0)
    with pytest.raises(Unauthenticated):
        hooks.check(stored, timestamp, signature, body)
    hooks.check(stored, "1000", hook_signature(hooks.secret(stored), "1000", body), body)
    with pytest.raises(Unauthenticated):
        application_of(text)
    assert application_of(new_token(identifier)) == identifier
    assert client_id_of(signature)[14] == "8"
    try:
        assert msgspec.json.decode(post_body(application, ApplicationPost(text)))["application"] == "x"
    except InvalidRequest:
        assert not text.strip()

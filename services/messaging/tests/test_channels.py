"""Open channels at a node: coming in, saying things, roles, the directory; and nothing private ever among them."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging_channels import TestChannel, with_role, without_person
from test_feeding import recipients

from parley_contracts.channels_api import Post, read_post
from parley_contracts.content_kinds import (
    CLEAR_KINDS,
    KIND_DELETE,
    KIND_EDIT,
    KIND_HISTORY_KEY,
    KIND_PIN,
    KIND_POLL,
    KIND_REACTION,
    KIND_TEXT,
    KIND_VOTE,
)
from parley_contracts.encoding import b64encode
from parley_contracts.events import MessageStored
from parley_contracts.ids import new_channel_id, new_uuid7
from parley_contracts.policy import NO_FINGERPRINT, Mute, Permissions, RosterEntry
from parley_contracts.problems import InvalidRequest, TooLarge
from parley_messaging.adapters.mongo.database import connect, database_of
from parley_messaging.adapters.mongo.feed import event_of
from parley_messaging.adapters.mongo.log import MongoLog


@pytest.fixture
async def channel(api, person):
    """A channel, its owner and a member."""
    owner, member = person().device(), person().device()
    found = TestChannel()
    assert (await found.create(api, owner, topic="Tea")).status == 200
    assert (await found.join(api, member)).status == 200
    return found, owner, member


async def test_a_newcomer_reads_everything_from_the_beginning(api, other_api, channel, person):
    room, owner, _ = channel
    said = (await room.say(api, owner, "Welcome")).body["sequence"]
    newcomer = person().device()
    assert (await room.say(api, newcomer, "hello")).problem == "not_found"
    assert (await api.get(f"conversations/{room.id}/entries?after=0", newcomer)).problem == "not_found"
    async with other_api.socket(newcomer) as socket:
        came = (await room.join(other_api, newcomer)).body["sequence"]
        head = (await socket.until("conversation.added"))["head"]
        assert (head["kind"], head["head"], head["first_visible_sequence"]) == ("open", came, 1)
        more = await room.say(api, owner, "and welcome again")
        live = await socket.until("post.created")
    assert (live["sequence"], json.loads(live["body"])["text"]) == (more.body["sequence"], "and welcome again")
    entries = await room.entries(other_api, newcomer)
    assert [entry["sequence"] for entry in entries] == list(range(1, more.body["sequence"] + 1))
    assert (entries[0]["type"], json.loads(entries[0]["body"])["name"]) == ("channel.created", room.name)
    assert entries[said - 1]["content_kind"] == KIND_TEXT
    # Who joins is told, not the whole roster each time.
    assert all("policy" not in entry for entry in entries[1:])


async def test_one_client_id_is_one_post(api, other_api, channel):
    room, owner, _ = channel
    client_id = new_uuid7()
    body = {"text": "once"}
    answers = await asyncio.gather(
        *(room.post((api, other_api)[i % 2], owner, KIND_TEXT, body, client_id) for i in range(20))
    )
    assert {(answer.status, answer.body["sequence"]) for answer in answers} == {(200, answers[0].body["sequence"])}
    assert (await room.post(api, owner, KIND_TEXT, {"text": "twice"}, client_id)).problem == "client_id_reused"
    join = new_uuid7()
    assert (await room.join(api, owner, join)).problem == "conflict"


async def test_many_write_and_come_at_once_in_one_order(api, other_api, channel, person):
    room, owner, member = channel
    people = [person().device() for _ in range(6)]
    work = [room.join((api, other_api)[i % 2], device) for i, device in enumerate(people)]
    work += [room.say((api, other_api)[i % 2], (owner, member)[i % 2], f"word {i}") for i in range(30)]
    assert {answer.status for answer in await asyncio.gather(*work)} == {200}
    entries = await room.entries(api, owner)
    assert [entry["sequence"] for entry in entries] == list(range(1, 39))
    policy, _ = await room.policy(api, owner)
    assert policy.user_ids == {device.person.user_id for device in (owner, member, *people)}


async def test_who_leaves_reads_up_to_there_and_may_come_again(api, channel):
    room, owner, member = channel
    left = (await room.leave(api, member)).body["sequence"]
    assert (await room.say(api, owner, "behind your back")).status == 200
    assert [entry["sequence"] for entry in await room.entries(api, member)] == list(range(1, left + 1))
    assert (await room.say(api, member, "still here?")).problem == "not_found"
    assert (await room.leave(api, owner)).status == 200  # the last one may go
    assert (await room.join(api, member)).status == 200
    assert len(await room.entries(api, member)) == left + 3
    policy, _ = await room.policy(api, member)
    assert policy.role_of(member.person.user_id) == "owner"  # an empty channel gets an owner again


async def test_roles_are_the_rules_of_groups(api, channel, person):
    room, owner, member = channel
    policy, epoch = await room.policy(api, owner)
    assert (await room.change(api, member, epoch, with_role(policy, member, "admin"))).problem == "policy_refused"
    assert (await room.leave(api, owner)).problem == "policy_refused"  # the only owner, with others left
    quiet = msgspec.structs.replace(policy, permissions=Permissions(send="moderator"))
    assert (await room.change(api, owner, epoch, quiet)).status == 200
    assert (await room.say(api, member, "psst")).problem == "policy_refused"
    assert (await room.change(api, owner, epoch, policy)).problem == "epoch_stale"
    assert (await room.describe(api, member)).problem == "policy_refused"
    policy, epoch = await room.policy(api, owner)
    banned = without_person(policy, member, banned=(member.person.user_id,))
    assert (await room.change(api, owner, epoch, banned)).status == 200
    assert (await room.join(api, member)).problem == "policy_refused"
    stranger = RosterEntry(new_uuid7(), NO_FINGERPRINT, "member")
    policy, epoch = await room.policy(api, owner)
    invented = msgspec.structs.replace(policy, roster=(*policy.roster, stranger))
    assert (await room.change(api, owner, epoch, invented)).problem == "policy_refused"


async def test_only_their_author_and_managers_change_messages(api, channel, person):
    room, owner, member = channel
    other = person().device()
    await room.join(api, other)
    place = (await room.say(api, member, "mine")).body["sequence"]
    edit = {"target": place, "text": "yours"}
    assert (await room.post(api, owner, KIND_EDIT, edit)).problem == "policy_refused"
    assert (await room.post(api, other, KIND_DELETE, {"target": place})).problem == "policy_refused"
    assert (await room.post(api, other, KIND_PIN, {"target": place})).problem == "policy_refused"
    assert (await room.post(api, other, KIND_VOTE, {"target": place, "choices": [0]})).problem == "policy_refused"
    assert (await room.post(api, other, KIND_REACTION, {"target": place, "emoji": "x"})).status == 200
    assert (await room.post(api, other, KIND_REACTION, {"target": 9_999, "emoji": "x"})).problem == "invalid_request"
    assert (await room.post(api, owner, KIND_PIN, {"target": place})).status == 200
    assert (await room.post(api, owner, KIND_DELETE, {"target": place})).status == 200
    delete = f"conversations/{room.id}/entries/{place}"
    assert (await api.call("DELETE", delete, other)).problem == "forbidden"
    before = (await api.get(f"conversations/{room.id}/hashes", owner)).body
    assert (await api.call("DELETE", delete, owner)).status == 204
    gone = (await room.entries(api, owner, after=place - 1))[0]
    assert "body" not in gone
    assert gone["ciphertext_hash"]
    assert gone["content_kind"] == KIND_TEXT
    assert (await api.get(f"conversations/{room.id}/hashes", owner)).body == before


async def test_nothing_sealed_gets_into_a_channel_and_nothing_clear_out_of_it(api, channel, room_of):
    room, owner, _ = channel
    private = await room_of(api, owner)
    # What is private cannot be spoken to in the clear, whoever asks.
    post = {"content_kind": KIND_TEXT, "body": '{"text":"x"}'}
    for path in (f"channels/{private.id}/posts/{new_uuid7()}", f"channels/{new_uuid7()}/posts/{new_uuid7()}"):
        assert (await api.put(path, owner, post)).problem == "not_found"
    for part in ("joins", "leaves"):
        assert (await api.put(f"channels/{private.id}/{part}/{new_uuid7()}", owner)).problem == "not_found"
    assert (await api.put(f"channels/{private.id}", owner, {"client_id": new_uuid7(), "name": "x"})).status == 404
    # No group stands under a channel's id, and no group's message or commit.
    sealed = private.sealed(owner, new_uuid7(), b"x", conversation_id=room.id)
    assert (
        await api.put(f"conversations/{room.id}/messages/{new_uuid7()}", owner, sealed)
    ).problem == "invalid_request"
    assert (await api.put(f"conversations/{room.id}", owner, private.creation())).problem == "invalid_request"
    fresh = new_channel_id()
    assert (await api.put(f"conversations/{fresh}", owner, private.creation())).problem == "not_found"
    # What only groups have, a channel does not have.
    assert (await api.get(f"conversations/{room.id}/group-info", owner)).problem == "not_found"
    assert (await api.get(f"conversations/{room.id}/welcome", owner)).body["sequence"] == 0
    request = {"link_id": new_uuid7(), "signature": b64encode(bytes(64))}
    assert (await api.put(f"conversations/{room.id}/join-request", owner, request)).problem == "not_found"
    assert (await api.get(f"conversations/{room.id}/join-requests", owner)).problem == "not_found"
    # A history key is for one's own devices.
    assert (await room.post(api, owner, KIND_HISTORY_KEY, {"version": 1})).problem == "invalid_request"


async def test_the_directory_pages_by_name_and_says_what_the_log_says(api, other_api, person, stack):
    owner, reader = person().device(), person().device()
    mark = new_uuid7()[-12:]
    rooms = [TestChannel(f"{name} {mark}") for name in ("Äpfel", "birnen", "Citrus", "datteln")]
    for room in rooms:
        assert (await room.create(api, owner, description="Fruit")).status == 200
    await rooms[1].join(api, reader)

    async def page(query: str, **more: str):
        return (await other_api.get("channels", reader, params={"query": query, "limit": 3} | more)).body

    first = await page(mark.upper())
    second = await page(mark, after=first["next"])
    found = first["channels"] + second["channels"]
    assert second["next"] is None
    assert sorted(channel["name"] for channel in found) == sorted(room.name for room in rooms)
    assert len(first["channels"]) == 3
    assert {c["name"][0]: (c["members"], c["joined"]) for c in found}["b"] == (2, True)
    assert {c["name"][0]: (c["members"], c["joined"]) for c in found}["C"] == (1, False)
    # A name that was announced and never taken is not shown, and put right; a channel that was never created is not shown.
    renamed = await rooms[0].describe(api, owner, name=f"Aprikosen {mark}")
    assert renamed.status == 200
    with stack.database() as database:
        lost = {"$set": {"folded": f"zwetschgen {mark}"}}
        database["channels"].update_one({"conversation": bytes.fromhex(rooms[2].id.replace("-", ""))}, lost)
        database["channels"].insert_one({"conversation": bytes(16), "folded": f"nothing {mark}"})
    assert (await page(f"nothing {mark}"))["channels"] == []
    assert (await page(f"zwetschgen {mark}"))["channels"] == []
    assert [c["name"] for c in (await page(f"citrus {mark}"))["channels"]] == [rooms[2].name]
    assert [c["name"] for c in (await page(f"aprikosen {mark}"))["channels"]] == [f"Aprikosen {mark}"]
    assert (await other_api.get(f"channels/{new_channel_id()}", reader)).problem == "not_found"
    assert (await other_api.get("channels?after=e30", reader)).problem == "invalid_request"
    for query in ("x" * 200, "%00", "a%0Ab"):
        assert (await other_api.get(f"channels?query={query}", reader)).problem == "invalid_request"


async def test_the_notification_service_hears_only_where_something_was_said(api, stack, channel):
    room, owner, member = channel
    sent = (await room.say(api, owner, "ping")).body["sequence"]
    assert await recipients(api, stack, room, sent) == {
        "user_ids": sorted([owner.person.user_id, member.person.user_id]),
        "push_secrets": [],
    }


async def test_what_is_told_of_a_post_holds_no_text(api, stack, channel):
    room, owner, _ = channel
    sent = [(await room.say(api, owner, "hush")).body["sequence"]]
    sent.append((await room.post(api, owner, KIND_REACTION, {"target": sent[0], "emoji": "x"})).body["sequence"])
    database = database_of(client := connect(stack.mongodb_url))
    stored = await MongoLog(database).entries(room.id, after=sent[0] - 1, before=sent[1] + 1, limit=9)
    await client.close()
    events = [event_of(entry, 1, 1, "0") for entry in stored]
    told = [msgspec.json.decode(event.data, type=MessageStored) for event in events]
    assert [(each.push, each.header, each.ciphertext) for each in told] == [(True, "", ""), (False, "", "")]
    assert all(b"hush" not in event.data for event in events)


async def test_bad_bodies_are_the_callers_fault(api, channel):
    room, owner, _ = channel
    deep = "[" * 30_000
    for kind, body in (
        (KIND_TEXT, deep),
        (KIND_TEXT, "{}x"),
        (KIND_TEXT, '{"text":7}'),
        (KIND_TEXT, '{"text":"' + "x" * 20_000 + '"}'),
        (KIND_POLL, '{"text":"?","options":' + json.dumps(["x"] * 500) + "}"),
        (KIND_EDIT, '{"text":"no target"}'),
        (KIND_EDIT, '{"target":-1,"text":"x"}'),
        (99, "{}"),
        (-1, "{}"),
    ):
        answer = await room.post(api, owner, kind, body)
        assert (answer.status, answer.problem) == (400, "invalid_request"), body[:40]
    for name in ("", "   ", "a\nb", "x" * 300):
        assert (await TestChannel(name or " ").create(api, owner)).problem == "invalid_request"
    raw = b'{"content_kind":1,"body":"\\ud800"}'
    path = f"{room.path}/posts/{new_uuid7()}"
    assert (await api.call("PUT", path, owner, raw=raw)).problem == "invalid_request"
    policy = {"epoch": 2, "policy": b64encode(b"{}")}
    assert (await api.put(f"{room.path}/policy/{new_uuid7()}", owner, policy)).problem == "invalid_request"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "target", "options", "attachments", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(kind=st.integers(-2, 12), body=st.binary(max_size=80) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_post_or_a_problem(kind, body):
    try:
        post = read_post(kind, body)
    except (InvalidRequest, TooLarge):
        return
    assert kind in CLEAR_KINDS
    assert isinstance(post, Post)


async def test_who_is_muted_says_nothing_and_leaving_does_not_help(api, other_api, channel):
    room, owner, member = channel
    said = (await room.say(api, member, "before")).body["sequence"]
    policy, epoch = await room.policy(api, owner)
    muted = msgspec.structs.replace(policy, muted=(Mute(member.person.user_id),))
    assert (await room.change(api, member, epoch, muted)).problem == "policy_refused"
    assert (await room.change(api, owner, epoch, muted)).status == 200
    for where in (api, other_api):
        assert (await room.say(where, member, "quiet?")).problem == "muted"
        assert (await room.post(where, member, KIND_REACTION, {"target": said, "emoji": "👍"})).problem == "muted"
    assert (await room.say(api, owner, "order")).status == 200
    assert (await room.leave(api, member)).status == 200
    assert (await room.join(api, member)).status == 200
    assert (await room.say(api, member, "again")).problem == "muted"
    policy, epoch = await room.policy(api, owner)
    assert (await room.change(api, owner, epoch, msgspec.structs.replace(policy, muted=()))).status == 200
    assert (await room.say(api, member, "thanks")).status == 200

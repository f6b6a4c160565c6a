"""Method names over a client: snapshots, windows of a conversation, send states, receipts, and the events in between."""

import asyncio
import io

import msgspec
import pytest
from drawn_pictures import scanned_again
from PIL import Image

from parley_client.rpc import CallError, Rpc
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.limits import IMAGE_SCANS_MAX
from parley_contracts.problems import PolicyRefused

WORDS = {"server": "https://parley.test", "username": "alice", "email": "a@x.test", "password": "long enough to be"}


class Caller:
    """An `Rpc` whose answers are plain data, and whose events are kept."""

    def __init__(self, client):
        self.client, self.rpc, self.events = client, Rpc(client), []
        self.rpc.subscribe(lambda event: self.events.append((event.name, msgspec.to_builtins(event.params))))

    async def __call__(self, method, **params):
        return msgspec.to_builtins(await self.rpc.call(method, params))

    async def heard(self, name, **wanted):
        for _ in range(1000):
            for heard, params in self.events:
                if heard == name and wanted.items() <= params.items():
                    return params
            await asyncio.sleep(0.01)
        raise AssertionError(f"no {name} {wanted} among {self.events}")


@pytest.fixture
async def pair(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    first, second = Caller(alice), Caller(bob)
    opened = await first("direct.open", username="bob")
    yield first, second, opened["conversation_id"]
    first.rpc.stop()
    second.rpc.stop()


async def test_a_new_profile_says_so(people):
    caller = Caller(people.open("new"))
    state = await caller("session")
    assert (state["signed_in"], state["connection"]) == (False, "offline")
    with pytest.raises(CallError) as refused:
        await caller("summaries")
    assert refused.value.slug == "not_signed_in"


async def test_the_recovery_key_waits_for_its_confirmation(people):
    client = people.open("alice")
    caller = Caller(client)
    made = await caller("register", **WORDS, keep_recovery_key=True)
    caller.rpc.stop()
    again = Caller(await people.reopen("alice", client))
    assert (await again("session"))["recovery_key_pending"]
    assert (await again("recovery_key"))["recovery_key"] == made["recovery_key"]
    await again("recovery_key.forget")
    assert (await again("recovery_key"))["recovery_key"] is None


async def test_summaries_tell_the_last_message_and_what_is_unread(pair):
    alice, bob, where = pair
    for text in ("one", "two", "three"):
        await alice("send", to=where, text=text)
    await bob.client.sync()
    (summary,) = await bob("summaries")
    assert (summary["last"]["text"], summary["unread"], summary["kind"]) == ("three", 3, "direct")
    assert {member["username"] for member in summary["members"]} == {"alice", "bob"}
    page = await bob("history.page", conversation_id=where)
    await bob("mark_read", conversation_id=where, sequence=page["items"][1]["sequence"])
    assert (await bob("conversation", conversation_id=where))["unread"] == 1
    await alice.client.sync()
    (own,) = await alice("summaries")
    assert own["unread"] == 0 and own["last"]["own"]


async def test_pages_walk_a_long_conversation_both_ways(pair):
    alice, _, where = pair
    texts = [f"message {number}" for number in range(23)]
    for text in texts:
        await alice("send", to=where, text=text)
    await alice.client.sync()
    page = await alice("history.page", conversation_id=where, limit=10)
    seen = list(page["items"])
    assert page["end"] and not page["start"]
    while not page["start"]:
        page = await alice("history.page", conversation_id=where, before=seen[0]["sequence"], limit=10)
        seen = page["items"] + seen
    assert [item["text"] for item in seen] == texts
    middle = seen[12]["sequence"]
    around = await alice("history.page", conversation_id=where, around=middle, limit=6)
    assert middle in [item["sequence"] for item in around["items"]] and len(around["items"]) == 6
    after = await alice("history.page", conversation_id=where, after=seen[-3]["sequence"], limit=10)
    assert [item["text"] for item in after["items"]] == texts[-2:] and after["end"] and not after["start"]


async def test_a_message_waits_while_the_server_is_away(pair, server):
    alice, _, where = pair
    server.fault = lambda request: "lose_request" if "/messages/" in request.path else None
    sending = asyncio.create_task(alice("send", to=where, text="patience"))
    queued = await alice.heard("outbox.changed", state="queued")
    page = await alice("history.page", conversation_id=where)
    assert [(m["text"], m["state"]) for m in page["outgoing"]] == [("patience", "waiting")]
    assert (await alice("conversation", conversation_id=where))["outgoing"]["text"] == "patience"
    server.fault = lambda request: None
    sent = await sending
    told = await alice.heard("outbox.changed", state="sent", client_id=queued["client_id"])
    assert told["sequence"] == sent["sequence"]
    assert (await alice("history.page", conversation_id=where))["outgoing"] == []


async def test_a_failed_message_is_tried_again_or_forgotten(pair, server):
    alice, bob, where = pair
    append = server._append_message

    def refuse(*_):
        raise PolicyRefused("not now")

    server._append_message = refuse
    for text in ("first", "second"):
        with pytest.raises(CallError):
            await alice("send", to=where, text=text)
    await alice.heard("outbox.changed", state="failed")
    failed = (await alice("history.page", conversation_id=where))["outgoing"]
    assert [(m["state"], m["problem"]["detail"]) for m in failed] == [("failed", "not now")] * 2
    server._append_message = append
    assert await alice("outbox.discard", client_id=failed[1]["client_id"]) == {"found": True}
    assert await alice("outbox.retry", client_id=failed[0]["client_id"]) == {"found": True}
    await alice.heard("outbox.changed", state="sent", client_id=failed[0]["client_id"])
    assert await alice("outbox.retry", client_id=failed[0]["client_id"]) == {"found": False}
    assert (await alice("history.page", conversation_id=where))["outgoing"] == []
    await bob.client.sync()
    assert [m["text"] for m in (await bob("history.page", conversation_id=where))["items"]] == ["first"]
    assert bob.client.notices() == []


async def test_receipts_reach_the_sender(pair, server):
    alice, bob, where = pair
    alice.rpc.start()
    sent = await alice("send", to=where, text="read me")
    await bob.client.sync()
    server.fault = lambda request: "lose_request" if request.path.endswith("/receipt") else None
    await bob("mark_read", conversation_id=where, sequence=sent["sequence"])
    assert (await bob("conversation", conversation_id=where))["unread"] == 0 and server.reads == {}
    server.fault = lambda request: None
    bob.rpc.start()  # what the server has not heard is told with the next connection
    reader = bob.client.whoami().user_id
    for _ in range(1000):
        if (await alice("history.page", conversation_id=where))["read"].get(reader) == sent["sequence"]:
            break
        await asyncio.sleep(0.01)
    assert server.reads == {(reader, where): sent["sequence"]}
    assert (await alice("history.page", conversation_id=where))["read"] == {reader: sent["sequence"]}
    assert (await alice("conversation", conversation_id=where))["read"] == {reader: sent["sequence"]}


async def test_events_follow_the_connection_and_the_log(pair):
    alice, bob, where = pair
    bob.rpc.start()
    await bob.heard("connection.changed", state="online")
    assert (await bob("session"))["connection"] == "online"
    await alice("send", to=where, text="hello")
    assert (await bob.heard("message"))["text"] == "hello"
    await bob.heard("conversation.changed", conversation_id=where)


async def test_drafts_and_preferences_are_kept(pair, people):
    alice, _, where = pair
    await alice("draft.save", conversation_id=where, text="half a thou")
    await alice("preferences.save", preferences={"theme": "dark"})
    again = Caller(await people.reopen("alice", alice.client))
    assert (await again("conversation", conversation_id=where))["draft"] == "half a thou"
    assert await again("preferences") == {"theme": "dark"}
    await again("draft.save", conversation_id=where, text="")
    assert (await again("conversation", conversation_id=where))["draft"] == ""


async def test_people_are_found_by_their_exact_name(pair):
    alice, bob, _ = pair
    found = await alice("person.find", username="@bob")
    assert (found["username"], found["user_id"]) == ("bob", bob.client.whoami().user_id)
    assert (await alice("person.find", username="alice"))["own"]
    with pytest.raises(CallError) as refused:
        await alice("person.find", username="bo")
    assert refused.value.slug == "not_found" and "bo" in refused.value.sentence


async def test_a_stranger_gets_a_name_in_the_background(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "we never met")
    await bob.sync()
    bob.store.execute("UPDATE people SET username = '' WHERE user_id = ?", (alice.whoami().user_id,))
    caller = Caller(bob)
    (summary,) = await caller("summaries")
    assert summary["last"]["sender"] == ""
    await caller.heard("conversation.changed", conversation_id=summary["conversation_id"])
    (summary,) = await caller("summaries")
    assert summary["last"]["sender"] == "alice"


async def test_logging_out_leaves_room_for_somebody_else(people):
    caller = Caller(people.open("shared"))
    await caller("register", **WORDS)
    await caller("logout")
    assert ("signed_out", {}) in caller.events
    assert not (await caller("session"))["signed_in"]
    await caller("register", **WORDS | {"username": "carol", "email": "c@x.test"})
    assert (await caller("session"))["username"] == "carol"
    caller.rpc.stop()


async def test_a_window_needs_a_known_conversation(pair):
    alice, _, _ = pair
    with pytest.raises(CallError) as refused:
        await alice("history.page", conversation_id="nowhere")
    assert refused.value.slug == "unknown_conversation"
    with pytest.raises(CallError) as refused:
        await alice("history.page", conversation_id="nowhere", limit="many")
    assert refused.value.slug == "invalid_request"


def png(width, height):
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


async def test_a_picture_goes_as_bytes_and_comes_back(pair):
    alice, bob, where = pair
    picture = png(64, 48)
    sent = await alice("send", to=where, text="look", attachments=[{"name": "pier.png", "data": b64encode(picture)}])
    await bob.client.sync()
    page = await bob("history.page", conversation_id=where)
    (shown,) = page["items"][0]["attachments"]
    assert (shown["name"], shown["media_type"], shown["width"], shown["height"]) == ("pier.png", "image/png", 64, 48)
    assert Image.open(io.BytesIO(b64decode(shown["thumbnail"]))).size == (64, 48)
    place = {"conversation_id": where, "sequence": sent["sequence"], "index": 0}
    assert b64decode((await bob("attachment.read", **place, picture=True))["data"]) == picture


async def test_a_file_that_is_no_picture_is_read_and_not_shown(pair):
    alice, bob, where = pair
    bomb = scanned_again(IMAGE_SCANS_MAX)
    sent = await alice("send", to=where, text="look", attachments=[{"name": "pier.jpg", "data": b64encode(bomb)}])
    await bob.client.sync()
    place = {"conversation_id": where, "sequence": sent["sequence"], "index": 0}
    assert b64decode((await bob("attachment.read", **place))["data"]) == bomb
    with pytest.raises(CallError) as refused:
        await bob("attachment.read", **place, picture=True)
    assert refused.value.slug == "not_a_picture"


async def test_what_is_no_picture_is_not_sent_as_one(pair):
    alice, _, where = pair
    broken = {"name": "pier.png", "data": b64encode(png(64, 48)[:40]), "picture": True}
    with pytest.raises(CallError) as refused:
        await alice("send", to=where, text="look", attachments=[broken])
    assert refused.value.slug == "not_a_picture"
    assert (await alice("history.page", conversation_id=where))["outgoing"] == []
    await alice("send", to=where, text="as a file", attachments=[broken | {"picture": False}])
    await alice("send", to=where, attachments=[{"name": "a.png", "data": b64encode(png(8, 8)), "picture": True}])


@pytest.mark.parametrize(
    "file", [{}, {"data": "aGk"}, {"name": "x", "data": "not base64!"}, {"path": "a", "name": "x", "data": "aGk"}]
)
async def test_a_file_without_sense_is_refused(pair, file):
    alice, _, where = pair
    with pytest.raises(CallError) as refused:
        await alice("send", to=where, text="look", attachments=[file])
    assert refused.value.slug == "usage"


async def test_channels_by_method_names(pair):
    first, second, direct = pair
    made = await first("channel.create", name="Town")
    page = await second("channel.list", query="tow")
    assert [channel["conversation_id"] for channel in page["channels"]] == [made["conversation_id"]]
    await second("channel.join", channel="#Town")
    sent = await second("send", to=made["conversation_id"], text="a needle")
    found = await first("search", query="needle", conversation=made["conversation_id"])
    assert [hit["sequence"] for hit in found["hits"]] == [sent["sequence"]]
    assert {s["conversation_id"]: s["kind"] for s in await first("summaries")} == {
        direct: "direct",
        made["conversation_id"]: "open",
    }
    assert sent["sequence"] == 3
    made_app = await first("channel.app.create", channel="#Town", name="Builds", scopes=["post"])
    assert [app["name"] for app in await first("channel.apps", channel="#Town")] == ["Builds"]
    gone = made_app["application"]["application_id"]
    assert await first("channel.app.revoke", channel="#Town", application_id=gone) == {}
    assert (await second("channel.leave", channel="#Town"))["status"] == "removed"
    with pytest.raises(CallError) as refused:
        await second("channel.join", channel=direct)
    assert refused.value.slug == "usage"

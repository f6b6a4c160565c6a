"""Open channels on a device: the same methods as everywhere, a label, and nothing private ever among them."""

import asyncio
import datetime as dt
import json

import pytest

from parley_client import outbox, timeline
from parley_client.answers import Conversation
from parley_client.attachments.preparing import Attachable
from parley_client.errors import NotAMember, NotPermitted, UnknownConversation, UsageError
from parley_client.store.queues import OutboxRow
from parley_contracts.ids import as_channel, new_uuid7
from parley_contracts.problems import PolicyRefused


@pytest.fixture
async def town(people):
    """Anna's channel, which Berta has joined."""
    anna, berta = await people.register("anna"), await people.register("berta")
    channel = await anna.channel_create("Town", topic="News", description="For all")
    await berta.channel_join("#Town")
    return channel.conversation_id, anna, berta


def texts(client, channel):
    return [(item.kind, item.text) for item in timeline.page(client.session, channel).items]


async def test_a_channel_is_labelled_and_works_like_any_conversation(town):
    channel, anna, berta = town
    first = await anna.send("#Town", "Hello @berta")
    await berta.sync()
    await berta.react(channel, first.sequence, "👍")
    await berta.send(channel, "back", reply_to=first.sequence)
    await anna.edit(channel, first.sequence, "Hello all")
    poll = await anna.poll(channel, "Tea?", ["yes", "no"])
    await berta.sync()
    await berta.vote(channel, poll.sequence, [0])
    await anna.pin(channel, first.sequence)
    await anna.sync()
    await berta.sync()
    for client in (anna, berta):
        (conversation,) = client.conversations()
        assert conversation == Conversation(channel, "open", "Town", ["anna", "berta"], conversation.sequence, "member")
        items = {item.sequence: item for item in timeline.page(client.session, channel).items}
        assert items[first.sequence].text == "Hello all"
        assert [reaction.emoji for reaction in items[first.sequence].reactions] == ["👍"]
        assert items[first.sequence].pinned
        assert items[poll.sequence].poll.voters == 1
        assert ("members", "") in texts(client, channel)
    assert timeline.summary(berta.session, channel).mentions == 0  # the edit took it back
    assert timeline.summary(berta.session, channel).kind == "open"
    assert [m.text for m in await berta.receive()] == ["Hello @berta"]


async def test_what_is_said_later_is_handed_over_in_the_clear_and_once(town, server, people):
    channel, anna, berta = town
    when = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    made = await berta.schedule("#Town", "Good morning @anna", when)
    assert made.held and [each.text for each in berta.scheduled()] == ["Good morning @anna"]
    held = server.scheduled.pop(made.client_id)
    assert (held["conversation_id"], json.loads(held["body"])["text"]) == (channel, "Good morning @anna")
    # Other rules and people seal nothing anew: there is nothing sealed.
    await anna.group_role(channel, "berta", "moderator")
    await berta.sync()
    assert server.scheduled == {} and [each.held for each in berta.scheduled()] == [True]
    # The server says it for the device; what comes back under its client id is what was waiting.
    session = {"user": berta.whoami().user_id, "device": berta.whoami().device_id}
    post = {"content_kind": held["content_kind"], "body": held["body"]}
    server._change_channel(session, channel, server.logs[channel], "posts", made.client_id, post)
    await berta.sync()
    assert berta.scheduled() == [] and ("text", "Good morning @anna") in texts(berta, channel)


async def test_what_is_said_later_waits_on_the_device_of_whoever_was_put_out(town, server):
    channel, anna, berta = town
    when = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    await anna.group_remove(channel, ["berta"])  # berta's device has not heard of it
    made = await berta.schedule(channel, "still here?", when)
    assert not made.held and server.scheduled == {}
    await berta.sync()
    with pytest.raises(NotAMember):
        await berta.schedule(channel, "and now?", when)
    await berta.channel_join(channel)
    await berta.sync()
    assert made.client_id in server.scheduled and [each.held for each in berta.scheduled()] == [True]


async def test_what_is_deleted_leaves_server_and_devices(town, server):
    channel, anna, berta = town
    sent = await berta.send(channel, "oops")
    await anna.sync()
    await anna.delete(channel, sent.sequence)  # the owner manages
    await berta.sync()
    assert server.logs[channel].entries[sent.sequence - 1].body is None
    assert ("deleted", "") in texts(berta, channel)
    with pytest.raises(NotPermitted):
        await berta.delete(channel, (await anna.send(channel, "mine")).sequence)


async def test_a_newcomer_and_a_new_device_read_everything(town, people):
    channel, anna, _ = town
    await anna.send(channel, "from the beginning")
    carla = await people.register("carla")
    assert [c.name for c in (await carla.channels("tow")).channels] == ["Town"]
    await carla.channel_join(channel)
    assert ("text", "from the beginning") in texts(carla, channel)
    phone = await people.restore("berta", "phone")
    assert texts(phone, channel)[0] == ("name", "Town")
    assert ("text", "from the beginning") in texts(phone, channel)
    assert [c.kind for c in phone.conversations()] == ["open"]


async def test_it_arrives_live_and_who_leaves_hears_no_more(town):
    channel, anna, berta = town
    berta.connect()
    await berta.connected()
    await anna.send(channel, "live")
    (message,) = await berta.receive(timeout_s=30)
    assert (message.text, message.sender) == ("live", "anna")
    left = await berta.channel_leave(channel)
    assert left.status == "removed"
    await anna.send(channel, "gone?")
    await berta.sync()
    assert ("text", "gone?") not in texts(berta, channel)
    with pytest.raises(NotAMember):
        await berta.send(channel, "still here?")
    again = await berta.channel_join(channel)
    assert again.status == "member"
    assert ("text", "gone?") in texts(berta, channel)


async def test_roles_bans_and_names_are_those_of_groups(town):
    channel, anna, berta = town
    with pytest.raises(PolicyRefused):
        await berta.group_describe(channel, name="Mine")
    info = await anna.group_role(channel, "berta", "admin")
    assert {person.username: person.role for person in info.members} == {"anna": "owner", "berta": "admin"}
    await berta.sync()
    assert (await berta.group_describe(channel, name="Village")).name == "Village"
    await anna.sync()
    assert anna.conversation_id("#Village") == channel
    assert (await anna.channels("vill")).channels[0].description == "For all"
    await anna.group_permissions(channel, {"send": "owner"})
    await berta.sync()
    with pytest.raises(PolicyRefused):
        await berta.send(channel, "quiet?")
    await anna.group_ban(channel, ["berta"])
    with pytest.raises(PolicyRefused):
        await berta.channel_join(channel)


async def test_two_who_change_the_rules_at_once_both_get_their_way(town, people):
    channel, anna, berta = town
    await anna.group_role(channel, "berta", "admin")
    carla, dora = await people.register("carla"), await people.register("dora")
    await berta.sync()
    await asyncio.gather(anna.group_add(channel, ["carla"]), berta.group_add(channel, ["dora"]))
    await anna.sync()
    assert {p.username for p in anna.group_info(channel).members} >= {"anna", "berta", "carla", "dora"}
    for newcomer in (carla, dora):
        await newcomer.sync()
        assert [c.conversation_id for c in newcomer.conversations()] == [channel]


async def test_what_waits_is_sent_once_whatever_is_lost(town, server):
    channel, anna, berta = town
    lost = iter(["lose_request", "lose_answer", "lose_answer"])
    server.fault = lambda request: next(lost, None) if "/posts/" in request.path else None
    sent = await anna.send(channel, "once")
    await berta.sync()
    assert [text for _, text in texts(berta, channel)].count("once") == 1
    assert server.logs[channel].entries[sent.sequence - 1].client_id == sent.client_id


async def test_names_of_channels_and_of_groups_never_meet(town):
    channel, anna, _ = town
    group = await anna.group_create("Town", [])
    assert anna.conversation_id("Town") == group.conversation_id
    assert anna.conversation_id("#Town") == channel
    await anna.group_describe("Town", name="#Town")
    with pytest.raises(UnknownConversation):
        anna.conversation_id("#Town")  # it may mean either: nobody guesses
    with pytest.raises(UnknownConversation):
        anna.conversation_id("Town")
    with pytest.raises(UsageError):
        await anna.channel_join(group.conversation_id)
    with pytest.raises(UsageError):
        await anna.search("x", conversation=group.conversation_id)


async def test_what_is_sealed_is_not_sent_there(town):
    channel, anna, _ = town
    with pytest.raises(UsageError):
        await anna.schedule(channel, "later", "2999-01-01T00:00:00Z")
    assert as_channel(channel) is not None


async def test_files_stand_in_a_channel_too(town):
    channel, anna, berta = town
    sent = await anna.send(channel, "see", attachments=[Attachable("a.txt", "text/plain", b"plain")])
    await berta.sync()
    parts = [part async for part in berta.attachment(channel, sent.sequence, 0)]
    assert b"".join(parts) == b"plain"


async def test_search_finds_in_the_own_channels(town, people):
    channel, anna, berta = town
    sent = await anna.send(channel, "a needle")
    assert [(h.conversation_id, h.sequence) for h in (await berta.search("needle")).hits] == [(channel, sent.sequence)]
    carla = await people.register("carla")
    assert (await carla.search("needle")).hits == []


async def test_what_an_application_says_is_labelled_and_only_in_channels(town, server):
    channel, anna, berta = town
    secrets = await anna.channel_app_create("#Town", "Builds", ["post"])
    assert [app.name for app in await anna.channel_apps(channel)] == ["Builds"]
    with pytest.raises(PolicyRefused):
        await berta.channel_apps(channel)
    sender = {"user": anna.session.device.user_id, "device": secrets.application.application_id}
    body = '{"text":"green","application":"Builds"}'
    told = {"content_kind": 1, "body": body}
    place = server._append_clear(sender, channel, server.logs[channel], new_uuid7(), "post.created", **told).sequence
    before = timeline.page(anna.session, channel).read_sequence
    for client in (anna, berta):
        await client.sync()
        item = timeline.item(client.session, channel, place)
        assert (item.text, item.application) == ("green", "Builds")
    assert timeline.page(anna.session, channel).read_sequence == before  # a program has read nothing for her
    group = await anna.group_create("Quiet", [])
    await outbox.deliver_message(
        anna.session,
        OutboxRow(client_id=new_uuid7(), conversation_id=group.conversation_id, kind=1, body=body.encode()),
    )
    await anna.sync()
    assert [item.application for item in timeline.page(anna.session, group.conversation_id).items] == ["", ""]
    await anna.channel_app_revoke(channel, secrets.application.application_id)
    assert await anna.channel_apps(channel) == []

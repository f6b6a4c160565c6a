"""Open channels without a screen: the directory, coming in and going, making one, its rules, and its applications."""

from functools import partial

import pytest
from app_channels import channel
from app_drawing import draw
from app_examples import BEN, CARLA, ME, FakeDevice, item, member, started, summary

from parley_app import channel_words, room_words, words
from parley_app.engine import EngineError
from parley_app.model import channel_menus, channels, chats, member_menus
from parley_app.model.layers import Question, Spot
from parley_app.model.rows import Person, RoomKind
from parley_app.screens.writing import JoiningAgain
from parley_contracts.limits import GROUP_NAME_LENGTH_MAX

NETWORK = EngineError("network_error", "no answer")
NAMES = ("announcements", "ferry", "garden", "repair", "tandem")


async def world_of(*names, route=channels.DIRECTORY):
    device = FakeDevice()
    device.channels = [channel(f"id-{name}", name) for name in names]
    world = await started(device, route)
    return world, world.app.channels.directory, device


async def town(role="owner", pane="details"):
    """A channel in which this person has a role."""
    device = FakeDevice()
    may = ["send", "pin", "invite"] if role in {"owner", "admin"} else ["send"]
    people = [member(ME, role), member(BEN, "member"), member(CARLA, "owner")]
    device.add(summary("town", kind="open", name="Town", members=people, may=may), [item(1)])
    world = await started(device, f"/chats/town/{pane}")
    return world, device


def labels(menu):
    return [choice.label for choices in menu.groups for choice in choices]


# --- the directory


async def test_the_directory_is_read_a_page_at_a_time():
    _, directory, device = await world_of(*NAMES)
    assert not directory.loaded
    await directory.load()
    assert [each["name"] for each in directory.channels] == list(NAMES[:3]) and directory.next == "garden"
    await directory.more()
    assert [each["name"] for each in directory.channels] == list(NAMES) and directory.next is None
    await directory.more()
    assert len(device.asked("channel.list")) == 2


async def test_the_server_is_asked_once_somebody_has_stopped_typing():
    world, directory, device = await world_of(*NAMES)
    for query in ("#", "#ta", "#tan"):
        directory.search(query)
    await world.settle()
    assert device.asked("channel.list") == [{"query": "tan", "after": None}]
    assert [each["name"] for each in directory.channels] == ["tandem"]
    world.app.escape()
    assert world.app.route == "/chats"


async def test_an_answer_that_comes_late_is_not_shown():
    _, directory, _ = await world_of(*NAMES)
    late = directory.load()
    late.send(None)  # on its way
    directory.query = "repair"
    await directory.load()
    with pytest.raises(StopIteration):
        while True:
            late.send(None)
    assert [each["name"] for each in directory.channels] == ["repair"] and directory.fault == ""


async def test_without_the_server_the_directory_says_so_and_keeps_what_it_has():
    _, directory, device = await world_of(*NAMES)
    device.faults["channel.list"] = NETWORK
    await directory.load()
    assert directory.fault == words.FAULTS["network_error"] and not directory.loaded
    del device.faults["channel.list"]
    await directory.load()
    assert directory.fault == "" and directory.loaded
    device.faults["channel.list"] = NETWORK
    await directory.more()
    assert len(directory.channels) == 3 and directory.fault and not directory.loading


async def test_who_joins_is_there_and_who_leaves_is_asked_first():
    world, directory, device = await world_of(*NAMES)
    app = world.app
    await directory.load()
    device.faults["channel.join"] = EngineError("policy_refused", "banned")
    await channels.join(app, "id-ferry")
    assert app.route == channels.DIRECTORY and directory.fault == words.FAULTS["policy_refused"]
    assert not directory.channels[1]["joined"] and directory.busy == frozenset()
    del device.faults["channel.join"]
    await channels.join(app, "id-ferry")
    assert app.opened == "id-ferry" and directory.channels[1]["joined"] and directory.channels[1]["members"] == 5
    assert chats.room(app.conversation.summary, app.session.me, channel_menus.now()).kind is RoomKind.CHANNEL
    app.go(channels.DIRECTORY)
    app.layers.show(channel_menus.ask_to_leave(app, "id-ferry", "#ferry"))
    assert isinstance(app.layers.shown, Question) and device.asked("channel.leave") == []
    app.layers.shown.act()
    await world.settle()
    assert device.asked("channel.leave") == [{"channel": "id-ferry"}] and not directory.channels[1]["joined"]
    assert app.chats.summaries["id-ferry"]["status"] == "removed" and app.layers.shown is None


async def test_a_channel_is_made_with_a_name_and_opened():
    world, _, device = await world_of(route=channels.NEW)
    app, form = world.app, world.app.channels.form
    for name, fault in (
        ("  # ", channel_words.NEEDS_NAME),
        ("x" * (GROUP_NAME_LENGTH_MAX + 1), channel_words.TOO_LONG),
    ):
        form.fill("name", name)
        await channels.make(app)
        assert form.faults == {"name": fault} and form["name"] == name and device.asked("channel.create") == []
    form.fill("name", " #Harbour ")
    form.fill("topic", "What happens at the pier")
    device.faults["channel.create"] = NETWORK
    await channels.make(app)
    assert form.fault == words.FAULTS["network_error"] and form["topic"] == "What happens at the pier"
    del device.faults["channel.create"]
    await channels.make(app)
    wanted = {"name": "Harbour", "topic": "What happens at the pier", "description": ""}
    assert device.asked("channel.create")[-1] == wanted
    assert app.opened == "made" and app.conversation.title == "#Harbour"
    assert form["name"] == "" and form.turn == 0, "a new field would take the focus while its screen goes"


async def test_who_has_left_joins_again_where_they_wrote():
    world, _, device = await world_of(*NAMES, route="/chats")
    app = world.app
    await channels.join(app, "id-ferry")
    device._group_leave("id-ferry")
    await world.settle()
    drawn = draw(partial(JoiningAgain, channel_id="id-ferry"), app)
    assert not app.conversation.writable and _says(drawn, channel_words.LEFT_TEXT)
    device.faults["channel.join"] = EngineError("policy_refused", "banned")
    await channels.join(app, "id-ferry")
    drawn = draw(partial(JoiningAgain, channel_id="id-ferry"), app)
    assert _says(drawn, words.FAULTS["policy_refused"]) and not app.conversation.writable
    del device.faults["channel.join"]
    await channels.join(app, "id-ferry")
    await world.settle()
    assert app.opened == "id-ferry" and app.conversation.writable


def _says(drawn, text):
    return any(getattr(control, "value", None) == text for control, _ in drawn)


# --- its rules


async def test_a_channel_is_governed_like_a_group_without_links():
    world, device = await town()
    governing = world.app.governing
    assert governing.governed and governing.loaded and not governing.group
    assert device.asked("group.links") == [] and device.asked("group.requests") == []
    assert governing.meaning("invite") == channel_words.PERMISSIONS["invite"]
    assert governing.meaning("send") == room_words.PERMISSIONS["send"]
    menu = member_menus.of_member(world.app, governing, Person(BEN, "ben"), "#Town", Spot())
    remove = next(c for choices in menu.groups for c in choices if c.label == words.remove("ben"))
    remove.act()
    assert world.app.layers.shown.text == channel_words.REMOVAL_TEXT
    world.app.layers.show(member_menus.ask_to_leave(world.app, governing, "#Town"))
    assert world.app.layers.shown.button == channel_words.LEAVE
    world.app.layers.shown.act()
    await world.settle()
    assert not world.app.conversation.writable


# --- applications


async def test_an_application_shows_its_secrets_once():
    world, device = await town(pane="apps")
    app = world.app
    applications = app.channels.applications_of("town", app.session.server)
    await applications.load()
    assert applications.loaded and applications.applications == []
    await applications.make()
    assert applications.faults == {"name": words.MISSING}
    applications.fill("name", "Builds")
    applications.allow(posts=False)
    await applications.make()
    assert applications.faults == {"scopes": channel_words.NO_SCOPE}
    applications.allow(posts=True, reads=True)
    applications.fill("callback", "http://inside")
    await applications.make()
    assert applications.faults == {"callback": channel_words.NO_CALLBACK} and device.asked("channel.app.create") == []
    applications.fill("callback", "https://builds.example/hook")
    await applications.make()
    wanted = {"channel": "town", "name": "Builds", "scopes": ["read", "post"]}
    assert device.asked("channel.app.create") == [wanted | {"callback_url": "https://builds.example/hook"}]
    secrets = applications.secrets
    assert (secrets.token, secrets.signing_secret) == ("pat_secret", "whsec_secret")
    assert secrets.hook == "https://parley.test/api/v1/messaging/hooks/app-0"
    assert "secret" not in repr(secrets)
    applications.forget_secrets()
    assert applications.secrets is None and [each["name"] for each in applications.applications] == ["Builds"]
    # What is not allowed to read is told of nothing, whatever stood in the field.
    applications.fill("name", "Bell")
    applications.fill("callback", "https://elsewhere.example")
    applications.allow(reads=False)
    await applications.make()
    assert device.asked("channel.app.create")[-1] == {"channel": "town", "name": "Bell", "scopes": ["post"]}
    assert app.channels.applications_of("town", app.session.server) is applications


async def test_an_application_is_revoked_after_a_question():
    world, device = await town(pane="apps")
    app = world.app
    device._channel_app_create("town", "Builds", ["post"])
    applications = app.channels.applications_of("town", app.session.server)
    device.faults["channel.apps"] = NETWORK
    await applications.load()
    assert applications.fault == words.FAULTS["network_error"] and not applications.loaded
    del device.faults["channel.apps"]
    await applications.load()
    app.layers.show(channel_menus.ask_to_revoke(app, applications, "app-0", "Builds"))
    assert app.layers.shown.title == channel_words.revoking("Builds")
    app.layers.shown.act()
    await world.settle()
    assert applications.applications == [] and device.applications["town"] == []
    app.escape()
    assert app.route == "/chats/town/details"


async def test_who_signs_out_leaves_nothing_behind():
    world, device = await town(pane="apps")
    app = world.app
    applications = app.channels.applications_of("town", app.session.server)
    applications.fill("name", "Builds")
    await applications.make()
    app.channels.search_in("town").fill("query", "pier")
    await app.channels.directory.load()
    device.tell("signed_out")
    await world.settle()
    assert not app.channels.directory.loaded and app.channels.search_in("town")["query"] == ""
    assert app.channels.applications_of("town", "").secrets is None

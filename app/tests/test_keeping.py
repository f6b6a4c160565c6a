"""How a person keeps conversations: filters, folders, marks, and the menu for them."""

import datetime as dt

import pytest
from app_examples import ME, NOON, FakeDevice, item, member, started, summary

from parley_app import room_words, words
from parley_app.engine import EngineError
from parley_app.model.chats import FOLDER
from parley_app.model.layers import Choices, NewFolder, Spot
from parley_contracts.limits import FOLDER_NAME_LENGTH_MAX

NOW = NOON.astimezone()


@pytest.fixture
def device():
    made = FakeDevice()
    made.add(summary("talk", unread=2, active_at="2026-11-26T12:00:00Z"), [item(1), item(2)])
    made.add(summary("trip", kind="group", name="Trip", active_at="2026-11-26T11:00:00Z"))
    made.add(summary("self", kind="self", members=[member(ME)], active_at="2026-11-26T10:00:00Z"))
    return made


def keys(world):
    return [row.key for row in world.app.chats.rows(world.app.session.me, NOW)]


def choose(world, label):
    menu = world.app.layers.shown
    assert isinstance(menu, Choices)
    next(choice for group in menu.groups for choice in group if choice.label == label).act()


async def done(world, conversation_id, *labels):
    """Choose from the menu of a conversation, and from the one behind it."""
    world.app.show_room_menu(conversation_id, Spot(1, 2))
    for label in labels:
        choose(world, label)
    await world.settle()


async def test_what_is_pinned_stands_first(device):
    world = await started(device)
    assert keys(world) == ["talk", "trip", "self"]
    await done(world, "self", room_words.PIN)
    assert keys(world) == ["self", "talk", "trip"] and world.app.layers.shown is None
    await done(world, "self", room_words.UNPIN)
    assert keys(world) == ["talk", "trip", "self"]


async def test_favourites_and_the_archive_have_a_filter_each_while_they_hold_anything(device):
    world = await started(device)
    chats = world.app.chats
    assert chats.filters == ["all", "unread", "groups"]
    await done(world, "trip", room_words.FAVOUR)
    await done(world, "talk", room_words.ARCHIVE)
    assert chats.filters == ["all", "unread", "favourites", "groups", "archived"]
    assert keys(world) == ["trip", "self"] and chats.unread == 0  # what is archived calls nobody
    chats.choose("favourites")
    assert keys(world) == ["trip"]
    chats.choose("archived")
    assert keys(world) == ["talk"]
    await done(world, "talk", room_words.UNARCHIVE)
    assert keys(world) == ["talk", "trip", "self"] and chats.filter == "all"  # the filter that held nothing is left


async def test_folders_are_filters(device):
    world = await started(device)
    await done(world, "trip", room_words.FOLDER, room_words.NEW_FOLDER)
    assert world.app.layers.shown == NewFolder("trip")
    keeping = world.app.keeping
    assert not await keeping.put_into_new_folder("trip") and keeping.faults == {"folder": words.MISSING}
    keeping.fill("folder", "x" * (FOLDER_NAME_LENGTH_MAX + 1))
    assert not await keeping.put_into_new_folder("trip")
    assert keeping.faults == {"folder": room_words.FOLDER_TOO_LONG}
    keeping.fill("folder", " Market ")
    assert await keeping.put_into_new_folder("trip")
    await world.settle()
    assert world.app.chats.filters == ["all", "unread", "groups", FOLDER + "Market"]
    world.app.chats.choose(FOLDER + "Market")
    assert keys(world) == ["trip"]
    await done(world, "talk", room_words.FOLDER, "Market")
    assert keys(world) == ["talk", "trip"]
    for each in ("talk", "trip"):
        await done(world, each, room_words.FOLDER, room_words.NO_FOLDER)
    assert world.app.chats.folders == [] and len(keys(world)) == 3


@pytest.mark.parametrize(
    ("label", "span"),
    [
        (room_words.MUTE_HOUR, dt.timedelta(hours=1)),
        (room_words.MUTE_DAY, dt.timedelta(hours=8)),
        (room_words.MUTE_WEEK, dt.timedelta(days=7)),
        (room_words.MUTE_ALWAYS, None),
    ],
)
async def test_a_mute_calls_nobody(device, label, span):
    world = await started(device)
    assert world.app.chats.unread == 1
    await done(world, "talk", room_words.MUTE, label)
    until = device.asked("settings.change")[-1]["muted_until"]
    if span is None:
        assert until == "always"
    else:
        assert abs(dt.datetime.fromisoformat(until) - dt.datetime.now(dt.UTC) - span) < dt.timedelta(minutes=5)
    (row, *_) = world.app.chats.rows(world.app.session.me, NOW)
    assert row.muted and row.unread == 2 and world.app.chats.unread == 0
    await done(world, "talk", room_words.UNMUTE)
    assert device.asked("settings.change")[-1]["muted_until"] is None and world.app.chats.unread == 1


async def test_reading_and_its_opposite_from_the_list(device):
    world = await started(device)
    await done(world, "talk", room_words.MARK_READ)
    assert device.asked("mark_read") == [{"conversation_id": "talk", "sequence": 2}] and world.app.chats.unread == 0
    await done(world, "talk", room_words.MARK_UNREAD)
    assert world.app.chats.unread == 1 and world.app.chats.summaries["talk"]["marked_unread"]


async def test_what_cannot_be_done_is_said_above_the_list(device):
    world = await started(device)
    device.faults["settings.change"] = EngineError("usage_error", "your settings are full: forget some drafts")
    await done(world, "trip", room_words.PIN)
    assert world.app.chats.note == "Your settings are full: forget some drafts."
    del device.faults["settings.change"]
    await done(world, "trip", room_words.PIN)
    assert world.app.chats.note == ""


async def test_the_keyboard_opens_the_menu_of_the_row_with_the_focus(device):
    world = await started(device, "/chats/talk")
    app = world.app
    app.show_room_menu()
    assert app.layers.shown.title == "ben"  # the open one
    app.chats.focus("trip", on=True)
    app.show_room_menu()
    assert app.layers.shown.title == "Trip"
    app.chats.focus("talk", on=False)  # late: the focus has gone on
    assert app.chats.focused == "trip"
    app.chats.focus("trip", on=False)
    app.go("/chats")
    app.show_room_menu()
    assert app.layers.shown is None

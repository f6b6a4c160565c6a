"""Contacts, requests of strangers, blocks, and being found: in menus, lists, conversations and settings, at both widths."""

import pytest
from app_drawing import draw
from app_examples import BEN, CARLA, ME, NOON, FakeDevice, item, member, started, summary
from app_screens import button, press, said
from test_names import nameless

from parley_app import people_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model import chats, member_menus, room_menus
from parley_app.model.layers import Spot
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import PRIVACY

NETWORK = EngineError("network_error", "no answer")
WIDTHS = (390.0, 1440.0)


def ben():
    return {"user_id": BEN, "username": "ben"}


async def talking(route="/chats/talk", **more):
    device = FakeDevice()
    device.add(summary(**more), [item(1)])
    group = {"kind": "group", "name": "Trip", "members": [member(ME, "owner"), member(BEN), member(CARLA)]}
    device.add(summary("trip", **group))
    return await started(device, route)


def labels(menu):
    return [choice.label for group in menu.groups for choice in group]


def choose(menu, label):
    next(choice for group in menu.groups for choice in group if choice.label == label).act()


def screen(world, width=1440.0, component=_screen):
    return said(draw(component, world.app, width=width))


# --- blocks


@pytest.mark.parametrize("width", WIDTHS)
async def test_somebody_is_blocked_after_a_question_and_unblocked_where_one_would_write(width):
    world = await talking()
    app = world.app
    choose(room_menus.of_room(app, "talk", Spot()), people_words.block("ben"))
    assert people_words.BLOCK_TEXT in screen(world, width, Layers) and not world.device.asked("person.block")
    app.layers.shown.act()
    await world.settle()
    assert world.device.asked("person.block") == [{"username": "ben"}]
    shown = screen(world, width)
    assert people_words.blocked("ben") in shown and words.SEND not in shown
    assert nameless(draw(_screen, app, width=width)) == []
    button(draw(_screen, app, width=width), people_words.unblock("ben")).on_click()
    await world.settle()
    assert people_words.blocked("ben") not in screen(world, width) and app.relations.blocked == ()


async def test_menus_of_groups_and_notes_offer_it_of_people_alone():
    world = await talking("/chats/trip/details")
    app = world.app
    assert people_words.block("ben") not in labels(room_menus.of_room(app, "trip", Spot()))
    people = {person.user_id: person for person in chats.Chats.people(app.chats, app.session.me)}
    menu = member_menus.of_member(app, app.governing, people[CARLA], "Trip", Spot())
    assert {people_words.ADD_CONTACT, people_words.block("carla")} <= set(labels(menu))
    world.device.blocked.append({"user_id": CARLA, "username": "carla"})
    world.device.tell("blocks.changed")
    await world.settle()
    menu = member_menus.of_member(app, app.governing, people[CARLA], "Trip", Spot())
    assert people_words.unblock("carla") in labels(menu)


async def test_a_block_that_fails_is_said_and_changes_nothing():
    world = await talking()
    world.device.faults["person.block"] = NETWORK
    choose(room_menus.of_room(world.app, "talk", Spot()), people_words.block("ben"))
    world.app.layers.shown.act()
    await world.settle()
    assert world.app.chats.note == words.FAULTS["network_error"] and world.app.relations.blocked == ()


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_settings_list_whom_one_has_blocked_and_who_finds_one(width):
    device = FakeDevice()
    world = await started(device, PRIVACY)
    assert people_words.NOBODY_BLOCKED in screen(world, width)
    device.blocked.append(ben())
    device.tell("blocks.changed")
    await world.app.privacy.load()
    await world.app.relations.ask_discovery()
    await world.settle()
    shown = screen(world, width)
    assert {"ben", people_words.BLOCKED_DETAIL, people_words.BY_NAME} <= shown
    assert nameless(draw(_screen, world.app, width=width)) == []
    button(draw(_screen, world.app, width=width), people_words.unblock("ben")).on_click()
    await world.settle()
    assert people_words.NOBODY_BLOCKED in screen(world, width)


async def test_being_found_shows_at_once_and_is_taken_back_where_it_fails():
    device = FakeDevice()
    world = await started(device, PRIVACY)
    relations = world.app.relations
    await relations.ask_discovery()
    await relations.be_found(by_name=False)
    assert (relations.by_name, device.by_name) == (False, False)
    device.faults["discovery.change"] = NETWORK
    await relations.be_found(by_name=True)
    assert relations.by_name is False and words.FAULTS["network_error"] in screen(world)
    device.tell("signed_out")
    await world.settle()
    assert (relations.by_name, relations.fault) == (None, "")


# --- requests


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_request_waits_unread_until_it_is_accepted(width):
    world = await talking(request=True, unread=1)
    app = world.app
    assert "requests" in app.chats.filters and app.chats.unread == 0
    app.chats.choose("requests")
    assert [room.key for room in app.chats.rows(app.session.me, NOON)] == ["talk"]
    assert not world.device.asked("mark_read")
    shown = screen(world, width)
    assert people_words.wants_to_write("ben") in shown and words.SEND in shown
    assert nameless(draw(_screen, app, width=width)) == []
    button(draw(_screen, app, width=width), people_words.ACCEPT).on_click()
    await world.settle()
    assert world.device.asked("request.accept") == [{"conversation_id": "talk"}]
    assert people_words.wants_to_write("ben") not in screen(world, width) and "requests" not in app.chats.filters


async def test_a_stranger_is_blocked_where_they_wait():
    world = await talking(request=True, unread=1)
    await press(world, people_words.block("ben"))
    world.app.layers.shown.act()
    await world.settle()
    assert world.device.asked("person.block") == [{"username": "ben"}]


# --- contacts


async def test_contacts_come_first_and_are_narrowed_by_what_is_typed():
    world = await talking(routes.NEW)
    assert words.KNOWN_PEOPLE in screen(world) and people_words.CONTACTS not in screen(world)
    choose(room_menus.of_room(world.app, "talk", Spot()), people_words.ADD_CONTACT)
    await world.settle()
    assert world.app.relations.is_contact(BEN)
    assert {people_words.CONTACTS, people_words.OTHERS, "@ben", "@carla"} <= screen(world)
    world.app.finder.type("@CA")
    shown = screen(world)
    assert "@carla" in shown and not {"@ben", people_words.CONTACTS} & shown
    world.app.go(routes.PEOPLE)
    assert {people_words.CONTACTS, people_words.OTHERS} <= screen(world)
    choose(room_menus.of_room(world.app, "talk", Spot()), people_words.REMOVE_CONTACT)
    await world.settle()
    assert world.app.relations.contacts == () and words.KNOWN_PEOPLE in screen(world)


async def test_another_device_may_have_been_at_the_contacts():
    world = await talking()
    world.device.contacts.append(ben())
    world.device.tell("settings.changed", conversation_ids=[])
    await world.settle()
    assert world.app.relations.is_contact(BEN)

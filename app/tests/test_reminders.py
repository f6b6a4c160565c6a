"""Reminders without a screen: when, of what, what is due, and putting it away."""

import asyncio
import datetime as dt

import pytest
from app_drawing import draw
from app_examples import NOON, FakeDevice, item, started, summary
from app_screens import button, said
from hypothesis import given
from hypothesis import strategies as st

from parley_app import kept_words, room_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model import menus, reminding
from parley_app.model.layers import MenuOf, RemindersList, RemindOf, Spot
from parley_app.model.menus import Action
from parley_app.model.reminders import moments
from parley_app.screens.layers import Layers

NETWORK = EngineError("network_error", "no answer")


def now():
    return dt.datetime.now().astimezone()


async def talk(route="/chats/talk"):
    device = FakeDevice()
    device.add(summary(), [item(1, "the late ferry"), item(2, "in it", thread_root=1), item(3, "more")])
    device.add(summary("other"), [item(1, "bring the lamps")])
    return await started(device, route), device


async def due(world, device, *places):
    """These reminders become due."""
    for where, sequence in places:
        device._remind(where, sequence, "2026-11-26T12:00:00Z")
        device.reminded[-1]["due"] = True
        device.tell("reminder.due", **device.reminded[-1])
    await world.settle()


async def test_a_message_is_remembered_at_the_chosen_moment():
    world, device = await talk()
    app = world.app
    app.show_menu(1, Spot(), in_thread=False)
    button(draw(Layers, app, run_task=lambda *_: None), kept_words.REMIND).on_click()
    assert app.layers.shown == RemindOf(1, in_thread=False)
    tomorrow = now().date() + dt.timedelta(days=1)
    assert (app.reminders.day, app.reminders["time"]) == (tomorrow, "09:00")
    assert "ben: “the late ferry”" in said(draw(Layers, app))
    app.reminders.type_time("7:30")
    button(draw(Layers, app), "Remind me tomorrow, 07:30").on_click()
    await world.settle()
    (asked,) = device.asked("remind")
    moment = dt.datetime.fromisoformat(asked["at"])
    assert (asked["conversation_id"], asked["sequence"]) == ("talk", 1) and moment.tzinfo is not None
    assert moment.astimezone().date() == tomorrow and f"{moment.astimezone():%H:%M}" == "07:30"
    assert app.layers.shown is None and app.reminders.stands("talk", 1)
    reminding.begin(app, 1, in_thread=False)
    assert app.reminders["time"] == "07:30"  # another time begins with the one that stands


async def test_the_menu_takes_a_reminder_back():
    world, device = await talk()
    device._remind("talk", 1, "2030-01-01T00:00:00Z")
    device.tell("settings.changed", conversation_ids=[])
    await world.settle()
    offered = menus.actions_of(item(1), summary(), "user-me", in_thread=False, reminded=True)
    assert Action.REMIND_NOT in [each for group in offered for each in group]
    assert Action.REMIND_NOT not in [
        each for group in menus.actions_of(item(1), summary(), "user-me", in_thread=False) for each in group
    ]
    world.app.layers.show(MenuOf(1, in_thread=False))
    button(draw(Layers, world.app), kept_words.REMIND_NOT).on_click()
    await world.settle()
    assert device.reminded == [] and not world.app.reminders.stands("talk", 1)


@pytest.mark.parametrize("time", ["", "noon", "24:00"])
async def test_a_time_that_is_none_or_over_is_said_by_its_field(time):
    world, device = await talk()
    reminding.begin(world.app, 1, in_thread=False)
    world.app.reminders.fill("time", time)
    assert world.app.reminders.sentence(now()) == kept_words.REMIND
    await reminding.confirm(world.app, world.app.layers.shown)
    assert world.app.reminders.faults == {"time": room_words.NO_TIME} and not device.asked("remind")
    world.app.reminders.choose(now() - dt.timedelta(days=1))
    await reminding.confirm(world.app, world.app.layers.shown)
    assert world.app.reminders.faults == {"time": room_words.TIME_OUT_OF_REACH} and not device.asked("remind")


async def test_what_cannot_be_kept_is_said_in_the_form():
    world, device = await talk()
    device.faults["remind"] = EngineError("usage", "at most 500 reminders stand at once")
    reminding.begin(world.app, 1, in_thread=False)
    await reminding.confirm(world.app, world.app.layers.shown)
    assert world.app.layers.shown == RemindOf(1, in_thread=False)
    assert world.app.reminders.fault == "At most 500 reminders stand at once."
    assert world.app.reminders.fault in said(draw(Layers, world.app))


async def test_what_is_due_is_told_wherever_one_is_and_leads_to_its_message():
    world, device = await talk(routes.SETTINGS)
    assert kept_words.SHOW_REMINDER not in said(draw(_screen, world.app))
    await due(world, device, ("talk", 3))
    for width in (390.0, 820.0, 1440.0):
        world.app.go(routes.CHATS)
        assert {"Reminder: ben: more", kept_words.REMINDERS} <= said(draw(_screen, world.app, width=width))
    button(draw(_screen, world.app), kept_words.SHOW_REMINDER).on_click()
    await world.settle()
    assert world.app.opened == "talk" and "Reminder: ben: more" not in said(draw(_screen, world.app))
    assert world.app.reminders.stands("talk", 3)  # seen is not put away
    await world.app.reminders.load()
    assert "Reminder: ben: more" not in said(draw(_screen, world.app))


async def test_a_reminder_in_a_thread_or_another_conversation_is_found():
    world, device = await talk("/chats/other")
    await due(world, device, ("talk", 2))
    await reminding.go_to(world.app, ("talk", 2))
    await world.settle()
    assert world.app.route == "/chats/talk/threads/1"


async def test_several_are_told_as_one_and_put_away_in_the_list():
    world, device = await talk()
    await due(world, device, ("talk", 1), ("other", 1))
    device._remind("talk", 3, "2030-01-01T00:00:00Z")
    button(draw(_screen, world.app), kept_words.SHOW_REMINDER).on_click()
    await world.settle()
    assert world.app.layers.shown == RemindersList()
    rows = world.app.reminders.rows(world.app.session.me, now())
    assert [(each.text, each.due) for each in rows] == [
        ("the late ferry", True),
        ("bring the lamps", True),
        ("more", False),
    ]
    label = kept_words.put_away("bring the lamps")
    button(draw(Layers, world.app), label).on_click()
    await world.settle()
    assert device.asked("reminder.forget") == [{"conversation_id": "other", "sequence": 1}]
    assert label not in said(draw(Layers, world.app))


async def test_one_that_is_due_is_put_away_from_its_notice():
    world, device = await talk()
    await due(world, device, ("talk", 1))
    button(draw(_screen, world.app), kept_words.PUT_AWAY).on_click()
    await world.settle()
    assert device.reminded == [] and kept_words.PUT_AWAY not in said(draw(_screen, world.app))


async def test_a_message_that_is_gone_is_named_so():
    world, device = await talk()
    device._remind("talk", 1, "2030-01-01T00:00:00Z")
    device._remind("talk", 99, "2031-01-01T00:00:00Z")
    device._message_delete("talk", 1)
    await world.app.reminders.load(anew=True)
    assert [each.text for each in world.app.reminders.rows(world.app.session.me, now())] == [words.GONE] * 2
    await world.settle()


async def test_nothing_loading_and_failing_have_faces():
    world, device = await talk()
    device.faults["reminders"] = NETWORK
    reminding.show_all(world.app)
    await world.settle()
    assert {words.FAULTS["network_error"], words.TRY_AGAIN} <= said(draw(Layers, world.app))
    del device.faults["reminders"]
    button(draw(Layers, world.app), words.TRY_AGAIN).on_click()
    await world.settle()
    assert kept_words.NO_REMINDERS in said(draw(Layers, world.app))
    world.app.reminders.loaded = False
    assert words.LOADING in said(draw(Layers, world.app))


async def test_of_several_answers_the_last_one_counts():
    world, device = await talk()
    await due(world, device, ("talk", 1))
    device._remind("other", 1, "2030-01-01T00:00:00Z")
    call, asked, answered = device.call, asyncio.Event(), asyncio.Event()

    async def slowly(method, params=None):
        if method == "message":
            asked.set()
            await answered.wait()
        return await call(method, params)

    device.call = slowly
    slow = world.app.spawn(world.app.reminders.load())  # it has yet to learn what the new one says
    await asked.wait()
    device.reminded = []
    await world.app.reminders.load()
    answered.set()
    await slow
    assert world.app.reminders.rows(world.app.session.me, now()) == ()
    before = world.app.reminders.version
    await world.app.reminders.load()
    assert world.app.reminders.version == before  # nothing is drawn anew for the same again


async def test_what_another_device_put_away_is_gone_here():
    world, device = await talk()
    await due(world, device, ("talk", 1))
    device.reminded = []
    device.tell("settings.changed", conversation_ids=[])
    await world.settle()
    assert world.app.reminders.rows(world.app.session.me, now()) == ()
    await due(world, device, ("talk", 1))
    device.tell("signed_out")
    await world.settle()
    assert not world.app.reminders.loaded and world.app.reminders.rows(world.app.session.me, now()) == ()


@given(st.integers(0, 4 * 366 * 24 * 60))
def test_every_moment_that_is_offered_lies_ahead(minutes):
    here = (NOON + dt.timedelta(minutes=minutes, seconds=59)).astimezone()
    offered = moments(here)
    assert offered[0].label == kept_words.IN_AN_HOUR and all(each.moment > here for each in offered)
    assert len({each.label for each in offered}) == len(offered)

"""How long messages are kept, without a screen: what is offered and to whom, what is told, and what goes."""

import datetime as dt

import flet as ft
import pytest
from app_drawing import draw
from app_examples import BEN, ME, NAMES, NOON, FakeDevice, item, member, moment, outgoing, started, summary
from app_screens import button, said
from hypothesis import given
from hypothesis import strategies as st

from parley_app import kept_words, words
from parley_app.engine import EngineError
from parley_app.kept_words import DAY, HOUR, WEEK, YEAR
from parley_app.main import _screen
from parley_app.model import chats, timeline
from parley_app.model.layers import SetLifetime
from parley_app.model.lifetimes import SPANS, Lifetimes
from parley_app.model.rows import Message, Note, Person
from parley_app.screens.layers import Layers
from parley_contracts.limits import LIFETIME_S_MAX, LIFETIME_S_MIN

ANNA = Person(ME, "anna", own=True)


async def talk(**more):
    device = FakeDevice()
    device.add(summary(**{"may": ["pin", "send", "timer", "retention"]} | more), [item(1)])
    return await started(device, "/chats/talk/details"), device


async def test_the_timer_is_set_from_the_details():
    world, device = await talk()
    row = f"{kept_words.TIMER}, {kept_words.TIMER_OFF}"
    assert row in said(draw(_screen, world.app))
    world.app.lifetimes.begin(None)
    world.app.layers.show(SetLifetime("timer"))
    tree = draw(Layers, world.app)
    assert {kept_words.TIMER_NOTE, kept_words.KEPT_SAME} <= said(tree) and button(tree, kept_words.KEPT_SAME).disabled
    world.app.lifetimes.choose(WEEK)
    press = button(draw(Layers, world.app), "Set to 1 week")
    assert not press.disabled
    press.on_click()
    await world.settle()
    assert device.asked("group.timer") == [{"conversation_id": "talk", "seconds": WEEK}]
    assert world.app.layers.shown is None and world.app.conversation.summary["timer_s"] == WEEK
    tree = draw(_screen, world.app)
    assert {f"{kept_words.TIMER}, After 1 week", kept_words.timer_on(WEEK)} <= said(tree)


async def test_what_is_refused_or_cannot_be_reached_is_said_in_the_dialog():
    world, device = await talk()
    for slug in ("network_error", "policy_refused"):
        device.faults["group.retention"] = EngineError(slug, "no")
        world.app.lifetimes.begin(None)
        world.app.layers.show(SetLifetime("retention"))
        world.app.lifetimes.choose(30 * DAY)
        button(draw(Layers, world.app), "Set to 30 days").on_click()
        await world.settle()
        assert world.app.layers.shown == SetLifetime("retention") and world.app.lifetimes.chosen == 30 * DAY
        assert words.FAULTS[slug] in said(draw(Layers, world.app))
    world.app.lifetimes.choose(YEAR)
    assert world.app.lifetimes.fault == ""


@pytest.mark.parametrize(
    ("more", "may"),
    [({}, True), ({"may": ["send"]}, False), ({"status": "removed"}, False)],
)
async def test_only_who_may_gets_to_the_choice(more, may):
    world, _ = await talk(timer_s=HOUR, **more)
    label = f"{kept_words.TIMER}, After 1 hour"
    rows = [above for control, above in draw(_screen, world.app) if getattr(control, "label", "") == label]
    assert rows and all(any(isinstance(each, ft.TextButton) for each in above) == may for above in rows)


async def test_open_channels_keep_what_is_said():
    world, _ = await talk(kind="open", name="Town")
    assert kept_words.KEPT not in said(draw(_screen, world.app))


# --- what is told


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"timer": {"seconds": WEEK}}, "ben set messages to disappear after 1 week"),
        ({"timer": {"seconds": None}}, "ben turned disappearing messages off"),
        ({"retention": {"seconds": 90 * DAY}}, "ben set the server to keep messages for 90 days"),
        ({"retention": {"seconds": None}}, "ben set the server to keep messages for any time"),
    ],
)
def test_a_change_is_a_line_in_the_conversation_and_the_list(change, sentence):
    told = item(1, "", kind="lifetimes", **change)
    (_, note) = timeline.entries(timeline.Window([told], [], {}, frozenset({BEN}), ANNA), NOON)
    assert note == Note("at-1", sentence, "time")
    assert chats.room(summary(last=told), ANNA, NOON).preview == sentence
    both = item(1, "", kind="members", added=[{"user_id": BEN, "username": NAMES[BEN]}], **change)
    (_, note) = timeline.entries(timeline.Window([both], [], {}, frozenset({BEN}), ANNA), NOON)
    assert note.about == "people" and note.text == f"ben joined. {sentence}"


def test_what_disappears_is_marked_and_says_when():
    rows = [item(1), item(2, expires_at=moment(60)), item(3, by=ME, expires_at=moment(24 * 60))]
    window = timeline.Window(rows, [outgoing("w")], {}, frozenset({BEN}), ANNA, fleeting=True)
    shown = [each for each in timeline.entries(window, NOON.astimezone()) if isinstance(each, Message)]
    clock = f"{(NOON + dt.timedelta(hours=1)).astimezone():%H:%M}"
    assert [each.fleeting for each in shown] == [False, True, True, True]
    assert [each.until[:9] for each in shown] == ["", f"Today, {clock}"[:9], "Tomorrow,", ""]


async def test_a_screen_reader_hears_that_a_message_disappears():
    device = FakeDevice()
    device.add(summary(kind="group", members=[member(ME), member(BEN)]), [item(1, expires_at=moment(60))])
    world = await started(device, "/chats/talk")
    assert any(kept_words.DISAPPEARS in (each or "") for each in said(draw(_screen, world.app)))


# --- lengths of time


@given(st.integers(LIFETIME_S_MIN, LIFETIME_S_MAX))
def test_a_span_says_exactly_how_long(seconds):
    count, unit = kept_words.span(seconds).split()
    units = {"minute": 60, "hour": HOUR, "day": DAY, "week": WEEK, "year": YEAR, "second": 1}
    assert int(count) * units[unit.removesuffix("s")] == seconds and unit.endswith("s") == (int(count) != 1)


@pytest.mark.parametrize("lifetime", ["timer", "retention"])
@given(holds=st.none() | st.integers(LIFETIME_S_MIN, LIFETIME_S_MAX))
def test_what_holds_can_be_kept_and_everything_offered_can_be_set(lifetime, holds):
    offered = Lifetimes(FakeDevice()).choices(lifetime, holds)
    assert holds in offered and offered[0] is None and set(SPANS[lifetime]) <= set(offered)
    assert list(offered[1:]) == sorted({*offered[1:]})
    assert all(LIFETIME_S_MIN <= each <= LIFETIME_S_MAX for each in offered if each is not None)

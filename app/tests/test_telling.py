"""What the server tells its people: announcements that can be put away, and terms before everything else."""

import pytest
from app_drawing import draw
from app_examples import FakeDevice, item, started, summary
from app_screens import press, said
from test_names import nameless

from parley_app import profile_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import telling
from parley_app.model.layers import Question
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT

WIDTHS = (390.0, 820.0, 1440.0)
SUNDAY, MONDAY = "We move on Sunday.", "We have moved."


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(telling, "LOAD_PAUSE_S", 0)


async def told(*texts, terms=(), route="/chats"):
    device = FakeDevice()
    device.announcements, device.terms = list(texts), list(terms)
    device.add(summary(), [item(1)])
    return await started(device, route), device


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("route", ["/chats", "/chats/talk", ACCOUNT])
async def test_an_announcement_stands_above_everything(route, width):
    world, _ = await told(SUNDAY, route=route)
    tree = draw(_screen, world.app, width=width)
    assert SUNDAY in said(tree) and nameless(tree) == []


async def test_it_is_put_away_for_good_and_the_next_one_comes():
    world, device = await told(MONDAY, SUNDAY)
    assert MONDAY in said(draw(_screen, world.app)) and SUNDAY not in said(draw(_screen, world.app))
    await press(world, profile_words.PUT_AWAY)
    assert SUNDAY in said(draw(_screen, world.app))
    await press(world, profile_words.PUT_AWAY)
    assert not {SUNDAY, MONDAY, profile_words.PUT_AWAY} & said(draw(_screen, world.app))
    again = await started(device)
    assert not {SUNDAY, MONDAY} & said(draw(_screen, again.app))
    assert device.preferences["theme"] == "system"


async def test_one_that_has_ended_is_not_shown_even_where_nobody_has_asked_since():
    world, device = await told()
    device.announcements, device.ends_at = [SUNDAY], "2020-01-01T00:00:00Z"
    await world.app.telling.load()
    assert SUNDAY not in said(draw(_screen, world.app))


async def test_what_is_new_is_heard_when_a_conversation_is_opened():
    world, device = await told()
    device.announcements.append(SUNDAY)
    assert SUNDAY not in said(draw(_screen, world.app))
    world.app.open("talk")
    await world.settle()
    assert SUNDAY in said(draw(_screen, world.app))


async def test_it_is_asked_for_at_most_so_often(monkeypatch):
    monkeypatch.setattr(telling, "LOAD_PAUSE_S", 900)
    world, device = await told()
    before = len(device.asked("announcements"))
    for _ in range(3):
        world.app.look_around()
        await world.settle()
    assert len(device.asked("announcements")) == before
    device.faults["announcements"] = EngineError("network_error", "no answer")
    world.app.telling.clear()
    for _ in range(2):  # what failed is asked for with the next occasion
        world.app.look_around()
        await world.settle()
    assert len(device.asked("announcements")) == before + 2


@pytest.mark.parametrize("width", WIDTHS)
async def test_terms_stand_before_everything_until_they_are_agreed_to(width):
    world, device = await told(terms=["Be kind."], route="/chats/talk")
    tree = draw(_screen, world.app, width=width)
    assert {profile_words.TERMS_TITLE, "Be kind.", profile_words.terms_lead(changed=False)} <= said(tree)
    assert nameless(tree) == [] and words.SETTINGS not in said(tree)
    await press(world, profile_words.AGREE)
    assert device.agreed == 1 and "Be kind." not in said(draw(_screen, world.app, width=width))
    assert world.app.route == "/chats/talk"


async def test_newer_terms_take_the_place_of_those_that_were_shown():
    world, device = await told(terms=["Be kind."])
    device.terms.append("Be kinder.")
    await press(world, profile_words.AGREE)
    assert device.agreed == 0 and {"Be kinder.", profile_words.terms_lead(changed=False)} <= said(
        draw(_screen, world.app)
    )
    await press(world, profile_words.AGREE)
    assert device.agreed == 2 and world.app.telling.due is None


async def test_terms_that_changed_since_one_agreed_say_so():
    device = FakeDevice()
    device.terms, device.agreed = ["Be kind.", "Be kinder."], 1
    world = await started(device)
    assert {"Be kinder.", profile_words.terms_lead(changed=True)} <= said(draw(_screen, world.app))


async def test_terms_that_were_withdrawn_meanwhile_are_gone():
    world, device = await told(terms=["Be kind."])
    device.terms.clear()
    device.faults["account.agree"] = EngineError("not_found", "none")
    await press(world, profile_words.AGREE)
    assert world.app.telling.due is None


async def test_what_does_not_reach_the_server_is_said():
    world, device = await told(terms=["Be kind."])
    device.faults["account.agree"] = EngineError("network_error", "no answer")
    await press(world, profile_words.AGREE)
    assert words.FAULTS["network_error"] in said(draw(_screen, world.app)) and world.app.telling.due is not None


async def test_who_does_not_agree_signs_out():
    world, device = await told(terms=["Be kind."])
    await press(world, words.LOG_OUT)
    assert isinstance(world.app.layers.shown, Question)
    await press(world, words.LOG_OUT_BUTTON, Layers)
    assert not device.signed_in and world.app.telling.due is None
    assert "Be kind." not in said(draw(_screen, world.app))

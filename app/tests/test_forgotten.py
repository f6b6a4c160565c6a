"""A forgotten password: what a new one does not open is said first, and then the letter's code sets it."""

import pytest
from app_account import LETTER_CODE
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import button, enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes

NEW = "another orchard ferry"


def screen(world, width=1440.0):
    return said(draw(_screen, world.app, width=width))


async def begun(route=routes.SIGN_IN):
    return await started(FakeDevice(signed_in=False), route)


async def test_a_letter_is_asked_for_and_its_code_sets_the_password():
    world = await begun()
    await press(world, account_words.FORGOT)
    assert world.app.route == routes.FORGOT and account_words.RESET_WARNING in screen(world)
    await press(world, account_words.FORGOT_BUTTON)
    assert words.MISSING in screen(world) and not world.device.letters
    await enter(world, words.EMAIL, " anna@parley.test ")
    assert world.device.letters == ["anna@parley.test"] and world.app.route == routes.RESET
    now = screen(world)
    assert {account_words.letter_may_come("anna@parley.test"), account_words.RESET_WARNING_TEXT} <= now
    world.app.session.forgotten.fill("code", f" {LETTER_CODE} ")
    await enter(world, account_words.PASSWORD_NEW, NEW)
    assert world.device.password == NEW and world.app.route == routes.SIGN_IN
    assert account_words.RESET_DONE in screen(world)
    assert not world.app.session.forgotten["new"] and not world.app.session.forgotten["code"]


async def test_who_has_a_code_goes_straight_to_it():
    world = await begun(routes.FORGOT)
    await press(world, account_words.HAVE_CODE)
    assert world.app.route == routes.RESET and account_words.RESET_WARNING in screen(world)
    button(draw(_screen, world.app), words.BACK).on_click()
    assert world.app.route == routes.FORGOT


@pytest.mark.parametrize(
    ("slug", "name", "sentence"),
    [
        ("wrong_code", "code", account_words.LETTER_CODE_WRONG),
        ("weak_password", "new", "Guessed first."),
        ("rate_limited", "", words.FAULTS["rate_limited"]),
    ],
)
async def test_what_is_refused_is_said_where_it_belongs(slug, name, sentence):
    world = await begun(routes.RESET)
    form = world.app.session.forgotten
    await press(world, account_words.RESET_BUTTON)
    assert form.faults == {"code": words.MISSING, "new": words.MISSING}
    form.fill("code", LETTER_CODE)
    await enter(world, account_words.PASSWORD_NEW, "short")
    assert form.faults == {"new": words.PASSWORD_SHORT} and not world.device.asked("account.reset")
    world.device.faults["account.reset"] = EngineError(slug, "guessed first")
    await enter(world, account_words.PASSWORD_NEW, NEW)
    assert (form.faults.get(name) if name else form.fault) == sentence
    assert sentence in screen(world) and world.app.route == routes.RESET and form["new"] == NEW


@pytest.mark.parametrize("width", [390.0, 1440.0])
@pytest.mark.parametrize("route", [routes.FORGOT, routes.RESET])
async def test_every_part_of_it_has_names(route, width):
    world = await begun(route)
    tree = draw(_screen, world.app, width=width)
    assert nameless(tree) == [] and uncallable(tree) == []

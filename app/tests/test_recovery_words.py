"""Another recovery key, and recovery words: drawn by the recovery key, shown once, gone with it."""

import pytest
from app_account import PASSWORD, RECOVERY_WORDS
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, recovery_words, words
from parley_app.main import _screen
from parley_app.model import gating as routes
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT
from parley_app.screens.settings_page import NEW_RECOVERY_KEY as NEW_KEY
from parley_app.screens.settings_page import RECOVERY_WORDS as PAGE


def screen(world):
    return said(draw(_screen, world.app))


async def at_the_page(*, there=False, recent=True):
    device = FakeDevice()
    device.profile["has_recovery_words"], device.recent = there, recent
    world = await started(device, PAGE)
    await world.app.session.security.recovery_words.load()
    return world


async def test_the_account_leads_to_them():
    world = await started(FakeDevice(), ACCOUNT)
    await press(world, f"{recovery_words.WORDS}, {recovery_words.WORDS_DETAIL}")
    assert world.app.route == PAGE


@pytest.mark.parametrize("width", [390.0, 1440.0])
@pytest.mark.parametrize("there", [False, True])
async def test_everything_on_the_page_has_a_name(there, width):
    world = await at_the_page(there=there)
    tree = draw(_screen, world.app, width=width)
    assert (recovery_words.THERE if there else recovery_words.NONE) in said(tree)
    assert (recovery_words.REMOVE in said(tree)) == there
    assert nameless(tree) == [] and uncallable(tree) == []


async def test_words_are_drawn_shown_once_and_known():
    world = await at_the_page()
    await enter(world, recovery_words.KEY, " PARLEY-KEY ")
    form = world.app.session.security.recovery_words
    assert RECOVERY_WORDS in screen(world) and form["recovery_key"] == ""
    await press(world, recovery_words.KNOWN)
    assert RECOVERY_WORDS not in screen(world) and recovery_words.THERE in screen(world) and form.drawn == ""


async def test_another_key_is_refused_at_its_field():
    world = await at_the_page()
    await enter(world, recovery_words.KEY, "PARLEY-OTHER")
    assert list(world.app.session.security.recovery_words.faults) == ["recovery_key"]
    await enter(world, recovery_words.KEY, " ")
    assert words.MISSING in screen(world)


async def test_who_signed_in_long_ago_gives_the_password_first():
    world = await at_the_page(recent=False)
    await enter(world, recovery_words.KEY, "PARLEY-KEY")
    assert account_words.AGAIN_TITLE in said(draw(Layers, world.app))
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert RECOVERY_WORDS in screen(world)


async def test_they_go_with_the_recovery_key_that_they_stand_for():
    world = await at_the_page(there=True)
    await press(world, recovery_words.REMOVE)
    assert world.app.route == NEW_KEY
    await enter(world, recovery_words.KEY, "PARLEY-OTHER")
    assert list(world.app.session.security.new_recovery_key.faults) == ["recovery_key"]
    await enter(world, recovery_words.KEY, " PARLEY-KEY ")
    assert world.device.profile["has_recovery_words"] is False
    assert (world.app.session.phase, world.app.route) == ("keeping_key", routes.KEY)
    assert world.app.session.security.new_recovery_key["recovery_key"] == ""
    world.app.session.confirmation.fill("last_group", "2e0f")
    await world.app.confirm_key()
    assert (world.app.session.phase, world.device.recovery_key) == ("signed_in", None)


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_everything_about_another_key_has_a_name(width):
    world = await started(FakeDevice(), ACCOUNT)
    await press(world, f"{recovery_words.NEW_KEY}, {recovery_words.NEW_KEY_DETAIL}")
    tree = draw(_screen, world.app, width=width)
    assert world.app.route == NEW_KEY and recovery_words.NEW_KEY_TEXT in said(tree)
    assert nameless(tree) == [] and uncallable(tree) == []
    await enter(world, recovery_words.KEY, " ")
    assert words.MISSING in screen(world)

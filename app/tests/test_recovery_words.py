"""Recovery words: drawn by the recovery key, shown once, removed."""

import pytest
from app_account import PASSWORD, RECOVERY_WORDS
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, recovery_words, words
from parley_app.main import _screen
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT
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


async def test_they_are_removed():
    world = await at_the_page(there=True)
    await press(world, recovery_words.REMOVE)
    assert {recovery_words.REMOVED, recovery_words.NONE} <= screen(world)
    assert world.device.profile["has_recovery_words"] is False

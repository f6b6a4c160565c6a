"""The account as a whole: letting it go, and how those are shown who are gone."""

from app_account import PASSWORD
from app_drawing import draw
from app_examples import BEN, ME, FakeDevice, started, summary
from app_examples import member as person
from app_screens import enter, press, said

from parley_app import rights_words, words
from parley_app.main import _screen
from parley_app.model.layers import SignInAgain
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import OWN_DATA
from parley_contracts.rights_api import DELETED_USERNAME


async def shown(*, recent=True):
    device = FakeDevice()
    device.recent = recent
    return await started(device, OWN_DATA)


def screen(world):
    return said(draw(_screen, world.app))


async def test_the_account_goes_once_that_was_confirmed():
    world = await shown()
    await press(world, rights_words.DELETE_BUTTON)
    assert rights_words.DELETE_ASK in said(draw(Layers, world.app))
    await press(world, words.CANCEL, Layers)
    assert not world.device.asked("account.delete")
    await press(world, rights_words.DELETE_BUTTON)
    await press(world, rights_words.DELETE_BUTTON, Layers)
    assert len(world.device.asked("account.delete")) == 1
    assert world.app.session.phase == "signed_out"
    assert world.app.session.farewell.startswith("Your account is deleted on ")
    assert "11 December" in world.app.session.farewell
    assert world.app.session.farewell in screen(world)


async def test_the_password_is_asked_for_first_where_the_sign_in_is_old():
    world = await shown(recent=False)
    await press(world, rights_words.DELETE_BUTTON)
    await press(world, rights_words.DELETE_BUTTON, Layers)
    assert world.app.layers.shown == SignInAgain() and world.app.session.phase == "signed_in"
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert world.app.session.phase == "signed_out"


async def test_a_direct_conversation_says_that_the_person_is_gone():
    device = FakeDevice()
    device.add(summary("talk", members=[person(ME), person(BEN) | {"username": DELETED_USERNAME}]))
    world = await started(device, "/chats/talk")
    now = screen(world)
    assert {rights_words.DELETED, rights_words.GONE} <= now and DELETED_USERNAME not in now
    assert world.device.asked("profiles") == [{"user_ids": [BEN]}]


async def test_who_is_here_is_written_to():
    device = FakeDevice()
    device.add(summary("talk"))
    world = await started(device, "/chats/talk")
    assert rights_words.GONE not in screen(world)

"""Signing up where the server takes only people who confirmed their address: the first letter's code is asked for."""

import pytest
from app_account import LETTER_CODE
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes


class StrictDevice(FakeDevice):
    """A device whose server takes nobody before the address is confirmed."""

    def __init__(self):
        super().__init__(signed_in=False)
        self.unfinished = False

    def _session(self):
        begun = {"unfinished": self.unfinished, "username": "anna", "server": "https://parley.test"}
        return super()._session() | (begun if self.unfinished else {})

    def _register(self, **given):
        if not self.profile["email_verified"]:
            self.unfinished = True
            self.letters.append(self.profile["email"])
            raise EngineError("email_unverified", "confirm it")
        self.unfinished = False
        return super()._register(**given)

    def _logout(self):
        self.unfinished = False


def screen(world, width=1440.0):
    return said(draw(_screen, world.app, width=width))


async def before_the_code():
    world = await started(StrictDevice(), routes.SIGN_UP)
    given = {"username": "anna", "email": "anna@old.test", "password": "correct horse battery"}
    for name, value in given.items():
        world.app.session.sign_up.fill(name, value)
    await press(world, words.SIGN_UP_BUTTON)
    assert world.app.route == routes.CONFIRM
    await world.app.confirm_sign_up(load=True)
    return world


async def test_the_code_is_asked_for_and_then_the_sign_up_goes_on():
    world = await before_the_code()
    now = screen(world)
    assert {account_words.CONFIRM_TITLE, account_words.letter_went("anna@old.test")} <= now
    assert words.FAULTS["email_unverified"] not in now, "nothing is wrong yet"
    await enter(world, account_words.EMAIL_CODE, "WRONG")
    assert words.FAULTS["wrong_code"] in screen(world) and world.app.route == routes.CONFIRM
    await enter(world, account_words.EMAIL_CODE, LETTER_CODE)
    assert world.app.route == routes.KEY and world.app.session.recovery_key
    assert not world.app.session.sign_up["password"]


async def test_another_letter_is_sent():
    world = await before_the_code()
    await press(world, account_words.EMAIL_SEND_AGAIN)
    assert world.device.letters == ["anna@old.test"] * 2


async def test_it_goes_on_after_a_reload_and_also_where_the_code_was_given_already():
    device = StrictDevice()
    device.unfinished = True
    world = await started(device, "/chats")
    assert world.app.route == routes.WELCOME
    device.profile["email_verified"] = True
    await press(world, account_words.GO_ON)
    assert world.app.route == routes.CONFIRM
    await world.app.confirm_sign_up(load=True)
    assert world.app.route == routes.KEY
    assert device.asked("register")[-1]["username"] == "anna"


async def test_whoever_gives_up_begins_with_another_account():
    world = await before_the_code()
    world.device.faults["logout"] = EngineError("network_error", "away")
    await press(world, account_words.GIVE_UP)
    assert words.FAULTS["network_error"] in screen(world) and world.app.route == routes.CONFIRM
    del world.device.faults["logout"]
    await press(world, account_words.GIVE_UP)
    assert world.app.route == routes.WELCOME and words.CREATE_ACCOUNT in screen(world)
    world.app.go(routes.CONFIRM)
    assert world.app.route == routes.WELCOME, "there is nothing to confirm"


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_every_part_of_it_has_names(width):
    world = await before_the_code()
    tree = draw(_screen, world.app, width=width)
    assert nameless(tree) == [] and uncallable(tree) == []

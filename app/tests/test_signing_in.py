"""The second step of signing in: asked for where the account has one, refused in sentences, and gone once somebody is in."""

import flet as ft
import pytest
from app_drawing import draw
from app_examples import FakeDevice, started, summary
from app_screens import button, said
from test_names import nameless, uncallable

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes

GIVEN = {
    "server": "https://parley.test",
    "username": "anna",
    "password": "long enough words",
    "recovery_key": "PARLEY-A",
}


class GuardedDevice(FakeDevice):
    """A device whose account asks for a code, and takes one of them."""

    def __init__(self):
        super().__init__(signed_in=False)
        self.add(summary())

    def _login(self, **given):
        if given["code"] is None:
            raise EngineError("second_factor_required", "give a code")
        if given["code"] != "123456":
            raise EngineError("wrong_code", "no")
        return super()._login(**given)


async def asked():
    """Somebody who gave name, password and recovery key, and stands before the code."""
    world = await started(GuardedDevice())
    for name, value in GIVEN.items():
        world.app.session.sign_in.fill(name, value)
    await world.app.restore()
    return world


def field(tree):
    return next(control for control, _ in tree if isinstance(control, ft.TextField))


async def test_a_code_is_asked_for_and_lets_somebody_in():
    world = await asked()
    form = world.app.session.sign_in
    assert world.app.route == routes.CODE and form.fault == "" and form.faults == {}
    box = field(draw(_screen, world.app))
    assert box.autofocus
    box.value = " 123 456 "
    box.on_change(ft.Event("change", box))
    box.on_submit(None)
    await world.settle()
    assert world.app.route == routes.CHATS and world.app.chats.summaries
    given = world.device.asked("login")
    assert [each["code"] for each in given] == [None, "123456"]
    assert all(each["password"] == GIVEN["password"] and each["recovery_key"] == "PARLEY-A" for each in given)
    assert not any(form[name] for name in ("password", "recovery_key", "code"))


async def test_without_a_second_factor_nothing_is_asked():
    world = await started(FakeDevice(signed_in=False))
    for name, value in GIVEN.items():
        world.app.session.sign_in.fill(name, value)
    await world.app.restore()
    assert world.app.route == routes.CHATS and len(world.device.asked("login")) == 1


@pytest.mark.parametrize("width", [390.0, 820.0, 1440.0])
async def test_the_step_has_names_and_says_what_is_wrong_with_a_code(width):
    world = await asked()
    form = world.app.session.sign_in
    tree = draw(_screen, world.app, width=width)
    assert nameless(tree) == [] and uncallable(tree) == []
    assert {account_words.CODE_TITLE, account_words.CODE_FIELD, account_words.CODE_HELP} <= said(tree)
    button(tree, account_words.CODE_BUTTON).on_click()
    await world.settle()
    assert form.faults == {"code": words.MISSING} and len(world.device.asked("login")) == 1
    form.fill("code", "654321")
    button(draw(_screen, world.app, width=width), account_words.CODE_BUTTON).on_click()
    await world.settle()
    tree = draw(_screen, world.app, width=width)
    assert world.app.route == routes.CODE and account_words.CODE_WRONG in said(tree) and nameless(tree) == []
    assert form["code"] == "654321" and account_words.CODE_HELP not in said(tree)


@pytest.mark.parametrize("slug", ["rate_limited", "network_error", "unavailable"])
async def test_what_is_not_about_the_code_is_said_and_the_step_stays(slug):
    world = await asked()
    world.device.faults["login"] = EngineError(slug, "no")
    world.app.session.sign_in.fill("code", "123456")
    await world.app.give_code()
    tree = draw(_screen, world.app)
    assert world.app.route == routes.CODE and words.FAULTS[slug] in said(tree)
    assert any(isinstance(c, ft.Semantics) and c.live_region for c, _ in tree)
    del world.device.faults["login"]
    await world.app.give_code()
    assert world.app.route == routes.CHATS


@pytest.mark.parametrize(
    ("slug", "route", "sentence"),
    [
        ("unauthenticated", routes.SIGN_IN, account_words.SIGN_IN_ENDED),
        ("wrong_credentials", routes.SIGN_IN, words.FAULTS["wrong_credentials"]),
        ("recovery_key_refused", routes.RESTORE, words.FAULTS["recovery_key_refused"]),
        ("recovery_key_required", routes.RESTORE, words.FAULTS["recovery_key_required"]),
    ],
)
async def test_what_concerns_an_earlier_step_leads_back_to_it(slug, route, sentence):
    world = await asked()
    world.device.faults["login"] = EngineError(slug, "no")
    world.app.session.sign_in.fill("code", "123456")
    await world.app.give_code()
    assert world.app.route == route and sentence in said(draw(_screen, world.app))
    del world.device.faults["login"]
    world.app.go(routes.RESTORE)
    await world.app.restore()  # the code was used up: it is not sent again, but asked for
    assert world.device.asked("login")[-1]["code"] is None
    assert world.app.route == routes.CODE and field(draw(_screen, world.app)).value == ""


async def test_nobody_stands_before_a_code_that_was_not_asked_for():
    world = await started(GuardedDevice(), routes.CODE)
    assert world.app.route == routes.SIGN_IN
    world = await asked()
    back = next(c for c, _ in draw(_screen, world.app) if isinstance(c, ft.IconButton) and c.tooltip == words.BACK)
    back.on_click()
    assert world.app.route == routes.RESTORE

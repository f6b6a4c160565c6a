"""One's own second step: switched on by a first code, with recovery codes that are shown once, made anew, and switched off."""

import pytest
from app_account import CODE, PASSWORD
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import button, enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model.layers import SignInAgain
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import SECOND_STEP

SINCE = "2026-11-01T09:00:00Z"


async def shown(**factors):
    device = FakeDevice()
    device.factors |= factors
    world = await started(device, SECOND_STEP)
    await world.app.session.security.factors.load()
    return world


def screen(world):
    return said(draw(_screen, world.app))


async def test_an_authenticator_app_is_set_up():
    world = await shown()
    assert account_words.STEP_OFF in screen(world) and account_words.CODES_NEW not in screen(world)
    await press(world, account_words.STEP_SET_UP)
    assert {"JBSW Y3DP EHPK 3PXP", account_words.STEP_QR} <= screen(world)
    await press(world, account_words.STEP_ON_BUTTON)
    assert words.MISSING in screen(world) and not world.device.asked("account.totp.confirm")
    await enter(world, account_words.STEP_CODE, "654321")
    assert account_words.CODE_WRONG_FIRST in screen(world) and "JBSW Y3DP EHPK 3PXP" in screen(world)
    await enter(world, account_words.STEP_CODE, "123 456")
    assert world.device.asked("account.totp.confirm")[-1] == {"setup": "signed", "code": CODE}
    assert {"10000001\n20000001", account_words.CODES_TITLE} <= screen(world)
    await press(world, account_words.CODES_KEPT)
    now = screen(world)
    assert {account_words.codes_left(2), account_words.STEP_OFF_BUTTON, account_words.CODES_NEW} <= now
    assert account_words.STEP_SET_UP not in now and "10000001\n20000001" not in now
    assert not world.app.session.security.factors.secret


async def test_recovery_codes_are_made_anew_once_that_was_confirmed():
    world = await shown(totp_since=SINCE, recovery_codes_left=1)
    assert account_words.codes_left(1) in screen(world)
    await press(world, account_words.CODES_NEW)
    assert account_words.CODES_NEW_TEXT in said(draw(Layers, world.app))
    assert not world.device.asked("account.recovery_codes")
    await press(world, account_words.CODES_NEW, Layers)
    assert "10000001\n20000001" in screen(world)
    await press(world, account_words.CODES_KEPT)
    assert account_words.codes_left(2) in screen(world)


async def test_the_second_step_is_switched_off_once_that_was_confirmed():
    world = await shown(totp_since=SINCE, recovery_codes_left=1)
    world.device.recent = False
    await press(world, account_words.STEP_OFF_BUTTON)
    await press(world, words.CANCEL, Layers)
    assert not world.device.asked("account.totp.remove")
    await press(world, account_words.STEP_OFF_BUTTON)
    await press(world, account_words.STEP_OFF_BUTTON, Layers)
    assert world.app.layers.shown == SignInAgain() and world.device.factors["totp_since"] == SINCE
    world.app.session.security.again.fill("password", PASSWORD)
    await enter(world, account_words.AGAIN_CODE, CODE, Layers)
    assert world.app.layers.shown is None and account_words.STEP_OFF in screen(world)


async def test_passkeys_alone_are_a_second_step_too():
    world = await shown(passkeys=[{"number": 1}], recovery_codes_left=3)
    now = screen(world)
    assert {account_words.PASSKEYS, account_words.codes_left(3), account_words.STEP_SET_UP} <= now
    assert account_words.STEP_OFF not in now and account_words.STEP_OFF_BUTTON not in now


@pytest.mark.parametrize("method", ["account.totp.begin", "account.recovery_codes", "account.factors"])
async def test_what_fails_is_said(method):
    world = await shown(passkeys=[{"number": 1}])
    world.device.faults[method] = EngineError("network_error", "away")
    security = world.app.session.security
    if method == "account.recovery_codes":
        await security.factors.renew()
    else:
        await (security.factors.begin() if method.endswith("begin") else security.factors.load())
    assert words.FAULTS["network_error"] in screen(world) and not security.factors.codes
    del world.device.faults[method]
    await press(world, account_words.STEP_SET_UP)
    assert words.FAULTS["network_error"] not in screen(world)


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_every_part_of_it_has_names(width):
    world = await shown(totp_since=SINCE)
    factors = world.app.session.security.factors
    for secret, codes in (("", ["1"]), ("JBSW", []), ("", [])):
        factors.secret, factors.url, factors.codes = secret, "otpauth://totp/anna", codes
        tree = draw(_screen, world.app, width=width)
        assert nameless(tree) == [] and uncallable(tree) == []
    button(tree, account_words.STEP_OFF_BUTTON)


async def test_what_was_shown_once_can_be_forgotten():
    world = await shown()
    factors = world.app.session.security.factors
    await press(world, account_words.STEP_SET_UP)
    factors.codes = ["1"]
    factors.forget_secrets()
    assert factors.secret == "" and factors.codes == []
    assert "JBSW Y3DP EHPK 3PXP" not in screen(world)

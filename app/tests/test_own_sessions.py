"""Where one is signed in: this device first, and signing out the others, one or all, once that was confirmed."""

from app_account import PASSWORD
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import enter, press, said

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model.layers import SignInAgain
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import OWN_SESSIONS

PHONE = account_words.sign_out("Phone")


async def shown(*, recent=True):
    device = FakeDevice()
    device.recent = recent
    device.sessions.reverse()
    world = await started(device, OWN_SESSIONS)
    await world.app.session.security.sessions.load()
    return world


def screen(world):
    return said(draw(_screen, world.app))


async def test_this_device_stands_first_and_cannot_be_signed_out_here():
    world = await shown()
    assert [each["session_id"] for each in world.app.session.security.sessions.sessions] == ["here", "new", "phone"]
    now = screen(world)
    assert {"Firefox", "Phone", account_words.SESSION_HERE, account_words.SESSION_UNNAMED, PHONE} <= now
    assert account_words.sign_out("Firefox") not in now and account_words.signed_in(3) in now


async def test_one_is_signed_out():
    world = await shown()
    await press(world, PHONE)
    assert account_words.sign_out_title("Phone") in said(draw(Layers, world.app))
    await press(world, words.CANCEL, Layers)
    assert "Phone" in screen(world) and not world.device.asked("account.session.end")
    await press(world, PHONE)
    await press(world, account_words.SIGN_OUT, Layers)
    assert world.device.asked("account.session.end") == [{"session_id": "phone"}]
    assert "Phone" not in screen(world) and account_words.signed_in(2) in screen(world)


async def test_all_others_are_signed_out_after_the_password():
    world = await shown(recent=False)
    await press(world, account_words.SIGN_OUT_OTHERS)
    await press(world, account_words.SIGN_OUT_OTHERS, Layers)
    assert world.app.layers.shown == SignInAgain() and len(world.device.sessions) == 3
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    now = screen(world)
    assert account_words.signed_in(1) in now and account_words.SIGN_OUT_OTHERS not in now


async def test_what_fails_is_said():
    device = FakeDevice()
    device.faults["account.sessions"] = EngineError("network_error", "away")
    world = await started(device, OWN_SESSIONS)
    await world.app.session.security.sessions.load()
    assert words.FAULTS["network_error"] in screen(world)
    del device.faults["account.sessions"]
    await press(world, words.TRY_AGAIN)
    assert "Phone" in screen(world)
    device.faults["account.session.end"] = EngineError("rate_limited", "slowly")
    await press(world, PHONE)
    await press(world, account_words.SIGN_OUT, Layers)
    assert {words.FAULTS["rate_limited"], "Phone"} <= screen(world)


async def test_the_last_sign_ins_are_listed_and_new_ones_marked():
    world = await shown()
    now = screen(world)
    assert {account_words.SIGN_INS, "Edge on Windows", "Another program", account_words.SIGN_IN_NEW} <= now
    world.device.sign_ins = [each | {"is_new": False} for each in world.device.sign_ins]
    await world.app.session.security.sessions.load()
    assert account_words.SIGN_IN_NEW not in screen(world)
    world.device.sign_ins = []
    await world.app.session.security.sessions.load()
    assert account_words.SIGN_INS not in screen(world)

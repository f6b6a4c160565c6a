"""Linking a device, on either side, and locking a lost one out: what people read and press, and what goes wrong."""

import asyncio

import flet.canvas as cv
import pytest
from app_account import NEW_DIGITS, OLD_DIGITS, PASSWORD
from app_drawing import draw
from app_examples import FakeDevice, started, summary
from app_screens import button, enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, device_words, words
from parley_app.components.qr_code import modules, runs
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model.layers import SignInAgain
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import LINK_OTHER, LOCK_OUT, OWN_SESSIONS

GIVEN = {"server": "https://parley.test", "username": "anna", "password": PASSWORD}
ACCOUNT = {"server": "https://parley.test", "ca_file": None, "username": "anna", "password": PASSWORD}


def screen(world):
    return said(draw(_screen, world.app))


async def at_the_gate(**faults):
    device = FakeDevice(signed_in=False)
    device.add(summary())
    device.faults |= faults
    world = await started(device)
    for name, value in GIVEN.items():
        world.app.session.sign_in.fill(name, value)
    world.app.go(routes.RESTORE)
    await press(world, device_words.OTHER_DEVICE)
    assert world.app.route == routes.LINK
    return world


async def linking(*, recent=True):
    device = FakeDevice()
    device.recent = recent
    world = await started(device, LINK_OTHER)
    await world.app.session.security.linking.look()
    return world


# --- the new device


async def test_a_new_device_shows_its_digits_and_takes_those_of_the_other():
    world = await at_the_gate()
    await press(world, device_words.HERE_BEGIN)
    assert world.device.asked("link.ask") == [ACCOUNT | {"code": None}]
    tree = draw(_screen, world.app)
    assert f"{device_words.HERE_CODE}: 111 222" in said(tree) and nameless(tree) == [] and uncallable(tree) == []
    await enter(world, device_words.HERE_ANSWER, OLD_DIGITS)
    assert world.app.route == routes.CHATS and world.app.chats.summaries
    form = world.app.session.link
    assert (form.stage, form.digits, form["answer"], world.app.session.sign_in["password"]) == ("begin", "", "", "")


async def test_wrong_digits_on_the_new_device_begin_anew():
    world = await at_the_gate()
    await press(world, device_words.HERE_BEGIN)
    await enter(world, device_words.HERE_ANSWER, "999999")
    assert {device_words.LINK_REFUSED, device_words.HERE_BEGIN} <= screen(world)
    assert world.app.route == routes.LINK and world.app.session.phase == "signed_out"


async def test_a_scanned_text_lets_a_new_device_in():
    world = await at_the_gate()
    await enter(world, device_words.HERE_SCANNED, "nonsense")
    assert "This is no code for linking a device." in screen(world)
    await enter(world, device_words.HERE_SCANNED, "PARLEY LINK ABC")
    assert world.app.route == routes.CHATS
    assert world.device.asked("link.scan")[-1] == ACCOUNT | {"code": None, "text": "PARLEY LINK ABC"}


async def test_a_second_step_is_asked_for_first():
    world = await at_the_gate()
    world.device.faults["link.ask"] = EngineError("second_factor_required", "a code")
    await press(world, device_words.HERE_BEGIN)
    assert account_words.CODE_FIELD in screen(world) and device_words.LINK_OVER not in screen(world)
    del world.device.faults["link.ask"]
    await enter(world, account_words.CODE_FIELD, "123 456")
    assert world.device.asked("link.ask")[-1]["code"] == "123456"
    assert f"{device_words.HERE_CODE}: 111 222" in screen(world)


@pytest.mark.parametrize(
    ("method", "slug", "sentence"),
    [
        ("link.ask", "wrong_credentials", words.FAULTS["wrong_credentials"]),
        ("link.ask", "network_error", words.FAULTS["network_error"]),
        ("link.digits", "link_over", device_words.LINK_OVER),
        ("link.finish", "untrusted_identity", words.FAULTS["untrusted_identity"]),
    ],
)
async def test_what_fails_on_the_new_device_is_said_and_one_begins_anew(method, slug, sentence):
    world = await at_the_gate(**{method: EngineError(slug, "no")})
    await press(world, device_words.HERE_BEGIN)
    if method == "link.finish":
        await enter(world, device_words.HERE_ANSWER, OLD_DIGITS)
    assert {sentence, device_words.HERE_BEGIN} <= screen(world)


async def test_leaving_ends_what_was_begun():
    world = await at_the_gate()
    await press(world, device_words.HERE_BEGIN)
    await press(world, words.BACK)
    assert world.app.route == routes.RESTORE and world.device.asked("link.cancel") == [{}]
    assert world.app.session.link.stage == "begin"


# --- the old device


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_a_device_that_waits_is_linked_by_its_digits(width):
    world = await linking()
    tree = draw(_screen, world.app, width=width)
    assert {"Tablet", device_words.LINK_WARNING} <= said(tree) and nameless(tree) == [] and uncallable(tree) == []
    await press(world, device_words.link_it("Tablet"))
    assert world.device.asked("link.answer") == [{"link_id": "one"}]
    await enter(world, device_words.LINK_DIGITS, NEW_DIGITS)
    assert world.device.linked == ["Tablet"]
    assert f"{device_words.LINK_CODE}: 333 444" in said(draw(_screen, world.app, width=width))


async def at_its_digits():
    """The page that shows our digits, and its waiting for the device into which they are typed."""
    world = await linking()
    await press(world, device_words.link_it("Tablet"))
    await enter(world, device_words.LINK_DIGITS, NEW_DIGITS)
    waiting = asyncio.ensure_future(world.app.session.security.linking.joined())
    await asyncio.sleep(0)
    assert f"{device_words.LINK_CODE}: 333 444" in screen(world)
    return world, waiting


async def test_the_digits_go_once_the_new_device_has_joined():
    world, waiting = await at_its_digits()
    world.device.joined.set()
    await waiting
    assert device_words.LINK_DONE in screen(world) and f"{device_words.LINK_CODE}: 333 444" not in screen(world)


async def test_a_device_that_does_not_join_is_told_of():
    world, waiting = await at_its_digits()
    world.device.faults["link.joined"] = EngineError("link_over", "over")
    await world.app.session.security.linking.joined()
    assert {device_words.LINK_OVER, device_words.LINK_SHOW} <= screen(world)
    # Whoever waited in vain before hears nothing of it any more.
    world.device.joined.set()
    await waiting
    assert device_words.LINK_OVER in screen(world) and device_words.LINK_DONE not in screen(world)


async def test_wrong_digits_link_nothing():
    world = await linking()
    await press(world, device_words.link_it("Tablet"))
    await press(world, device_words.LINK_CONFIRM)
    assert words.MISSING in screen(world) and not world.device.asked("link.confirm")
    await enter(world, device_words.LINK_DIGITS, "000000")
    assert device_words.LINK_REFUSED in screen(world) and world.device.linked == []
    assert device_words.LINK_DIGITS not in screen(world)


async def test_the_password_comes_first_where_one_signed_in_long_ago():
    world = await linking(recent=False)
    await press(world, device_words.link_it("Tablet"))
    assert world.app.layers.shown == SignInAgain()
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert device_words.LINK_DIGITS in screen(world)


async def test_a_code_to_scan_is_shown_until_it_was_scanned():
    world = await linking()
    form = world.app.session.security.linking
    await press(world, device_words.LINK_SHOW)
    tree = draw(_screen, world.app)
    assert {device_words.LINK_QR, "PARLEY LINK ABCDEFGH"} <= said(tree) and nameless(tree) == []
    shapes = [shape for control, _ in tree if isinstance(control, cv.Canvas) for shape in control.shapes]
    drawn = {len(shape.elements) for shape in shapes if isinstance(shape, cv.Path)}
    assert len(runs(modules("PARLEY LINK ABCDEFGH"))) in drawn
    waiting = asyncio.ensure_future(form.hand_over())
    await asyncio.sleep(0)
    assert form.stage == "scan"
    world.device.scanned.set()
    await waiting
    assert device_words.LINK_DONE in screen(world) and "PARLEY LINK ABCDEFGH" not in screen(world)


async def test_a_code_that_nobody_scanned_is_over():
    world = await linking()
    await press(world, device_words.LINK_SHOW)
    world.device.faults["link.hand_over"] = EngineError("link_over", "over")
    await world.app.session.security.linking.hand_over()
    assert {device_words.LINK_OVER, device_words.LINK_SHOW} <= screen(world)


async def test_nobody_waits():
    device = FakeDevice()
    device.offers = []
    world = await started(device, LINK_OTHER)
    await world.app.session.security.linking.look()
    assert device_words.LINK_WAITING in screen(world)
    await press(world, device_words.LINK_SHOW)
    await world.app.session.security.linking.leave()
    assert world.device.asked("link.cancel") == [{}] and world.app.session.security.linking.text == ""


# --- locking out


async def at_sessions():
    world = await started(FakeDevice(), OWN_SESSIONS)
    await world.app.session.security.sessions.load()
    return world


async def test_a_lost_device_is_locked_out_by_the_recovery_key():
    world = await at_sessions()
    assert device_words.lock_out("Firefox") not in screen(world)
    await press(world, device_words.lock_out("Phone"))
    assert world.app.route == f"{LOCK_OUT}/phone-device"
    now = screen(world)
    assert {device_words.lock_out_title("Phone"), device_words.LOCK_OUT_TEXT} <= now
    await press(world, device_words.LOCK_OUT_BUTTON)
    assert words.MISSING in screen(world) and world.device.locked_out == []
    await enter(world, words.RECOVERY_KEY, "PARLEY-OTHER")
    assert words.FAULTS["recovery_key_refused"] in screen(world) and world.device.locked_out == []
    await enter(world, words.RECOVERY_KEY, " PARLEY-MINE ")
    assert world.device.locked_out == ["phone-device"]
    assert device_words.LOCK_OUT_DONE in screen(world) and not world.app.session.security.locking_out["recovery_key"]


async def test_leaving_forgets_the_key():
    world = await at_sessions()
    await press(world, device_words.lock_out("Phone"))
    form = world.app.session.security.locking_out
    form.fill("recovery_key", "PARLEY-MINE")
    form.leave()
    assert form["recovery_key"] == "" and world.device.locked_out == []


async def test_the_way_to_linking_is_beside_the_sessions():
    world = await at_sessions()
    button(draw(_screen, world.app), device_words.LINK).on_click()
    assert world.app.route == LINK_OTHER

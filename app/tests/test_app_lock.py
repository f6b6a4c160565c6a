"""The app lock: its page in the settings, the page in front of a locked device, and what stays on the screen (nothing)."""

from types import SimpleNamespace

import flet as ft
import pytest
from app_account import MADE, SIGNED, SecretBridge
from app_drawing import draw
from app_examples import FakeDevice, item, started, summary
from app_locking import DRAWN, PASSPHRASE
from app_screens import button, enter, field, press, said
from test_names import nameless, uncallable

from parley_app import lock_words, words
from parley_app.bridge import PlainBridge
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model.app_lock import AppLock
from parley_app.screens.settings_page import ACCOUNT, APP_LOCK

SECRET = "what ben told in confidence"
WIDTHS = (390.0, 1440.0)


def screen(world, width=1440.0):
    return said(draw(_screen, world.app, width=width))


def shows(world, text, width=1440.0):
    """Whether it stands anywhere on the screen, in words or names."""
    return any(text in each for each in screen(world, width) if each)


async def at_the_page(**more):
    device = FakeDevice()
    for name, value in more.items():
        setattr(device, name, value)
    world = await started(device, APP_LOCK)
    await world.app.lock.load()
    return world


async def locked():
    """A device that is locked while somebody reads a conversation."""
    device = FakeDevice()
    device.add(summary(), [item(1, SECRET)])
    device.passphrase = PASSPHRASE
    world = await started(device, f"{routes.CHATS}/talk")
    assert shows(world, SECRET)
    device.turn(locked=True)
    await world.settle()
    return world


async def test_the_account_leads_to_the_lock():
    world = await started(FakeDevice(), ACCOUNT)
    await press(world, f"{lock_words.LOCK}, {lock_words.LOCK_DETAIL}")
    assert world.app.route == APP_LOCK


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
@pytest.mark.parametrize("width", WIDTHS)
async def test_everything_on_the_page_has_a_name(passphrase, width):
    world = await at_the_page(passphrase=passphrase)
    tree = draw(_screen, world.app, width=width)
    shown = lock_words.LOCK_ON if passphrase else lock_words.LOCK_OFF
    assert shown in said(tree) and nameless(tree) == [] and uncallable(tree) == []


async def test_a_lock_is_put_on():
    world = await at_the_page()
    name, detail = lock_words.IDLE_TIMES[300]
    await press(world, f"{name}, {detail}")
    world.app.lock.fill("new", PASSPHRASE)
    await enter(world, lock_words.AGAIN, PASSPHRASE)
    assert world.device.asked("lock.set") == [{"passphrase": PASSPHRASE, "idle_s": 300}]
    assert {lock_words.PUT_ON_DONE, lock_words.LOCK_ON} <= screen(world)
    assert world.app.lock["new"] == world.app.lock["again"] == ""


async def test_two_that_differ_and_one_that_is_weak_are_said_at_their_fields():
    world = await at_the_page()
    world.app.lock.fill("new", PASSPHRASE)
    await enter(world, lock_words.AGAIN, "orchard ferry lump")
    assert lock_words.DIFFERENT in screen(world) and world.device.asked("lock.set") == []
    world.app.lock.fill("new", "short")
    await enter(world, lock_words.AGAIN, "short")
    assert world.app.lock.faults == {"new": "A passphrase has 8 to 256 characters."}
    world.app.lock.leave()
    await press(world, lock_words.PUT_ON)
    assert set(world.app.lock.faults) == {"new", "again"} and words.MISSING in screen(world)


async def test_six_words_are_drawn_and_forgotten_when_the_page_is_left():
    world = await at_the_page()
    await press(world, lock_words.DRAW)
    assert DRAWN in screen(world) and lock_words.DRAWN in screen(world)
    assert world.app.lock["new"] == ""  # whoever types them has written them down
    world.app.lock.leave()
    assert DRAWN not in screen(world)


async def test_the_idle_time_the_passphrase_and_the_lock_itself_are_changed():
    world = await at_the_page(passphrase=PASSPHRASE, idle_s=900)
    name, detail = lock_words.IDLE_TIMES[0]
    await press(world, f"{name}, {detail}")
    assert world.device.idle_s == 0 and world.app.lock.idle_s == 0
    world.app.lock.fill("passphrase", "not this one")
    world.app.lock.fill("new", "another orchard")
    await enter(world, lock_words.AGAIN, "another orchard")
    assert world.app.lock.faults == {"passphrase": "This is not the passphrase of this device."}
    world.app.lock.fill("passphrase", PASSPHRASE)
    await press(world, lock_words.CHANGE)
    assert world.device.passphrase == "another orchard" and lock_words.CHANGED in screen(world)
    world.app.lock.fill("passphrase", "another orchard")
    await press(world, lock_words.TAKE_OFF)
    assert world.device.passphrase is None and {lock_words.TAKEN_OFF, lock_words.LOCK_OFF} <= screen(world)


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_of_a_locked_device_is_on_the_screen(width):
    world = await locked()
    tree = draw(_screen, world.app, width=width)
    assert world.app.route == routes.LOCKED and lock_words.LOCKED in said(tree)
    assert not any(SECRET in each for each in said(tree) if each)
    assert nameless(tree) == [] and uncallable(tree) == []
    assert world.app.chats.summaries == {} and world.app.conversation is None and world.app.session.me.name == ""
    assert field(tree, lock_words.PASSPHRASE).password
    for route in (routes.CHATS, routes.SETTINGS, routes.SIGN_IN):
        world.app.go(route)
        assert world.app.route == routes.LOCKED


async def test_the_passphrase_brings_back_what_was_there():
    world = await locked()
    await enter(world, lock_words.PASSPHRASE, "not this one")
    assert "This is not the passphrase of this device." in screen(world) and world.device.locked
    await enter(world, lock_words.PASSPHRASE, PASSPHRASE)
    assert world.app.route == f"{routes.CHATS}/talk" and shows(world, SECRET)
    assert world.app.lock["passphrase"] == ""


async def test_an_app_that_starts_locked_asks_first_and_goes_where_it_was_to_go():
    device = FakeDevice()
    device.add(summary(), [item(1, SECRET)])
    device.passphrase, device.locked = PASSPHRASE, True
    world = await started(device, f"{routes.CHATS}/talk")
    assert world.app.route == routes.LOCKED
    await enter(world, lock_words.PASSPHRASE, PASSPHRASE)
    assert world.app.route == f"{routes.CHATS}/talk" and shows(world, SECRET)


async def test_too_many_tries_are_said():
    world = await locked()
    world.device.faults["lock.unlock"] = EngineError(
        "too_many_tries", "too many wrong passphrases: try again in 30 seconds"
    )
    await enter(world, lock_words.PASSPHRASE, PASSPHRASE)
    assert "Too many wrong passphrases: try again in 30 seconds." in screen(world)


async def test_who_has_forgotten_it_is_told_what_that_means_and_begins_anew():
    world = await locked()
    await press(world, lock_words.FORGOTTEN)
    assert {lock_words.FORGOTTEN_TITLE, lock_words.FORGOTTEN_TEXT} <= screen(world)
    await press(world, lock_words.KEEP)
    assert lock_words.FORGOTTEN_TEXT not in screen(world) and world.device.asked("lock.forget") == []
    await press(world, lock_words.FORGOTTEN)
    await press(world, lock_words.ERASE)
    assert world.device.asked("lock.forget") == [{}] and world.app.route == routes.WELCOME


async def test_locking_by_hand_keeps_what_is_being_written():
    device = FakeDevice()
    device.add(summary())
    device.passphrase = PASSPHRASE
    world = await started(device, f"{routes.CHATS}/talk")
    world.app.conversation.draft = "half a thought"
    await world.app.lock_now()
    await world.settle()
    assert [each["text"] for each in device.asked("draft.save")] == ["half a thought"]
    assert device.locked and world.app.route == routes.LOCKED


async def test_another_tab_that_takes_over_is_locked():
    """The lock passes on with the device: the next tab has no key."""
    device = FakeDevice()
    device.add(summary(), [item(1, SECRET)])
    device.passphrase = PASSPHRASE
    world = await started(device, f"{routes.CHATS}/talk")
    device.locked = True
    device.tell("engine.moved")
    await world.settle()
    assert world.app.route == routes.LOCKED and not shows(world, SECRET)


async def test_the_device_hears_now_and_then_that_somebody_is_there():
    device, clock = FakeDevice(), [0.0]
    device.passphrase = PASSPHRASE
    lock = AppLock(device, PlainBridge(), lambda: clock[0])
    await lock.touched()
    assert device.asked("lock.active") == []  # nothing is known of a lock yet
    await lock.load()
    for now, told in ((1.0, 1), (5.0, 1), (12.0, 2)):
        clock[0] = now
        await lock.touched()
        assert len(device.asked("lock.active")) == told
    device.locked = True
    device.faults["lock.active"] = EngineError("internal", "a bug")
    clock[0] = 100.0
    await lock.touched()  # what fails comes again


async def with_passkeys(bridge, **more):
    device = FakeDevice()
    device.passphrase = PASSPHRASE
    device.add(summary(), [item(1, SECRET)])
    for name, value in more.items():
        setattr(device, name, value)
    world = await started(device, APP_LOCK, bridge=bridge)
    await world.app.lock.load()
    return world


@pytest.mark.parametrize(("at_once", "asked"), [(True, ["make"]), (False, ["make", "use"])])
async def test_a_passkey_is_added_by_the_passphrase(at_once, asked):
    bridge = SecretBridge()
    bridge.at_once = at_once
    world = await with_passkeys(bridge)
    await press(world, lock_words.PASSKEY_ADD)
    assert world.app.lock.faults == {"passphrase": words.MISSING} and bridge.asked == []
    world.app.lock.fill("passphrase", PASSPHRASE)
    await press(world, lock_words.PASSKEY_ADD)
    assert world.device.lock_passkey == (MADE["rawId"], "salt", "the secret")
    assert [deed for deed, _ in bridge.asked] == asked
    assert lock_words.PASSKEY_ADDED in screen(world) and world.app.lock["passphrase"] == ""
    await press(world, lock_words.PASSKEY_REMOVE)
    assert world.device.lock_passkey is None and lock_words.PASSKEY_REMOVED in screen(world)


async def test_one_that_gives_no_secret_opens_nothing():
    bridge = SecretBridge()
    bridge.secret = None
    world = await with_passkeys(bridge)
    world.app.lock.fill("passphrase", PASSPHRASE)
    await press(world, lock_words.PASSKEY_ADD)
    assert world.device.lock_passkey is None and words.FAULTS["passkey_unfit"] in screen(world)


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_passkey_opens_the_lock(width):
    bridge = SecretBridge()
    world = await with_passkeys(bridge, lock_passkey=(SIGNED["rawId"], "salt", "the secret"))
    world.app.open("talk")
    await world.settle()
    world.device.turn(locked=True)
    await world.settle()
    tree = draw(_screen, world.app, width=width)
    assert lock_words.BY_PASSKEY in said(tree) and nameless(tree) == [] and uncallable(tree) == []
    bridge.secret = "another one"
    await press(world, lock_words.BY_PASSKEY)
    assert "This passkey does not open this device." in screen(world) and world.device.locked
    bridge.secret = "the secret"
    await press(world, lock_words.BY_PASSKEY)
    assert shows(world, SECRET) and not world.device.locked


async def test_a_system_without_passkeys_offers_none():
    world = await with_passkeys(PlainBridge("https://parley.test"), lock_passkey=("c", "salt", "s"))
    assert lock_words.PASSKEY_ADD not in screen(world)
    world.device.turn(locked=True)
    await world.settle()
    assert lock_words.BY_PASSKEY not in screen(world)


async def test_who_scrolls_is_there_and_what_arrives_is_not():
    device = FakeDevice()
    device.add(summary(), [item(1, SECRET)])
    device.passphrase = PASSPHRASE
    world = await started(device, f"{routes.CHATS}/talk")
    world.app.lock._told_at = float("-inf")
    before = len(device.asked("lock.active"))
    tree = draw(_screen, world.app)
    timeline = next(control for control, _ in tree if isinstance(control, ft.ListView) and control.reverse)
    for kind, told in ((ft.ScrollType.UPDATE, 0), (ft.ScrollType.USER, 1)):
        event = SimpleNamespace(event_type=kind, pixels=500.0, max_scroll_extent=1000.0, viewport_dimension=800.0)
        await timeline.on_scroll(event)
        await world.settle()
        assert len(device.asked("lock.active")) == before + told


async def test_the_way_back_from_the_page_is_there():
    world = await at_the_page()
    button(draw(_screen, world.app), words.BACK).on_click()
    assert world.app.route == ACCOUNT

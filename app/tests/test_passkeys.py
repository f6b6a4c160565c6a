"""One's own passkeys: added by the browser, listed, taken away; and signing in by one, alone or as the second step."""

import pytest
from app_account import MADE, PASSWORD, SIGNED, PasskeyBridge
from app_drawing import draw
from app_examples import FakeDevice, started, summary
from app_screens import enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, words
from parley_app.bridge import PlainBridge
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model.layers import SignInAgain
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import PASSKEYS
from parley_app.web_push import BrowserBridge

KEY = {"number": 7, "name": "Blue key", "created_at": "2026-11-01T09:00:00Z", "last_used_at": "2026-11-26T11:00:00Z"}


async def shown(*keys, bridge=None):
    device = FakeDevice()
    device.factors |= {"passkeys": list(keys)}
    world = await started(device, PASSKEYS, bridge=bridge or PasskeyBridge())
    await world.app.session.security.passkeys.load()
    return world


def screen(world, width=1440.0):
    return said(draw(_screen, world.app, width=width))


async def test_the_first_passkey_is_added_with_recovery_codes():
    world = await shown()
    assert {account_words.PASSKEYS_NONE, account_words.PASSKEY_NAME} <= screen(world)
    await press(world, account_words.PASSKEY_ADD)
    assert words.MISSING in screen(world) and not world.device.asked("account.passkey.begin")
    await enter(world, account_words.PASSKEY_NAME, " Phone ")
    (given,) = world.device.asked("account.passkey.confirm")
    assert given == {"setup": "signed", "name": "Phone", "credential": MADE}
    assert world.app.bridge.asked == [("make", {"publicKey": "creation"})]
    assert {"10000001\n20000001", account_words.CODES_TITLE} <= screen(world)
    await press(world, account_words.CODES_KEPT)
    now = screen(world)
    assert {"Phone", account_words.PASSKEY_UNUSED} <= now and "10000001\n20000001" not in now
    await enter(world, account_words.PASSKEY_NAME, "Second")
    assert {"Phone", "Second"} <= screen(world), "no codes come with it, so the list is there at once"


async def test_a_passkey_is_taken_away_once_that_was_confirmed_and_after_the_password():
    world = await shown(KEY)
    world.device.recent = False
    await press(world, account_words.remove("Blue key"))
    assert account_words.remove_title("Blue key") in said(draw(Layers, world.app))
    assert not world.device.asked("account.passkey.remove")
    await press(world, account_words.REMOVE, Layers)
    assert world.app.layers.shown == SignInAgain() and "Blue key" in screen(world)
    world.app.session.security.again.fill("code", "10000001")
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert world.device.asked("account.passkey.remove")[-1] == {"number": 7}
    assert account_words.PASSKEYS_NONE in screen(world)


async def test_a_passkey_is_given_in_place_of_the_password():
    world = await shown(KEY)
    world.device.recent = False
    await enter(world, account_words.PASSKEY_NAME, "Second")
    assert world.app.layers.shown == SignInAgain() and nameless(draw(Layers, world.app)) == []
    world.device.faults["account.passkey.prove"] = EngineError("wrong_code", "no")
    await press(world, account_words.CODE_PASSKEY, Layers)
    assert words.FAULTS["passkey_wrong"] in said(draw(Layers, world.app)) and not world.device.recent
    del world.device.faults["account.passkey.prove"]
    await press(world, account_words.CODE_PASSKEY, Layers)
    assert world.app.layers.shown is None and {"Blue key", "Second"} <= screen(world)
    assert not world.device.asked("account.reauthenticate")


async def test_without_passkeys_or_outside_of_a_browser_only_the_password_is_asked_for():
    for keys, bridge in (([], None), ([KEY], PlainBridge("https://parley.test"))):
        world = await shown(*keys, bridge=bridge)
        world.device.recent = False
        await world.app.session.security.factors.begin()
        world.app.layers.show(SignInAgain())
        assert account_words.CODE_PASSKEY not in said(draw(Layers, world.app))


@pytest.mark.parametrize("slug", ["passkey_cancelled", "passkey_known", "passkey_failed", "passkeys_unsupported"])
async def test_what_the_browser_refuses_is_said_and_the_name_stays(slug):
    world = await shown()
    world.app.bridge.fault = EngineError(slug, "NotAllowedError: …")
    await enter(world, account_words.PASSKEY_NAME, "Phone")
    assert words.FAULTS[slug] in screen(world) and not world.device.asked("account.passkey.confirm")
    assert world.app.session.security.passkeys["name"] == "Phone"


async def test_outside_of_a_browser_the_page_lists_them_and_says_where_they_are_made():
    world = await shown(KEY, bridge=PlainBridge("https://parley.test"))
    now = screen(world)
    assert {"Blue key", account_words.PASSKEYS_ELSEWHERE} <= now and account_words.PASSKEY_ADD not in now


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_every_part_of_it_has_names(width):
    world = await shown(KEY)
    for codes in ([], ["1"]):
        world.app.session.security.passkeys.codes = codes
        tree = draw(_screen, world.app, width=width)
        assert nameless(tree) == [] and uncallable(tree) == []


class KeyedDevice(FakeDevice):
    """A device whose account asks for a second step, and takes its passkey, after the password or alone."""

    def __init__(self):
        super().__init__(signed_in=False)
        self.add(summary())

    def _login(self, **given):
        if "passkey" not in given:
            raise EngineError("second_factor_required", "give a code")
        assert given["passkey"] == {"flow": "flow", "credential": SIGNED}
        return super()._login(**given)


async def before_the_gate(route, bridge=None):
    return await started(KeyedDevice(), route, bridge=bridge or PasskeyBridge())


async def test_a_passkey_signs_in_alone():
    world = await before_the_gate(routes.SIGN_IN)
    await press(world, account_words.WITH_PASSKEY)
    assert world.app.route == routes.RESTORE and account_words.ALONE_LEAD in screen(world)
    await press(world, account_words.ALONE_BUTTON)
    assert words.MISSING in screen(world) and not world.app.bridge.asked
    await enter(world, words.RECOVERY_KEY, "PARLEY-A")
    assert world.app.bridge.asked == [("use", {"publicKey": "anybody"})]
    (given,) = world.device.asked("login")
    assert (given["username"], given["password"], given["recovery_key"]) == ("", "", "PARLEY-A")
    assert world.app.route == routes.CHATS and not world.app.session.alone


async def test_a_passkey_is_the_second_step():
    world = await before_the_gate(routes.SIGN_IN)
    for name, value in (("username", "anna"), ("password", PASSWORD), ("recovery_key", "PARLEY-A")):
        world.app.session.sign_in.fill(name, value)
    await world.app.restore()
    assert world.app.route == routes.CODE and account_words.CODE_PASSKEY in screen(world)
    assert nameless(draw(_screen, world.app)) == []
    world.app.bridge.fault = EngineError("passkey_cancelled", "NotAllowedError")
    await press(world, account_words.CODE_PASSKEY)
    assert words.FAULTS["passkey_cancelled"] in screen(world) and world.app.route == routes.CODE
    world.app.bridge.fault = None
    await press(world, account_words.CODE_PASSKEY)
    assert world.app.bridge.asked[-1] == ("use", {"publicKey": "anna"})
    assert world.app.route == routes.CHATS


@pytest.mark.parametrize(
    ("method", "slug", "sentence"),
    [
        ("account.passkey.ask", "no_passkey", words.FAULTS["no_passkey"]),
        ("login", "wrong_code", words.FAULTS["passkey_refused"]),
    ],
)
async def test_a_passkey_that_is_refused_is_said_on_the_page(method, slug, sentence):
    world = await before_the_gate(routes.SIGN_IN)
    await press(world, account_words.WITH_PASSKEY)
    world.device.faults[method] = EngineError(slug, "no")
    await enter(world, words.RECOVERY_KEY, "PARLEY-A")
    assert sentence in screen(world) and world.app.route == routes.RESTORE


async def test_a_browser_asks_its_page():
    asked = []

    class Page:
        async def ask(self, request, **params):
            asked.append((request, params))
            return {"passkeys": True, "makePasskey": MADE, "usePasskey": SIGNED}[request]

    bridge = BrowserBridge("https://parley.test", Page(), FakeDevice())
    assert await bridge.passkeys()
    assert await bridge.make_passkey({"publicKey": 1}) == MADE
    assert await bridge.use_passkey({"publicKey": 2}) == SIGNED
    given = [{}, {"options": {"publicKey": 1}}, {"options": {"publicKey": 2}}]
    assert [params for _, params in asked] == given


async def test_outside_of_a_browser_nobody_is_offered_a_passkey():
    world = await before_the_gate(routes.SIGN_IN, PlainBridge("https://parley.test"))
    assert account_words.WITH_PASSKEY not in screen(world)
    for name, value in (("username", "anna"), ("password", PASSWORD), ("recovery_key", "PARLEY-A")):
        world.app.session.sign_in.fill(name, value)
    await world.app.restore()
    now = screen(world)
    assert account_words.CODE_NO_PASSKEYS in now and account_words.CODE_PASSKEY not in now

"""A passkey that stands for the recovery key: kept in the settings, and used where somebody signs in on a new device."""

import pytest
from app_account import CODE, MADE, PASSWORD, SecretBridge
from app_drawing import draw
from app_examples import FakeDevice, started, summary
from app_screens import enter, press, said
from test_names import nameless, uncallable

from parley_app import account_words, recovery_words, words
from parley_app.bridge import PlainBridge
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT, NEW_RECOVERY_KEY
from parley_app.screens.settings_page import RECOVERY_PASSKEY as PAGE

KEPT = (MADE["rawId"], "the secret")


def screen(world, width=1440.0):
    return said(draw(_screen, world.app, width=width))


def form_of(world):
    return world.app.session.security.recovery_passkey


async def at_the_page(*, there=False, recent=True, bridge=None):
    device = FakeDevice()
    device.profile["has_recovery_passkey"], device.recent = there, recent
    world = await started(device, PAGE, bridge=bridge or SecretBridge())
    await form_of(world).load()
    return world


async def test_the_account_leads_to_it():
    world = await started(FakeDevice(), ACCOUNT)
    await press(world, f"{recovery_words.PASSKEY}, {recovery_words.PASSKEY_DETAIL}")
    assert world.app.route == PAGE


@pytest.mark.parametrize("width", [390.0, 1440.0])
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("bridge", [SecretBridge(), PlainBridge("https://parley.test")])
async def test_everything_on_the_page_has_a_name(there, width, bridge):
    world = await at_the_page(there=there, bridge=bridge)
    tree = draw(_screen, world.app, width=width)
    assert (recovery_words.PASSKEY_THERE if there else recovery_words.PASSKEY_NONE) in said(tree)
    assert (recovery_words.PASSKEY_REMOVE in said(tree)) == there
    assert (recovery_words.PASSKEY_KEEP in said(tree)) == isinstance(bridge, SecretBridge)
    assert (recovery_words.PASSKEY_ELSEWHERE in said(tree)) != isinstance(bridge, SecretBridge)
    assert nameless(tree) == [] and uncallable(tree) == []


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_key_is_kept_under_a_passkey(at_once):
    bridge = SecretBridge()
    bridge.at_once = at_once
    world = await at_the_page(bridge=bridge)
    await enter(world, recovery_words.KEY, " PARLEY-KEY ")
    assert world.device.recovery_passkey == KEPT
    assert bridge.asked[0] == ("make", {"publicKey": "begin"})
    assert bridge.asked[1:] == ([] if at_once else [("use", {"publicKey": MADE["rawId"]})])
    assert {recovery_words.PASSKEY_DONE, recovery_words.PASSKEY_THERE} <= screen(world)
    assert form_of(world)["recovery_key"] == ""
    await form_of(world).leave()
    assert recovery_words.PASSKEY_DONE not in screen(world)
    assert len(world.device.asked("recovery_passkey.leave")) == 1


async def test_another_key_and_none_are_said_at_the_field_before_anything_is_made():
    world = await at_the_page()
    await enter(world, recovery_words.KEY, "PARLEY-OTHER")
    assert list(form_of(world).faults) == ["recovery_key"] and form_of(world)["recovery_key"] == "PARLEY-OTHER"
    await enter(world, recovery_words.KEY, " ")
    assert words.MISSING in screen(world)
    assert world.app.bridge.asked == [] and world.device.recovery_passkey is None


async def test_who_signed_in_long_ago_gives_the_password_and_makes_one_passkey():
    world = await at_the_page(recent=False)
    await enter(world, recovery_words.KEY, "PARLEY-KEY")
    assert account_words.AGAIN_TITLE in said(draw(Layers, world.app)) and world.device.recovery_passkey is None
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert recovery_words.PASSKEY_THERE in screen(world) and world.device.recovery_passkey == KEPT
    assert [deed for deed, _ in world.app.bridge.asked] == ["make"]


async def test_one_that_another_tab_knows_nothing_of_is_made_again():
    world = await at_the_page()
    world.device.faults["recovery_passkey.keep"] = EngineError("usage", "no passkey was begun for the recovery key")
    await enter(world, recovery_words.KEY, "PARLEY-KEY")
    assert world.device.recovery_passkey is None and not form_of(world).there
    del world.device.faults["recovery_passkey.keep"]
    await press(world, recovery_words.PASSKEY_KEEP)
    assert [deed for deed, _ in world.app.bridge.asked] == ["make", "make"] and form_of(world).there


async def test_a_passkey_without_secrets_is_said_and_nothing_is_kept():
    bridge = SecretBridge()
    bridge.secret = None
    world = await at_the_page(bridge=bridge)
    await enter(world, recovery_words.KEY, "PARLEY-KEY")
    assert words.FAULTS["passkey_unfit"] in screen(world) and world.device.recovery_passkey is None


async def test_it_goes_with_the_recovery_key_that_it_stands_for():
    world = await at_the_page(there=True)
    await press(world, recovery_words.PASSKEY_REMOVE)
    assert world.app.route == NEW_RECOVERY_KEY
    await enter(world, recovery_words.KEY, "PARLEY-KEY")
    assert world.device.profile["has_recovery_passkey"] is False


class Guarded(FakeDevice):
    """A new device whose account keeps its recovery key under a passkey, and asks for a code where `guarded`."""

    def __init__(self, *, guarded=False):
        super().__init__(signed_in=False)
        self.add(summary())
        self.recovery_passkey, self.guarded = KEPT, guarded

    def _recovery_passkey_ask(self, **given):
        if self.guarded and given["code"] is None:
            raise EngineError("second_factor_required", "give a code")
        return super()._recovery_passkey_ask(**given)


async def before_the_gate(device, bridge=None):
    world = await started(device, routes.SIGN_IN, bridge=bridge or SecretBridge())
    world.app.session.sign_in.fill("username", "anna")
    await enter(world, words.PASSWORD, PASSWORD)
    assert world.app.route == routes.RESTORE
    return world


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_a_passkey_brings_a_new_device_in(width):
    world = await before_the_gate(Guarded())
    tree = draw(_screen, world.app, width=width)
    assert recovery_words.BY_PASSKEY in said(tree) and nameless(tree) == [] and uncallable(tree) == []
    await press(world, recovery_words.BY_PASSKEY)
    assert world.app.bridge.asked == [("use", {"publicKey": MADE["rawId"]})]
    (given,) = world.device.asked("recovery_passkey.ask")
    assert (given["username"], given["password"], "recovery_key" in given) == ("anna", PASSWORD, False)
    assert world.device.asked("recovery_passkey.restore") == [{"secret": "the secret"}]
    assert world.app.route == routes.CHATS and world.device.asked("login") == []


async def test_after_the_second_step_a_passkey_that_was_cancelled_is_asked_again_without_another_code():
    world = await before_the_gate(Guarded(guarded=True))
    await press(world, recovery_words.BY_PASSKEY)
    assert world.app.route == routes.CODE and world.app.bridge.asked == []
    world.app.bridge.fault = EngineError("passkey_cancelled", "NotAllowedError")
    await enter(world, account_words.CODE_FIELD, CODE)
    assert words.FAULTS["passkey_cancelled"] in screen(world) and world.app.route == routes.CODE
    world.app.bridge.fault = None
    await press(world, account_words.CODE_BUTTON)
    assert [given["code"] for given in world.device.asked("recovery_passkey.ask")] == [None, CODE]
    assert world.app.route == routes.CHATS


async def test_what_opens_nothing_is_said_and_the_key_does_as_before():
    world = await before_the_gate(Guarded())
    world.app.bridge.secret = "another one"
    await press(world, recovery_words.BY_PASSKEY)
    assert "This passkey does not open this recovery key." in screen(world) and world.app.route == routes.RESTORE
    world.app.bridge.secret = None
    await press(world, recovery_words.BY_PASSKEY)
    assert words.FAULTS["passkey_unfit"] in screen(world)
    world.device.recovery_passkey = None
    await press(world, recovery_words.BY_PASSKEY)
    assert "No passkey stands for this recovery key." in screen(world)
    await enter(world, words.RECOVERY_KEY, "PARLEY-A")
    assert world.device.asked("login")[0]["recovery_key"] == "PARLEY-A" and world.app.route == routes.CHATS


async def test_without_passkeys_the_key_is_typed():
    world = await before_the_gate(Guarded(), PlainBridge("https://parley.test"))
    assert recovery_words.BY_PASSKEY not in screen(world) and words.RECOVERY_KEY in screen(world)


async def test_somebody_who_came_back_from_a_provider_uses_it_as_well():
    world = await started(Guarded(), routes.SIGN_IN, bridge=SecretBridge())
    await world.app.return_from_provider("https://parley.test/?state=s&code=c&iss=i")
    assert world.app.route == routes.PROVIDER and recovery_words.BY_PASSKEY in screen(world)
    world.app.bridge.fault = EngineError("passkey_cancelled", "NotAllowedError")
    await press(world, recovery_words.BY_PASSKEY)
    assert words.FAULTS["passkey_cancelled"] in screen(world) and world.app.route == routes.PROVIDER
    world.app.bridge.fault = None
    await press(world, recovery_words.BY_PASSKEY)
    assert world.app.route == routes.CHATS and world.device.asked("provider.restore") == []

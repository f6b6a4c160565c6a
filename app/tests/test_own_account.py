"""The account's pages: the password, the e-mail address, and giving the password again where the server asks for it."""

import msgspec
import pytest
from app_account import CODE, LETTER_CODE, PASSWORD, PasskeyBridge
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import button, enter, press, said

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model.layers import SignInAgain
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT, OWN_EMAIL, OWN_PASSWORD
from parley_client.profiles.methods import ProfileMethods
from parley_client.profiles.rpc import profile_methods
from parley_client.rpc import LoginParams
from parley_client.security.methods import SecurityMethods
from parley_client.security.rpc import security_methods
from parley_client.telling.methods import TellingMethods
from parley_client.telling.rpc import telling_methods

NEW = "another orchard ferry"


async def test_the_account_leads_to_each_page_and_back():
    world = await started(FakeDevice(), ACCOUNT)
    for route, title in ((OWN_EMAIL, words.EMAIL), (OWN_PASSWORD, account_words.PASSWORD_TITLE)):
        for width in (390.0, 1440.0):
            world.app.go(route)
            tree = draw(_screen, world.app, width=width)
            assert title in said(tree)
            button(tree, words.BACK).on_click()
            assert world.app.route == ACCOUNT
        world.app.go(route)
        world.app.escape()
        assert world.app.route == ACCOUNT
    world.app.escape()
    assert world.app.route == routes.SETTINGS
    detail = f"{words.EMAIL}, {account_words.EMAIL_DETAIL}"
    world.app.go(ACCOUNT)
    await press(world, detail)
    assert world.app.route == OWN_EMAIL


async def test_an_address_that_is_not_confirmed_is_said_on_the_account_page():
    world = await started(FakeDevice(), ACCOUNT)
    assert account_words.EMAIL_UNCONFIRMED_TAG not in said(draw(_screen, world.app)), "nothing is known yet"
    await world.app.session.security.email.load()
    assert account_words.EMAIL_UNCONFIRMED_TAG in said(draw(_screen, world.app))
    await press(world, f"{words.EMAIL}, {account_words.EMAIL_UNCONFIRMED_DETAIL}")
    assert world.app.route == OWN_EMAIL
    await enter(world, account_words.EMAIL_CODE, LETTER_CODE)
    world.app.go(ACCOUNT)
    assert account_words.EMAIL_UNCONFIRMED_TAG not in said(draw(_screen, world.app))


async def test_a_password_is_changed():
    world = await started(FakeDevice(), OWN_PASSWORD)
    form = world.app.session.security.password
    form.fill("password", PASSWORD)
    await enter(world, account_words.PASSWORD_NEW, NEW)
    assert world.device.asked("account.password") == [{"current": PASSWORD, "new": NEW}]
    assert account_words.PASSWORD_CHANGED in said(draw(_screen, world.app))
    assert form["password"] == form["new"] == "" and world.device.password == NEW


@pytest.mark.parametrize(
    ("slug", "name", "sentence"),
    [
        ("wrong_credentials", "password", account_words.NOT_YOUR_PASSWORD),
        ("weak_password", "new", "Guessed first."),
        ("rate_limited", "", words.FAULTS["rate_limited"]),
    ],
)
async def test_a_password_that_is_refused_is_said_where_it_belongs(slug, name, sentence):
    world = await started(FakeDevice(), OWN_PASSWORD)
    world.device.faults["account.password"] = EngineError(slug, "guessed first")
    form = world.app.session.security.password
    await press(world, account_words.PASSWORD_BUTTON)
    assert form.faults == {"password": words.MISSING, "new": words.MISSING}
    form.fill("password", PASSWORD)
    await enter(world, account_words.PASSWORD_NEW, "short")
    assert form.faults == {"new": words.PASSWORD_SHORT} and not world.device.asked("account.password")
    await enter(world, account_words.PASSWORD_NEW, NEW)
    assert (form.faults.get(name) if name else form.fault) == sentence and form["new"] == NEW
    shown = said(draw(_screen, world.app))
    assert sentence in shown and account_words.PASSWORD_CHANGED not in shown


async def test_the_present_address_is_confirmed():
    world = await started(FakeDevice(), OWN_EMAIL)
    await world.app.session.security.email.load()
    first = {account_words.address("anna@old.test", confirmed=False), account_words.EMAIL_FIRST}
    assert first <= said(draw(_screen, world.app))
    await press(world, account_words.EMAIL_SEND_AGAIN)
    assert world.device.letters == ["anna@old.test"]
    await enter(world, account_words.EMAIL_CODE, "WRONG")
    shown = said(draw(_screen, world.app))
    assert {words.FAULTS["wrong_code"], account_words.letter_went("anna@old.test")} <= shown
    await enter(world, account_words.EMAIL_CODE, f" {LETTER_CODE} ")
    shown = said(draw(_screen, world.app))
    assert {account_words.address("anna@old.test", confirmed=True), account_words.EMAIL_DONE} <= shown
    assert account_words.EMAIL_SEND_AGAIN not in shown and account_words.EMAIL_CODE not in shown


async def test_another_address_is_taken_once_its_code_is_given():
    world = await started(FakeDevice(), OWN_EMAIL)
    await world.app.session.security.email.load()
    await enter(world, account_words.EMAIL_NEW, "anna@new.test")
    assert account_words.address("anna@old.test", confirmed=False) in said(draw(_screen, world.app))
    await enter(world, account_words.EMAIL_CODE, LETTER_CODE)
    assert account_words.address("anna@new.test", confirmed=True) in said(draw(_screen, world.app))
    world.device.faults["account.email"] = EngineError("email_taken", "no")
    await enter(world, account_words.EMAIL_NEW, "ben@new.test")
    shown = said(draw(_screen, world.app))
    assert words.FAULTS["email_taken"] in shown and account_words.EMAIL_DONE not in shown


async def test_an_address_that_cannot_be_asked_for_is_tried_again():
    device = FakeDevice()
    device.faults["account"] = EngineError("network_error", "away")
    world = await started(device, OWN_EMAIL)
    assert words.LOADING in said(draw(_screen, world.app))
    await world.app.session.security.email.load()
    assert words.FAULTS["network_error"] in said(draw(_screen, world.app))
    del device.faults["account"]
    await press(world, words.TRY_AGAIN)
    assert account_words.address("anna@old.test", confirmed=False) in said(draw(_screen, world.app))


async def asked_again(**factors):
    """Somebody who signed in long ago and wants another address."""
    device = FakeDevice()
    device.recent = False
    device.factors |= factors
    world = await started(device, OWN_EMAIL)
    await world.app.session.security.email.load()
    await enter(world, account_words.EMAIL_NEW, "anna@new.test")
    assert world.app.layers.shown == SignInAgain() and device.letters == []
    return world


async def test_the_password_is_asked_for_again_and_what_was_meant_goes_on():
    world = await asked_again()
    assert account_words.AGAIN_CODE not in said(draw(Layers, world.app))
    await enter(world, words.PASSWORD, "something else", Layers)
    assert account_words.NOT_YOUR_PASSWORD in said(draw(Layers, world.app)) and world.device.letters == []
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert world.app.layers.shown is None and world.device.letters == ["anna@new.test"]
    assert account_words.letter_went("anna@new.test") in said(draw(_screen, world.app))
    assert world.app.session.security.again["password"] == ""


async def test_with_a_second_step_a_code_is_asked_for_too():
    world = await asked_again(totp_since="2026-11-01T09:00:00Z")
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert world.app.session.security.again.faults == {"code": words.MISSING}
    await enter(world, account_words.AGAIN_CODE, "654321", Layers)
    assert account_words.CODE_WRONG in said(draw(Layers, world.app)) and world.device.letters == []
    await enter(world, account_words.AGAIN_CODE, "123 456", Layers)
    assert world.device.asked("account.reauthenticate")[-1] == {"password": PASSWORD, "code": CODE}
    assert world.app.layers.shown is None and world.device.letters == ["anna@new.test"]


async def test_who_does_not_give_the_password_is_not_asked_by_something_else():
    world = await asked_again()
    world.app.session.security.again.fill("password", "half")
    world.app.escape()
    assert world.app.layers.shown is None and world.app.route == OWN_EMAIL
    await press(world, account_words.EMAIL_SEND_AGAIN)
    assert world.app.layers.shown is None and world.device.letters == ["anna@old.test"]
    assert world.app.session.security.again["password"] == ""


async def test_the_device_takes_what_the_pages_call():
    world = await started(FakeDevice(), ACCOUNT, bridge=PasskeyBridge())
    security, device = world.app.session.security, world.device
    for form, typed in (
        (security.password, {"password": PASSWORD, "new": NEW}),
        (security.email, {"email": "anna@new.test", "code": LETTER_CODE}),
        (security.factors, {"code": CODE}),
        (security.again, {"password": NEW, "code": CODE}),
    ):
        for name, value in typed.items():
            form.fill(name, value)
    security.email.address = "anna@old.test"
    await security.again.give()
    await security.password.change()
    for work in (security.email.load, security.email.send_code, security.email.change, security.email.confirm):
        await work()
    await security.factors.begin()
    security.factors.fill("code", CODE)
    for work in (security.factors.confirm, security.factors.renew, security.factors.switch_off):
        await work()
    security.passkeys.fill("name", "Blue key")
    await security.passkeys.add()
    await security.passkeys.remove(1)
    await security.again.give_passkey()
    forgotten, signing_in = world.app.session.forgotten, world.app.session.sign_in
    for form, typed in (
        (forgotten, {"email": "anna@new.test", "code": LETTER_CODE, "new": NEW}),
        (signing_in, {"username": "anna", "password": NEW, "recovery_key": "PARLEY-A"}),
    ):
        for name, value in typed.items():
            form.fill(name, value)
    await forgotten.ask()
    await forgotten.reset()
    await world.app.session.give_passkey()
    await security.sessions.load()
    await security.sessions.end("phone")
    await security.sessions.end_others()
    await security.profile.load()
    await security.profile.save()
    await security.profile.show(None)
    device.terms, telling = ["Be kind."], world.app.telling
    telling.clear()
    await telling.load()
    await telling.agree()
    methods = security_methods(SecurityMethods.__new__(SecurityMethods))
    others = profile_methods(ProfileMethods.__new__(ProfileMethods))
    others |= telling_methods(TellingMethods.__new__(TellingMethods))
    methods |= {name: method for name, method in others.items() if name.startswith("account")}
    called = [(name, params) for name, params in device.calls if name.startswith("account")]
    for name, params in called:
        msgspec.convert(params, methods[name][0])
    msgspec.convert(device.asked("login")[-1], LoginParams)
    assert methods.keys() - {name for name, _ in called} == {"account.session.rename"}, "left to the command line"


async def test_signing_out_forgets_what_the_account_was():
    world = await started(FakeDevice(), OWN_EMAIL)
    await world.app.session.security.email.load()
    world.device.tell("signed_out")
    await world.settle()
    assert not world.app.session.security.email.loaded

"""Signing up where the server has rules: by an invitation, which a link fills in, by a domain, or not at all."""

import pytest
from app_drawing import draw, texts
from app_examples import FakeDevice, started
from app_screens import button, enter, said
from test_names import nameless

from parley_app import entrance_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model import signing_up
from parley_app.model.passwords import strength
from parley_contracts.sign_up_api import INVITATION_MARK

LINK = "https://parley.test/#invitation=7K2QD-0XW4M-9R3TB-HC5VE"
GIVEN = {"server": "https://parley.test", "username": "anna", "email": "a@x.test", "password": "long enough words"}


async def at_the_form(mode="open", *domains, link=""):
    device = FakeDevice(signed_in=False)
    device.rules |= {"mode": mode, "domains": list(domains)}
    world = await started(device)
    if link:
        world.app.invited(link)
    else:
        world.app.go(routes.SIGN_UP)
    await world.app.session.sign_up.load("https://parley.test", None)
    for name, value in GIVEN.items():
        world.app.session.sign_up.fill(name, value)
    return world


async def test_an_open_server_asks_for_no_invitation():
    world = await at_the_form()
    assert entrance_words.INVITATION not in said(draw(_screen, world.app))
    await world.app.register()
    assert world.device.asked("register")[0]["invitation"] == "" and world.app.route == routes.KEY


@pytest.mark.parametrize("width", [390.0, 1440.0])
async def test_an_invitation_is_asked_for_and_sent(width):
    world = await at_the_form("invitation")
    tree = draw(_screen, world.app, width=width)
    assert {entrance_words.INVITATION, entrance_words.INVITATION_HELP} <= said(tree) and nameless(tree) == []
    await enter(world, entrance_words.INVITATION, " 7K2QD-0XW4M ")
    assert world.device.asked("register")[0]["invitation"] == "7K2QD-0XW4M"


async def test_a_password_is_judged_below_its_own_field():
    world = await at_the_form("invitation")
    judged = words.STRENGTH[strength(GIVEN["password"])]
    written = texts(_screen, world.app)
    assert written.index(words.PASSWORD) < written.index(judged) < written.index(entrance_words.INVITATION)


def test_the_mark_of_links_is_the_servers():
    assert signing_up.INVITATION_MARK == INVITATION_MARK


async def test_a_link_leads_to_the_form_and_fills_it_in():
    world = await at_the_form("invitation", link=LINK)
    assert world.app.route == routes.SIGN_UP
    assert world.app.session.sign_up["invitation"] == "7K2QD-0XW4M-9R3TB-HC5VE"
    assert entrance_words.INVITATION in said(draw(_screen, world.app))


async def test_a_link_that_is_followed_before_the_device_has_loaded_is_not_lost():
    device = FakeDevice(signed_in=False)
    world = await started(device)
    world.app.session.phase = "starting"
    world.app.invited(LINK)
    await world.app.start("/")
    assert world.app.route == routes.SIGN_UP


async def test_somebody_with_an_account_stays_where_they_are():
    world = await started(FakeDevice())
    before = world.app.route
    world.app.invited(LINK)
    assert world.app.route == before and not world.app.joining["link"]


async def test_what_the_server_refuses_is_said_at_its_field():
    world = await at_the_form()
    world.device.faults["register"] = EngineError("invitation_refused", "no")
    await world.app.register()
    tree = draw(_screen, world.app)
    assert {entrance_words.INVITATION, entrance_words.INVITATION_REFUSED} <= said(tree) and nameless(tree) == []
    world.device.faults["register"] = EngineError("sign_up_refused", "sign up with an address of x.test")
    await world.app.register()
    assert world.app.session.sign_up.faults == {"email": "Sign up with an address of x.test."}


async def test_a_domain_is_named():
    world = await at_the_form("domain", "example.org", "example.net")
    assert entrance_words.domains(["example.org", "example.net"]) in said(draw(_screen, world.app))


async def test_a_closed_server_says_so_and_offers_no_form():
    world = await at_the_form("closed")
    tree = draw(_screen, world.app)
    assert {entrance_words.CLOSED, entrance_words.CLOSED_TEXT} <= said(tree)
    assert words.PASSWORD not in said(tree) and words.SIGN_UP_BUTTON not in said(tree)
    assert button(tree, words.SIGN_IN)


async def test_a_server_that_tells_no_rules_is_no_fault():
    world = await started(FakeDevice(signed_in=False))
    world.device.faults["sign_up.rules"] = EngineError("network_error", "away")
    await world.app.session.sign_up.load("https://parley.test", None)
    assert world.app.session.sign_up.fault == "" and not world.app.session.sign_up.closed

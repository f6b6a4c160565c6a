"""Signing in by an identity provider: where the server has one, away and back, in this window or in an app that began anew."""

import flet as ft
import pytest
from app_account import CODE
from app_drawing import draw
from app_examples import FakeDevice, started, summary
from app_screens import button, enter, said
from test_names import nameless, uncallable

from parley_app import account_words, entrance_words, words
from parley_app.bridge import PlainBridge
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model.by_provider import is_return

BACK = "https://parley.test/?code=there&state=x&iss=https://id.test"
WORK = entrance_words.by_provider("Example Ltd")


class FakeBridge(PlainBridge):
    """Somebody who visits what is shown, and comes back to `back`: to this app, or (empty) to one that begins anew."""

    def __init__(self, back=BACK):
        super().__init__("https://parley.test")
        self.back, self.visited = back, []

    async def by_way_of(self, begin, visit):
        self.visited.append(await begin("https://parley.test/"))
        return self.back


async def signed_out(*steps, back=BACK, route=routes.SIGN_IN):
    device = FakeDevice(signed_in=False)
    device.add(summary())
    device.steps = list(steps)
    device.rules["providers"] = [{"provider": "work", "name": "Example Ltd"}]
    world = await started(device, route, bridge=FakeBridge(back))
    await world.app.session.learn_rules()
    return world


async def leave(world):
    await world.app.visit_provider("work", None)


@pytest.mark.parametrize("width", [390.0, 1440.0])
@pytest.mark.parametrize("route", [routes.SIGN_IN, routes.SIGN_UP])
async def test_a_server_that_has_a_provider_offers_it(route, width):
    world = await signed_out(route=route)
    tree = draw(_screen, world.app, width=width)
    assert WORK in said(tree) and nameless(tree) == [] and uncallable(tree) == []
    way_in = button(tree, WORK)
    (above,) = (parents for control, parents in tree if control is way_in)
    assert above[-1].horizontal_alignment == ft.CrossAxisAlignment.STRETCH, "as wide as the other ways in"
    world.app.session.sign_up.rules["providers"] = []
    assert WORK not in said(draw(_screen, world.app, width=width))


async def test_somebody_leaves_comes_back_and_gives_the_recovery_key():
    world = await signed_out("restore")
    await leave(world)
    assert world.app.bridge.visited == ["https://id.test/work?to=https://parley.test/"]
    assert world.device.asked("provider.finish") == [{"address": BACK}]
    tree = draw(_screen, world.app)
    assert world.app.route == routes.PROVIDER and entrance_words.PROVIDER_LEADS["restore"] in said(tree)
    await enter(world, words.RECOVERY_KEY, " PARLEY-A ")
    assert world.device.asked("provider.restore") == [{"recovery_key": "PARLEY-A"}]
    assert world.app.route == routes.CHATS and not world.app.session.by_provider["recovery_key"]


async def test_a_new_account_takes_a_name_and_shows_its_key():
    world = await signed_out("sign_up")
    await leave(world)
    form = world.app.session.by_provider
    assert form["username"] == "anna.there"
    button(draw(_screen, world.app), words.SIGN_UP_BUTTON).on_click()
    await world.settle()
    assert form.faults == {"email": words.MISSING}
    form.fill("username", "@anna")
    await enter(world, words.EMAIL, "anna@x.test")
    assert world.device.asked("provider.register") == [{"username": "anna", "email": "anna@x.test", "invitation": ""}]
    assert world.app.route == routes.KEY


async def test_a_second_step_is_asked_for_first():
    world = await signed_out("code", "restore")
    await leave(world)
    await enter(world, account_words.CODE_FIELD, "654321")
    assert account_words.CODE_WRONG in said(draw(_screen, world.app))
    await enter(world, account_words.CODE_FIELD, f" {CODE} ")
    assert entrance_words.PROVIDER_LEADS["restore"] in said(draw(_screen, world.app))


async def test_an_app_that_began_anew_goes_on():
    world = await signed_out("restore", back="")
    await leave(world)
    assert world.app.route == routes.SIGN_IN and not world.device.asked("provider.finish")
    world.app.session.phase = "starting"
    await world.app.return_from_provider(BACK)
    await world.app.start("/")
    assert world.app.route == routes.PROVIDER


async def test_what_failed_is_said_where_one_begins():
    world = await signed_out(back=BACK.replace("code=there", "error=access_denied"))
    await leave(world)
    assert world.app.route == routes.SIGN_IN
    tree = draw(_screen, world.app)
    assert entrance_words.PROVIDER_REFUSED in said(tree) and nameless(tree) == []
    world.device.faults["provider.begin"] = EngineError("unavailable", "no")
    await leave(world)
    assert entrance_words.PROVIDER_AWAY in said(draw(_screen, world.app))


@pytest.mark.parametrize("loaded_first", [True, False])
async def test_what_failed_is_said_where_one_begins_in_an_app_that_began_anew(loaded_first):
    """Neither the app's start nor what the provider said waits for the other."""
    world = await signed_out(route=routes.SIGN_UP, back="")
    await leave(world)
    world.app.session.phase = "starting"
    steps = [world.app.start("/"), world.app.return_from_provider(BACK.replace("code=there", "error=access_denied"))]
    for step in steps if loaded_first else reversed(steps):
        await step
    assert world.app.route == routes.SIGN_IN
    assert entrance_words.PROVIDER_REFUSED in said(draw(_screen, world.app))


@pytest.mark.parametrize(
    ("back", "led_to"), [(BACK, routes.PROVIDER), (BACK.replace("code=there", "error=x"), routes.SIGN_IN)]
)
async def test_a_late_word_of_the_first_address_leads_away_from_no_answer(back, led_to):
    """Flutter tells of it when it has drawn, and the device may have been quicker."""
    world = await signed_out("restore", back="")
    await leave(world)
    world.app.session.phase = "starting"
    await world.app.return_from_provider(back)
    await world.app.start("/")
    for late in ("/", back.removeprefix("https://parley.test")):
        world.app.moved(late)
        assert world.app.route == led_to


async def test_without_an_answer_the_first_address_is_where_one_begins():
    world = await signed_out(back="")
    world.app.moved(routes.WELCOME)
    assert world.app.route == routes.WELCOME


async def test_a_way_that_is_over_asks_for_no_password():
    """A page that is loaded again brings the same answer once more, and who made the account by a provider has no password."""
    for slug in ("unauthenticated", "usage"):
        world = await signed_out("restore")
        world.device.faults["provider.finish"] = EngineError(slug, "no")
        await leave(world)
        assert entrance_words.PROVIDER_OVER in said(draw(_screen, world.app))


async def test_an_invitation_by_which_somebody_came_is_still_there():
    world = await signed_out("sign_up")
    world.app.invited("https://parley.test/#invitation=7K2QD")
    await leave(world)
    assert world.app.session.by_provider["invitation"] == "7K2QD"
    assert entrance_words.INVITATION in said(draw(_screen, world.app))
    await enter(world, words.EMAIL, "anna@x.test")
    assert world.device.asked("provider.register")[0]["invitation"] == "7K2QD"


async def test_an_invitation_that_is_refused_can_be_given_there():
    world = await signed_out("sign_up")
    await leave(world)
    world.app.session.by_provider.fill("email", "anna@x.test")
    world.device.faults["provider.register"] = EngineError("invitation_refused", "no")
    await world.app.finish_by_provider()
    tree = draw(_screen, world.app)
    assert {entrance_words.INVITATION, entrance_words.INVITATION_REFUSED} <= said(tree) and nameless(tree) == []


async def test_an_address_that_has_to_be_confirmed_first_leads_to_its_code():
    world = await signed_out("sign_up")
    await leave(world)
    world.app.session.by_provider.fill("email", "anna@x.test")
    world.device.faults["provider.register"] = EngineError("email_unverified", "no")
    state = world.device._session()
    begun = {"unfinished": True, "username": "anna", "server": "https://parley.test"}
    world.device._session = lambda: state | begun
    await world.app.finish_by_provider()
    assert world.app.route == routes.CONFIRM and world.app.session.by_provider.fault == ""


async def test_nobody_stands_there_who_has_not_come_back():
    world = await signed_out(route=routes.PROVIDER)
    assert world.app.route == routes.SIGN_IN
    await world.app.finish_by_provider()
    assert not world.device.asked("provider.restore")


@pytest.mark.parametrize(
    ("address", "comes_back"),
    [
        (BACK, True),
        ("https://parley.test/?error=access_denied&state=x", True),
        ("https://parley.test/", False),
        ("https://parley.test/?code=x", False),
        ("https://parley.test/#join=?code=x&state=y", False),
    ],
)
def test_only_an_answer_is_an_answer(address, comes_back):
    assert is_return(address) == comes_back

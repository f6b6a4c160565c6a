"""Every control on every screen has a name that assistive technology can read: over the tree of controls."""

import flet as ft
import pytest
from app_drawing import draw
from app_examples import BEN, ME, FakeDevice, item, member, outgoing, started, summary

from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.screens.settings import ACCOUNT, APPEARANCE, NOTIFICATIONS
from parley_app.screens.switcher import Switcher

WIDTHS = (390.0, 820.0, 1440.0)
SIGNED_OUT = (routes.WELCOME, routes.SIGN_UP, routes.SIGN_IN, routes.RESTORE)
SIGNED_IN = (
    routes.CHATS,
    "/chats/talk",
    "/chats/talk/details",
    "/chats/group",
    "/chats/group/details",
    "/chats/left",
    "/chats/empty",
    routes.NEW,
    routes.NEW_GROUP,
    routes.PEOPLE,
    routes.SETTINGS,
    APPEARANCE,
    ACCOUNT,
    NOTIFICATIONS,
)
PICTURE = {"name": "pier.jpg", "thumbnail": "anBlZw", "width": 4, "height": 3}


def nameless(tree):
    """Controls that can be used and say nothing."""
    found = []
    speaking = {id(each) for control, above in tree if _says(control) for each in above}
    for control, above in tree:
        if isinstance(control, ft.IconButton):
            named = _says(control.icon)
        elif isinstance(control, ft.TextButton):
            named = id(control) in speaking
        elif isinstance(control, ft.Switch):
            # A label around it does not reach it: its row is one node with the words that stand in it.
            named = any(isinstance(each, ft.MergeSemantics) and id(each) in speaking for each in above)
        elif isinstance(control, ft.TextField | ft.ProgressRing):
            named = _labelled(above)
        elif isinstance(control, ft.Image):
            named = bool(control.exclude_from_semantics or control.semantics_label)
        elif isinstance(control, ft.Container):
            # A plain box that can be pressed takes no focus: only the veil behind a dialog may, beside its buttons.
            named = control.on_click is None or control.content is None
        else:
            continue
        if not named:
            found.append(f"{type(control).__name__} below {[type(each).__name__ for each in above[-4:]]}")
    return found


def _says(control):
    if isinstance(control, ft.Semantics):
        return bool(control.label)
    if isinstance(control, ft.Text):
        return bool(control.semantics_label) or (
            control.semantics_label is None and bool((control.value or "").strip())
        )
    return False


def _labelled(above):
    return any(isinstance(each, ft.Semantics) and each.label for each in above)


def device():
    made = FakeDevice()
    pictures = item(2, "look", attachments=[PICTURE, {"name": "plan.pdf"}])
    made.add(summary(unread=1, read_sequence=1, draft="half"), [item(1), pictures, item(3, by=ME)])
    made.outgoing["talk"] = [outgoing("w"), outgoing("f", state="failed", problem={"detail": "no"})]
    people = [member(ME, "owner"), member(BEN)]
    locked = item(2, "epoch_key_missing", kind="unopened")
    made.add(summary("group", kind="group", name="Trip", members=people), [item(1, "Trip", kind="name"), locked])
    made.add(summary("left", status="removed"), [item(1)])
    made.add(summary("empty", kind="self", members=[member(ME)]))
    return made


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("route", SIGNED_IN)
async def test_controls_have_names(route, width):
    world = await started(device(), route)
    assert world.app.route == route
    if world.app.conversation is not None:
        world.app.conversation.attach("new.png", b"png")
    world.app.finder.fill("username", "ben")
    await world.app.finder.find()
    tree = draw(_screen, world.app, width=width)
    assert len(tree) > 15 and nameless(tree) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("route", SIGNED_OUT)
async def test_controls_have_names_while_signed_out(route, width):
    world = await started(FakeDevice(signed_in=False), route)
    for form in (world.app.session.sign_up, world.app.session.sign_in):
        form.require("server", "username", "password", "recovery_key", "email")
    tree = draw(_screen, world.app, width=width)
    assert world.app.route == route and nameless(tree) == []


@pytest.mark.parametrize("route", [routes.KEY, routes.KEY_CONFIRM])
async def test_controls_have_names_while_the_key_is_kept(route):
    kept = FakeDevice()
    kept.recovery_key = "PARLEY-AAAA-BBBB"
    world = await started(kept, route)
    tree = draw(_screen, world.app, width=390.0)
    assert nameless(tree) == []
    assert any(isinstance(c, ft.Semantics) and c.label == "PARLEY-AAAA-BBBB" for c, _ in tree) == (route == routes.KEY)


@pytest.mark.parametrize("method", ["summaries", "history.page", "session"])
async def test_controls_have_names_where_something_failed(method):
    broken = device()
    broken.faults[method] = EngineError("network_error", "away")
    world = await started(broken, "/chats/talk")
    tree = draw(_screen, world.app)
    assert nameless(tree) == []
    assert any(isinstance(control, ft.Text) and control.value == "Try again" for control, _ in tree)


@pytest.mark.parametrize("state", ["on", "off", "denied", "unsupported"])
async def test_controls_have_names_however_notifications_stand(state):
    world = await started(device(), NOTIFICATIONS)
    world.app.notifications.state, world.app.notifications.said = state, "said"
    for width in WIDTHS:
        assert nameless(draw(_screen, world.app, width=width)) == []


async def test_the_switcher_has_names():
    world = await started(device())
    assert nameless(draw(Switcher, world.app)) == []


async def test_skeletons_say_that_they_load():
    world = await started(device())
    world.app.chats.loaded = False
    tree = draw(_screen, world.app)
    assert any(isinstance(control, ft.Semantics) and control.label == "Loading" for control, _ in tree)


def test_a_button_without_a_name_is_caught():
    world = None
    bare = ft.Row([ft.IconButton(icon=ft.Text("x", semantics_label="")), ft.TextField(), ft.TextButton(ft.Text(""))])
    assert len(nameless(draw(lambda _: bare, world))) == 3


async def test_titles_are_headings_on_every_screen():
    for route in SIGNED_IN:
        world = await started(device(), route)
        tree = draw(_screen, world.app, width=390.0)
        assert any(isinstance(control, ft.Semantics) and control.header for control, _ in tree), route

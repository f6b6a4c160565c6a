"""Every control on every screen has a name that assistive technology can read: over the tree of controls."""

import inspect
from functools import partial

import flet as ft
import pytest
from app_channels import channel
from app_drawing import draw
from app_examples import (
    BEN,
    CARLA,
    ME,
    NOON,
    FakeDevice,
    item,
    member,
    moment,
    outgoing,
    person,
    poll,
    quote,
    reaction,
    started,
    summary,
    thread,
)

from parley_app import words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model import channel_menus, channels, member_menus, menus, reminding, room_menus
from parley_app.model.layers import (
    CompareNumber,
    NewFolder,
    RemindersList,
    ReportOf,
    ScheduledList,
    SendLater,
    SetLifetime,
    SignInAgain,
    Spot,
)
from parley_app.model.rows import Person
from parley_app.model.searching import SOMEBODY
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import (
    ACCOUNT,
    APPEARANCE,
    LINK_OTHER,
    LOCK_OUT,
    NOTIFICATIONS,
    OWN_DATA,
    OWN_EMAIL,
    OWN_INVITATIONS,
    OWN_PASSWORD,
    OWN_PROFILE,
    OWN_SESSIONS,
    PRIVACY,
    SECOND_STEP,
)
from parley_app.screens.switcher import Switcher

WIDTHS = (390.0, 820.0, 1440.0)
SIGNED_OUT = (routes.WELCOME, routes.SIGN_UP, routes.SIGN_IN, routes.RESTORE, routes.LINK, routes.ANEW)
SIGNED_IN = (
    routes.CHATS,
    "/chats/talk",
    "/chats/talk/details",
    "/chats/group",
    "/chats/group/details",
    "/chats/group/invite",
    "/chats/group/permissions",
    "/chats/group/audit",
    "/chats/group/threads/3",
    "/chats/left",
    "/chats/empty",
    "/chats/renewed",
    "/chats/lost",
    "/chats/town",
    "/chats/town/details",
    "/chats/town/search",
    "/chats/town/apps",
    "/chats/town/permissions",
    "/chats/quay",
    channels.DIRECTORY,
    channels.NEW,
    channels.SEARCH,
    routes.NEW,
    routes.NEW_GROUP,
    routes.JOIN,
    routes.PEOPLE,
    routes.SETTINGS,
    APPEARANCE,
    ACCOUNT,
    OWN_EMAIL,
    OWN_PROFILE,
    OWN_PASSWORD,
    SECOND_STEP,
    OWN_INVITATIONS,
    OWN_SESSIONS,
    OWN_DATA,
    LINK_OTHER,
    f"{LOCK_OUT}/phone-device",
    PRIVACY,
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


def uncallable(tree):
    """Handlers that Flet could not call: it hands the event over to whatever has a parameter left, one by name too."""
    found = []
    for control, _ in tree:
        handler = getattr(control, "on_click", None)
        if handler is not None:
            signature = inspect.signature(handler)
            try:
                signature.bind(*([None] if signature.parameters else []))
            except TypeError:
                found.append(handler)
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
    said = item(3, "see @ben", by=ME, pinned=True, reactions=[reaction("👍", BEN, ME)], thread=thread(1, 7, BEN))
    asked = item(4, "boat?", by=ME, kind="poll", poll=poll({"nine": [BEN], "ten": []}))
    closed = item(5, "boat?", kind="poll", poll=poll({"nine": [BEN], "ten": [ME]}, several=True, closed=True))
    rest = [
        item(6, "answer", reply_to=quote(3), edited_at="2026-11-26T12:00:00Z"),
        item(7, "in the thread", thread_root=3, reply_to=quote(2, gone=True)),
        item(8, "", kind="deleted", deleted_by=person(BEN)),
        item(9, "", kind="members", added=[person(BEN)]),
    ]
    entries = [item(1, "Trip", kind="name"), locked, said, asked, closed, *rest]
    made.add(summary("group", kind="group", name="Trip", members=people, unread=2, mentions=1), entries)
    made._group_link_create("group", 60, 10, False)
    made.groups["group"] |= {"asking": [person(CARLA)], "banned": [person(CARLA)]}
    made.joins = ["elsewhere"]
    made._remind("group", 3, "2026-11-25T09:00:00Z")
    made.reminded[-1]["due"] = True
    made._schedule_create("group", "later", "2026-11-27T09:00:00Z")
    made.add(summary("left", status="removed"), [item(1)])
    made.add(summary("empty", kind="self", members=[member(ME)]))
    made.add(summary("lost", renewed=[BEN], doubted=[BEN]), [item(1)])
    returning = item(1, "", kind="members", again=[person(BEN)])
    may = ["send", "add"]
    made.add(summary("renewed", kind="group", name="Trip", members=people, may=may, renewed=[BEN]), [returning])
    open_may = ["send", "invite"]
    made.add(summary("town", kind="open", name="Town", members=people, may=open_may), [item(1, "Town", kind="name")])
    made.add(summary("quay", kind="open", name="Quay", members=people[1:], status="removed"), [item(1)])
    made.channels = [channel("town", "Town", joined=True), *(channel(name, name, topic="News") for name in "abc")]
    made.posts = [{"conversation_id": "town", "sequence": 1, "user_id": BEN, "stored_at": moment(), "text": "a pier"}]
    made._channel_app_create("town", "Builds", ["read"], "https://builds.example")
    made._channel_app_create("town", "Bell", ["post"])
    made.applications["town"][1]["callback_ended"] = "it said 410"
    return made


async def look_into_channels(app):
    """Whatever the screens of open channels show once they have asked."""
    await app.channels.directory.load()
    for searching in (app.channels.search_in(), app.channels.search_in("town")):
        searching.fill("query", "pier")
        await searching.choose(NOON, sender=SOMEBODY, span="days")
        searching.fill("someone", "ben")
        searching.fill("since", "2026-11-26")
        await searching.run(NOON)
        assert len(searching.hits) == 1
    await app.channels.applications_of("town", app.session.server).load()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("route", SIGNED_IN)
async def test_controls_have_names(route, width):
    world = await started(device(), route)
    assert world.app.route == route
    if world.app.conversation is not None:
        world.app.conversation.attach("new.png", b"png")
    await world.app.privacy.load()
    await world.app.session.security.email.load()
    await world.app.session.security.factors.load()
    await world.app.session.security.sessions.load()
    world.app.finder.fill("username", "ben")
    await world.app.finder.find()
    await look_into_channels(world.app)
    tree = draw(_screen, world.app, width=width)
    assert len(tree) > 15 and nameless(tree) == [] and uncallable(tree) == []


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


def member_menu(app):
    return member_menus.of_member(app, app.governing, Person(BEN, "ben"), "Trip", Spot())


def filter_menu(app, menu):
    return menu(app, app.channels.search_in(), Spot())


LAYERS = {
    "menu": lambda app: app.show_menu(3, Spot(), in_thread=False),
    "menu in a thread": lambda app: app.show_menu(7, Spot(40, 50), in_thread=True),
    "menu of nothing": lambda app: app.show_menu(99, Spot(), in_thread=False),
    "picker": lambda app: app.show_picker(3, Spot(9, 9), in_thread=False),
    "picker of the composer": lambda app: app.show_picker(0, Spot(), in_thread=False),
    "deletion": lambda app: menus.ask_to_delete(app, 3, in_thread=False),
    "adding": lambda app: app.show_adding(in_thread=False),
    "poll": lambda app: app.show_poll_form(),
    "menu of a conversation": lambda app: app.show_room_menu("group", Spot(4, 4)),
    "folders": lambda app: app.layers.show(room_menus.of_folders(app, "group", Spot())),
    "new folder": lambda app: app.layers.show(NewFolder("group")),
    "menu of a member": lambda app: app.layers.show(member_menu(app)),
    "sending later": lambda app: (app.schedule.begin(NOON), app.layers.show(SendLater())),
    "what waits": lambda app: app.layers.show(ScheduledList()),
    "where to search": lambda app: app.layers.show(filter_menu(app, channel_menus.of_where)),
    "whose messages": lambda app: app.layers.show(filter_menu(app, channel_menus.of_sender)),
    "which time": lambda app: app.layers.show(filter_menu(app, channel_menus.of_span)),
    "leaving a channel": lambda app: app.layers.show(channel_menus.ask_to_leave(app, "town", "#Town")),
    "timer": lambda app: app.layers.show(SetLifetime("timer")),
    "retention": lambda app: app.layers.show(SetLifetime("retention")),
    "remind": lambda app: reminding.begin(app, 3, in_thread=False),
    "reminders": lambda app: app.layers.show(RemindersList()),
    "compare": lambda app: app.layers.show(CompareNumber("ben")),
    "password again": lambda app: app.layers.show(SignInAgain()),
    "report": lambda app: app.layers.show(ReportOf(3, in_thread=False)),
    "leaving": lambda app: app.layers.show(member_menus.ask_to_leave(app, app.governing, "Trip")),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("layer", LAYERS)
async def test_what_floats_has_names(layer, width):
    world = await started(device(), "/chats/group/threads/3")
    world.app.preferences.emoji = ("🎉",)
    LAYERS[layer](world.app)
    tree = draw(Layers, world.app, width=width)
    assert nameless(tree) == [] and uncallable(tree) == [] and (len(tree) > 8) == (layer != "menu of nothing")


@pytest.mark.parametrize("layer", ["timer", "retention", "report"])
async def test_what_floats_scrolls_in_a_low_window(layer):
    world = await started(device(), "/chats/group")
    LAYERS[layer](world.app)
    for height, scrolls in ((420.0, True), (844.0, False)):
        tree = draw(Layers, world.app, width=390.0, height=height)
        assert any(isinstance(control, ft.ListView) for control, _ in tree) == scrolls and nameless(tree) == []


@pytest.mark.parametrize("width", WIDTHS)
async def test_composer_modes_have_names(width):
    world = await started(device(), "/chats/group")
    conversation = world.app.conversation
    for begin in (lambda: conversation.reply(conversation.item(6)), lambda: conversation.correct(conversation.item(3))):
        begin()
        conversation.set_draft("hey @")
        tree = draw(_screen, world.app, width=width)
        assert nameless(tree) == []
        said = {control.label for control, _ in tree if isinstance(control, ft.Semantics)}
        assert "@ben" in said and words.PEOPLE_TO_MENTION in said
    await world.settle()


async def test_the_switcher_has_names():
    world = await started(device())
    assert nameless(draw(Switcher, world.app)) == []


async def test_skeletons_say_that_they_load():
    world = await started(device())
    world.app.chats.loaded = False
    tree = draw(_screen, world.app)
    assert any(isinstance(control, ft.Semantics) and control.label == "Loading" for control, _ in tree)


def test_a_handler_that_cannot_take_the_event_is_caught():
    def answer(person, *, welcome):
        """As in a row of people."""

    bare = ft.TextButton("x", on_click=partial(answer, "ben", welcome=True))
    assert len(uncallable(draw(lambda _: bare, None))) == 1


def test_a_button_without_a_name_is_caught():
    world = None
    bare = ft.Row([ft.IconButton(icon=ft.Text("x", semantics_label="")), ft.TextField(), ft.TextButton(ft.Text(""))])
    assert len(nameless(draw(lambda _: bare, world))) == 3


async def test_titles_are_headings_on_every_screen():
    for route in SIGNED_IN:
        world = await started(device(), route)
        tree = draw(_screen, world.app, width=390.0)
        assert any(isinstance(control, ft.Semantics) and control.header for control, _ in tree), route

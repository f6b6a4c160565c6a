"""How people show themselves: pictures in lists, header and details, and one's own page."""

import asyncio

import flet as ft
import pytest
from app_drawing import draw
from app_examples import BEN, CARLA, ME, FakeDevice, item, member, started, summary
from app_screens import button, enter, press, said
from test_names import nameless

from parley_app import kept_words, profile_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import faces as model
from parley_app.model.layers import Choices, Question, ShowPerson
from parley_app.model.pictures import SIZE_BYTES_MAX
from parley_app.model.rows import Person
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT, OWN_PROFILE
from parley_app.screens.switcher import Switcher
from parley_contracts.encoding import b64encode
from parley_contracts.limits import ABOUT_LENGTH_MAX

RED, BLUE = b"RIFFredxWEBP", b"RIFFblueWEBP"
WIDTHS = (390.0, 820.0, 1440.0)


async def talking(route="/chats/talk/details", **shown):
    device = FakeDevice()
    device.add(summary(), [item(1)])
    device.add(summary("trip", kind="group", name="Trip", members=[member(ME, "owner"), member(BEN)]))
    device.shown[BEN] = {"picture": b64encode(RED)} | shown
    world = await started(device, route)
    world.app.faces.want(BEN)
    await world.settle()
    return world, device


def shown(tree):
    """The pictures on the screen."""
    return [control.src for control, _ in tree if isinstance(control, ft.Image) and isinstance(control.src, bytes)]


async def test_a_picture_is_shown_in_list_header_details_and_messages():
    world, _ = await talking()
    assert len(shown(draw(_screen, world.app))) >= 4 and set(shown(draw(_screen, world.app))) == {RED}
    assert shown(draw(Switcher, world.app)) == [RED], "a group has its own"
    world.app.go("/chats")
    assert shown(draw(_screen, world.app, width=390.0)) == [RED]


async def test_who_comes_into_sight_is_asked_for_once_and_together():
    world, device = await talking()
    faces = world.app.faces
    for user_id in (ME, CARLA, BEN, ME, ""):
        faces.want(user_id)
    await world.settle()
    assert [call["user_ids"] for call in device.asked("profiles")] == [[BEN], [ME, CARLA]]


async def test_who_comes_into_sight_again_is_asked_for_again_after_a_while(monkeypatch):
    world, device = await talking()
    faces = world.app.faces

    async def again():
        faces.want(BEN)
        await world.settle()

    await again()
    assert len(device.asked("profiles")) == 1
    monkeypatch.setattr(model, "PROFILE_AGE_S_MAX", 0)
    turn = faces.face(BEN).version
    await again()
    assert len(device.asked("profiles")) == 2
    assert faces.face(BEN).version == turn, "nothing is drawn anew where nothing is another"
    device.shown[BEN] = {"picture": b64encode(BLUE)}
    await again()
    assert faces.face(BEN).picture == BLUE


async def test_what_is_not_there_stays_letters():
    world, device = await talking()
    device.faults["profiles"] = device.faults["profile"] = EngineError("network_error", "no answer")
    world.app.faces.want(CARLA)
    await world.app.faces.look(BEN)
    await world.settle()
    assert world.app.faces.face(CARLA).picture == b"" and world.app.faces.face(BEN).picture == RED
    del device.faults["profiles"]
    world.app.faces.want(CARLA)
    await world.settle()
    assert world.app.faces.face(CARLA).profile, "what failed is asked for again"


async def test_somebody_else_sees_none_of_them():
    world, device = await talking()
    world.app.faces.want(CARLA)  # whose answer comes when nobody is here any more
    device.shown[CARLA] = {"about": "Boats"}
    world.app.faces.clear()
    await world.settle()
    assert world.app.faces.face(CARLA).profile is None
    device.tell("signed_out")
    await world.settle()
    assert world.app.faces.face(BEN).picture == b"" and world.app.faces.face(BEN).profile is None


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_details_say_how_somebody_shows_themselves_below_the_user_name(width):
    world, _ = await talking(display_name="Anna", about="Plants", pronouns="he/him", time_zone="America/New_York")
    tree = draw(_screen, world.app, width=width)
    assert {"ben", "Anna · he/him", "Plants", "America/New York"} <= said(tree)
    headings = [each for each, _ in tree if isinstance(each, ft.Semantics) and each.header]
    assert not any("Anna" in str(getattr(each.content, "value", "")) for each in headings), "nobody's name by choice"
    assert nameless(tree) == []


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_member_of_a_group_is_shown_and_written_to(width):
    world, device = await talking("/chats/trip/details", about="Plants", pronouns="he/him")
    world.app.layers.show(ShowPerson(Person(BEN, "ben")))
    tree = draw(Layers, world.app, width=width)
    assert {"ben", "he/him", "Plants"} <= said(tree) and profile_words.silent("ben") not in said(tree)
    assert shown(tree) == [RED] and nameless(tree) == []
    await press(world, words.write_to("ben"), Layers)
    assert device.asked("direct.open") == [{"username": "ben"}] and world.app.layers.shown is None


async def test_who_says_nothing_is_a_user_name_alone():
    world, _ = await talking()
    await world.app.faces.look(BEN)
    world.app.layers.show(ShowPerson(Person(BEN, "ben")))
    assert profile_words.silent("ben") in said(draw(Layers, world.app))
    assert "ben · " not in " ".join(str(each) for each in said(draw(_screen, world.app)))


async def test_the_page_is_found_filled_and_saved():
    world = await started(FakeDevice(), ACCOUNT)
    await press(world, f"{profile_words.PROFILE}, {profile_words.PROFILE_DETAIL}")
    assert world.app.route == OWN_PROFILE
    form = world.app.session.security.profile
    await form.load()
    assert form["display_name"] == "anna"
    form.fill("about", " Plants ")
    form.fill("pronouns", "she/her")
    await enter(world, profile_words.TIME_ZONE, "Europe/Berlin")
    given = {"display_name": "anna", "about": "Plants", "pronouns": "she/her", "time_zone": "Europe/Berlin"}
    assert world.device.asked("account.profile") == [given]
    for width in WIDTHS:
        tree = draw(_screen, world.app, width=width)
        assert profile_words.SAVED in said(tree) and nameless(tree) == []
    await form.load()
    assert form["about"] == " Plants ", "what is being typed stays"


async def test_what_is_not_known_yet_says_so_and_is_tried_again():
    world = await started(FakeDevice(), OWN_PROFILE)
    form = world.app.session.security.profile
    assert words.LOADING in said(draw(_screen, world.app))
    world.device.faults["account"] = EngineError("network_error", "no answer")
    await form.load()
    assert words.FAULTS["network_error"] in said(draw(_screen, world.app))
    del world.device.faults["account"]
    await press(world, words.TRY_AGAIN)
    assert form.loaded


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("display_name", "  ", words.MISSING),
        ("about", "x" * (ABOUT_LENGTH_MAX + 1), profile_words.too_long(ABOUT_LENGTH_MAX)),
    ],
)
async def test_what_cannot_be_said_is_told_at_its_field(name, value, sentence):
    world = await started(FakeDevice(), OWN_PROFILE)
    form = world.app.session.security.profile
    await form.load()
    form.fill(name, value)
    await press(world, profile_words.SAVE)
    assert form.faults == {name: sentence} and not world.device.asked("account.profile")
    assert sentence in said(draw(_screen, world.app))


async def test_a_time_zone_that_is_none_is_told_at_its_field():
    world = await started(FakeDevice(), OWN_PROFILE)
    form = world.app.session.security.profile
    await form.load()
    refused = "A time zone is a name such as Europe/Berlin."
    world.device.faults["account.profile"] = EngineError("invalid_request", refused)
    await press(world, profile_words.SAVE)
    assert form.faults == {"time_zone": profile_words.TIME_ZONE_WRONG} and not form.done


async def test_a_picture_of_oneself_is_shown_changed_and_removed(monkeypatch):
    world = await started(FakeDevice(), OWN_PROFILE)
    app, chosen, tasks = world.app, [RED], []
    await app.session.security.profile.load()

    async def pick(_, **__):
        return [type("File", (), {"name": "p.png", "bytes": each})() for each in chosen]

    async def act(component, label):
        button(draw(component, app, run_task=run_task), label).on_click()
        await finished()

    def run_task(work, *args):
        tasks.append(asyncio.ensure_future(work(*args)))

    async def finished():
        await asyncio.gather(*tasks)
        await world.settle()

    monkeypatch.setattr(ft.FilePicker, "pick_files", pick)
    await act(_screen, profile_words.SET_PICTURE)
    assert set(shown(draw(_screen, app))) == {RED}, "on the page, and wherever one's own face stands"
    chosen[:] = [BLUE]
    await act(_screen, profile_words.CHANGE_PICTURE)
    assert isinstance(app.layers.shown, Choices)
    app.layers.shown.groups[0][0].act()
    await finished()
    assert set(shown(draw(_screen, app))) == {BLUE}
    await act(_screen, profile_words.CHANGE_PICTURE)
    await act(Layers, profile_words.REMOVE_PICTURE)
    assert isinstance(app.layers.shown, Question)
    await act(Layers, profile_words.REMOVE_PICTURE)
    assert shown(draw(_screen, app)) == [] and kept_words.SET_PICTURE not in said(draw(_screen, app))


async def test_a_picture_that_is_refused_or_too_large_is_said():
    world = await started(FakeDevice(), OWN_PROFILE)
    form = world.app.session.security.profile
    await form.load()
    await form.show(bytes(SIZE_BYTES_MAX + 1))
    assert form.fault == words.PICTURE_TOO_LARGE and not world.device.asked("account.picture")
    world.device.faults["account.picture"] = EngineError("not_a_picture", "no")
    await form.show(b"nonsense")
    assert words.FAULTS["not_a_picture"] in said(draw(_screen, world.app))

"""Pictures of groups without a screen: fetched once for each version, shown where the group is, set by who may."""

import asyncio

import flet as ft
import pytest
from app_drawing import draw
from app_examples import BEN, ME, NOON, FakeDevice, item, member, started, summary
from app_screens import button, said

from parley_app import kept_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import chats, timeline
from parley_app.model.layers import Choices, Question
from parley_app.model.pictures import SIZE_BYTES_MAX
from parley_app.model.rows import Note, Person
from parley_app.screens.layers import Layers
from parley_app.screens.switcher import Switcher
from parley_contracts.encoding import b64encode

ANNA = Person(ME, "anna", own=True)
RED, BLUE = b"\xff\xd8\xffred", b"\xff\xd8\xffblue"


async def group(may=("name", "send"), picture=None, route="/chats/trip/details"):
    device = FakeDevice()
    people = [member(ME, "owner"), member(BEN)]
    device.add(summary("trip", kind="group", name="Trip", members=people, may=list(may)), [item(1)])
    device.add(summary())
    if picture is not None:
        device.pictures["trip"] = b64encode(picture)
        device.summaries["trip"] |= {"picture": "first"}
    return await started(device, route), device


def shown(tree):
    """The pictures on the screen."""
    return [control.src for control, _ in tree if isinstance(control, ft.Image) and isinstance(control.src, bytes)]


async def test_it_is_shown_in_list_header_details_and_switcher_and_fetched_once():
    world, device = await group(picture=RED)
    assert shown(draw(_screen, world.app)) == [RED] * 3
    assert shown(draw(_screen, world.app, width=390.0)) == [RED]
    assert shown(draw(Switcher, world.app)) == [RED]
    for _ in range(3):
        device.tell("conversation.changed", conversation_id="trip")
        await world.settle()
    assert len(device.asked("group.picture.read")) == 1
    device._group_picture("trip", b64encode(BLUE))
    await world.settle()
    assert shown(draw(_screen, world.app)) == [BLUE] * 3 and len(device.asked("group.picture.read")) == 2
    device._group_picture("trip", None)
    await world.settle()
    assert shown(draw(_screen, world.app)) == []


async def test_the_picture_before_stays_until_the_next_is_there():
    world, device = await group(picture=RED)
    device.faults["group.picture.read"] = EngineError("network_error", "no answer")
    device._group_picture("trip", b64encode(BLUE))
    await world.settle()
    assert shown(draw(_screen, world.app)) == [RED] * 3
    del device.faults["group.picture.read"]
    device.tell("conversation.changed", conversation_id="trip")
    await world.settle()
    assert shown(draw(_screen, world.app)) == [BLUE] * 3


async def test_a_picture_is_set_changed_and_removed_by_who_may(monkeypatch):
    world, device = await group()
    chosen = [RED]

    async def pick(_, **__):
        return [type("File", (), {"name": "p.png", "bytes": each})() for each in chosen]

    monkeypatch.setattr(ft.FilePicker, "pick_files", pick)
    tasks = []

    def run_task(work, *args):
        tasks.append(asyncio.ensure_future(work(*args)))

    async def press(component, label):
        button(draw(component, world.app, run_task=run_task), label).on_click()
        await asyncio.gather(*tasks)
        await world.settle()

    await press(_screen, kept_words.SET_PICTURE)
    assert device.pictures["trip"] == b64encode(RED) and shown(draw(_screen, world.app)) == [RED] * 3
    chosen[:] = [BLUE]
    await press(_screen, kept_words.CHANGE_PICTURE)
    assert isinstance(world.app.layers.shown, Choices)
    world.app.layers.shown.groups[0][0].act()
    await asyncio.gather(*tasks)
    await world.settle()
    assert device.pictures["trip"] == b64encode(BLUE) and world.app.layers.shown is None
    await press(_screen, kept_words.CHANGE_PICTURE)
    await press(Layers, kept_words.REMOVE_PICTURE)
    assert isinstance(world.app.layers.shown, Question)
    await press(Layers, kept_words.REMOVE_PICTURE)
    assert device.pictures["trip"] is None and shown(draw(_screen, world.app)) == []
    assert world.app.layers.shown is None


@pytest.mark.parametrize("slug", ["not_a_picture", "network_error", "policy_refused"])
async def test_what_cannot_be_set_is_said_in_the_details_of_that_group(slug):
    world, device = await group()
    device.faults["group.picture"] = EngineError(slug, "no")
    assert not await world.app.pictures.set("trip", b"nonsense")
    assert words.FAULTS[slug] in said(draw(_screen, world.app))
    world.app.go("/chats/talk/details")
    assert words.FAULTS[slug] not in said(draw(_screen, world.app))
    await world.settle()


async def test_what_is_too_large_is_not_even_tried():
    world, device = await group()
    assert not await world.app.pictures.set("trip", bytes(SIZE_BYTES_MAX + 1))
    assert not device.asked("group.picture") and words.PICTURE_TOO_LARGE in said(draw(_screen, world.app))


@pytest.mark.parametrize("width", [390.0, 820.0, 1440.0])
async def test_who_may_not_sees_it_and_changes_nothing(width):
    world, _ = await group(may=["send"], picture=RED)
    tree = draw(_screen, world.app, width=width)
    assert RED in shown(tree) and not {kept_words.SET_PICTURE, kept_words.CHANGE_PICTURE} & said(tree)


async def test_somebody_else_sees_none_of_them():
    world, device = await group(picture=RED)
    one = device.summaries["trip"]
    device.tell("signed_out")
    await world.settle()
    assert world.app.pictures.of(one) == b""


@pytest.mark.parametrize(
    ("changed", "about", "sentence"),
    [
        (["picture"], "picture", "ben changed the group’s picture"),  # noqa: RUF001
        (["picture_removed"], "picture", "ben removed the group’s picture"),  # noqa: RUF001
        (["topic"], "name", "ben changed what the group is about"),
        (["name", "picture"], "name", "ben chose the name “Trip”"),
        ([], "name", "ben chose the name “Trip”"),
    ],
)
def test_what_is_new_of_a_group_is_a_line(changed, about, sentence):
    told = item(1, "Trip", kind="name", changed=changed)
    (_, note) = timeline.entries(timeline.Window([told], [], {}, frozenset({BEN}), ANNA), NOON)
    assert note == Note("at-1", sentence, about)
    assert chats.room(summary(last=told), ANNA, NOON).preview == sentence

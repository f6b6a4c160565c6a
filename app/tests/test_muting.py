"""Muting in the app: who is offered it, who is shown as muted, and what the muted read in place of the composer."""

import datetime as dt

from app_drawing import texts
from app_examples import BEN, CARLA, ME, item, member, started, summary
from app_examples import FakeDevice as Device
from test_governing import choose, group, labels, menu_of

from parley_app import room_words
from parley_app.components.people_rows import MemberRow
from parley_app.model import muting
from parley_app.model.layers import Choices
from parley_app.model.people import members_of
from parley_app.model.rows import Presence
from parley_app.screens.writing import Writing


async def muted_world(until):
    """A group in which this person is muted."""
    device = Device()
    people = [member(ME, muted_until=until), member(BEN, "owner"), member(CARLA)]
    device.add(summary("trip", kind="group", name="Trip", members=people, may=[]), [item(1)])
    return await started(device, "/chats/trip"), device


async def test_somebody_is_muted_for_a_time_and_unmuted():
    world, governing, device = await group("moderator")
    await choose(world, menu_of(world, CARLA), "Mute carla")
    asked = world.app.layers.shown
    assert isinstance(asked, Choices) and labels(asked) == list(room_words.MUTE_PERSON_FOR.values())
    await choose(world, asked, "For 8 hours")
    assert device.asked("group.mute") == [{"conversation_id": "trip", "members": ["carla"], "lifetime_s": 28800}]
    assert governing.is_muted(CARLA) and not governing.is_muted(BEN)
    shown = members_of(world.app.conversation.summary, world.app.session.me)
    assert [person.name for person in shown if person.muted] == ["carla"]
    await choose(world, menu_of(world, CARLA), "Unmute carla")
    assert device.asked("group.unmute") == [{"conversation_id": "trip", "members": ["carla"]}]
    assert not governing.is_muted(CARLA)


async def test_the_muted_are_marked_in_the_list():
    world, _ = await muted_world("always")
    people = {person.name: person for person in members_of(world.app.conversation.summary, world.app.session.me)}
    for name, marked in (("anna", True), ("ben", False)):
        assert (room_words.MUTED in texts(lambda _, who=name: MemberRow(people[who], Presence.UNKNOWN), None)) is marked


async def test_the_composer_says_until_when():
    world, _ = await muted_world("always")
    conversation = world.app.conversation
    assert room_words.YOU_ARE_MUTED in texts(lambda app: Writing(app, conversation), world.app)
    now = dt.datetime(2026, 11, 26, 12, 0).astimezone()
    later = now + dt.timedelta(hours=1)
    assert muting.sentence(later.isoformat(), now) == "You are muted here until 13:00. You can read on meanwhile."
    next_day = (now + dt.timedelta(days=1)).isoformat()
    assert "until 12:00 on Friday, 27 November" in muting.sentence(next_day, now)


async def test_the_composer_comes_back_when_the_mute_is_over():
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(milliseconds=50)).isoformat()
    world, device = await muted_world(until)
    device.summaries["trip"] = summary(
        "trip", kind="group", name="Trip", members=[member(ME), member(BEN, "owner")], may=["send"]
    )
    await muting.wait_for_end(world.app, "trip", until)
    assert muting.muted_until(world.app.conversation.summary, ME) is None
    await muting.wait_for_end(world.app, "trip", muting.ALWAYS)  # nothing to wait for

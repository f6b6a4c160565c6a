"""Changes to a conversation's keys that cannot be used, as the app tells of them."""

import pytest
from app_drawing import texts
from app_examples import BEN, ME, item, member, started, summary
from app_examples import FakeDevice as Device
from app_screens import press

from parley_app import reset_words, words
from parley_app.engine import EngineError
from parley_app.model import marks
from parley_app.model.rows import Person
from parley_app.screens.writing import Writing


async def with_status(status):
    """A group that stands so."""
    device = Device()
    people = [member(ME), member(BEN, "owner")]
    device.add(summary("trip", kind="group", name="Trip", members=people, status=status), [item(1)])
    return await started(device, "/chats/trip"), device


def writing(world):
    conversation = world.app.conversation
    return lambda app: Writing(app, conversation)


async def test_while_it_is_repaired_the_composer_says_so():
    world, _ = await with_status("stuck")
    assert not world.app.conversation.writable
    assert reset_words.STUCK in texts(writing(world), world.app)


async def test_what_could_not_be_checked_waits_for_the_person():
    world, device = await with_status("paused")
    assert not world.app.conversation.writable
    assert {reset_words.PAUSED_TITLE, reset_words.PAUSED} <= set(texts(writing(world), world.app))
    device.faults["conversation.reset.confirm"] = EngineError("timeout", "no network")
    await press(world, reset_words.GO_ON, writing(world))
    assert world.app.conversation.summary["status"] == "paused"
    del device.faults["conversation.reset.confirm"]
    await press(world, reset_words.GO_ON, writing(world))
    assert device.asked("conversation.reset.confirm") == [{"conversation_id": "trip"}] * 2
    assert world.app.conversation.writable
    assert reset_words.PAUSED not in texts(writing(world), world.app)


@pytest.mark.parametrize(
    ("culprit", "why"), [("ben", "ben's change"), ("anna", "your device's change"), ("", "a change to them")]
)
def test_a_line_says_what_happened(culprit, why):
    told = item(1, culprit) | {"kind": "reset"}
    me = Person(ME, "anna", own=True)
    assert why in marks.reset_note(told, me) and marks.note(told, me) == marks.reset_note(told, me)
    assert words.LOCKED not in marks.note(told, me)

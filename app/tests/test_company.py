"""Who is there, who types, how far the others have come, and what is unread: without a screen."""

import asyncio

import pytest
from app_examples import BEN, CARLA, ME, NOON, FakeDevice, item, member, outgoing, presence, started, summary

from parley_app import room_words
from parley_app.engine import EngineError
from parley_app.model import company, conversation
from parley_app.model.rows import Message, NewMark, Presence, SendState
from parley_contracts.limits import PRESENCE_WATCH_MAX

NOW = NOON.astimezone()
GROUP = {"kind": "group", "name": "Trip", "members": [member(ME, "owner"), member(BEN), member(CARLA)]}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(company, "WATCH_PAUSE_S", 0)
    monkeypatch.setattr(conversation, "DRAFT_PAUSE_S", 0)


@pytest.fixture
def device():
    return FakeDevice()


def rows_of(world):
    return world.app.chats.rows(world.app.session.me, NOW)


def bubbles(world):
    return [row for row in world.app.conversation.entries(NOW) if isinstance(row, Message)]


def new_lines(world):
    return [row.count for row in world.app.conversation.entries(NOW) if isinstance(row, NewMark)]


# --- who is there


async def test_those_one_writes_with_are_watched_and_the_open_group_first(device):
    device.presences = {BEN: presence(BEN), CARLA: presence(CARLA, "offline", "2026-11-26T10:41:00Z")}
    device.add(summary())
    device.add(summary("trip", **GROUP))
    world = await started(device)
    assert device.asked("presence.watch") == [{"user_ids": [BEN]}]
    by_key = {row.key: row for row in rows_of(world)}
    assert by_key["talk"].presence is Presence.HERE and by_key["trip"].presence is Presence.UNKNOWN
    world.app.open("trip")
    await world.settle()
    assert device.asked("presence.watch")[-1] == {"user_ids": [BEN, CARLA]}
    assert world.app.company.here([BEN, CARLA]) == 1
    world.app.open("talk")
    await world.settle()
    assert len(device.asked("presence.watch")) == 2  # nobody new


async def test_no_more_people_are_watched_than_the_server_allows(device):
    world = await started(device)
    world.app.company.watch([f"user-{number}" for number in range(2 * PRESENCE_WATCH_MAX)])
    await world.settle()
    assert len(device.asked("presence.watch")[0]["user_ids"]) == PRESENCE_WATCH_MAX


async def test_how_somebody_stands_is_said_in_words(device):
    device.add(summary())
    world = await started(device)
    others = world.app.company
    assert others.sentence(BEN, NOW) == ""
    seen = NOON.replace(hour=0, minute=5).isoformat()
    for status, last, sentence in (
        ("online", None, room_words.HERE_NOW),
        ("away", None, room_words.AWAY),
        ("offline", None, ""),
        ("offline", seen, f"Last seen at {NOON.replace(hour=0, minute=5).astimezone():%H:%M}"),
        ("offline", "2026-11-25T12:00:00Z", "Last seen yesterday"),
        ("away", "2026-11-23T12:00:00Z", "Last seen Monday"),
    ):
        device.tell("presence.changed", **presence(BEN, status, last))
        await world.settle()
        assert others.sentence(BEN, NOW) == sentence
    device.tell("presence.changed", **presence(BEN))
    device.tell("connection.changed", state="offline")
    await world.settle()
    assert others.presence(BEN) is Presence.UNKNOWN


async def test_the_device_is_away_while_nobody_looks(device):
    world = await started(device)
    for watched in (False, True):
        await world.app.watch(watched=watched)
    assert [params["status"] for params in device.asked("presence.set")] == ["away", "online"]


# --- who types


async def test_who_types_stands_in_the_list_until_they_stop(device):
    device.add(summary(draft="half"))
    world = await started(device)
    for people, sentence in (
        ([BEN], "ben is typing"),
        ([BEN, CARLA], "ben and carla are typing"),
        ([BEN, CARLA, ME], "Several people are typing"),
        ([], ""),
    ):
        typists = [{"user_id": each, "username": each.removeprefix("user-")} for each in people]
        device.tell("typing.changed", conversation_id="talk", people=typists)
        await world.settle()
        assert rows_of(world)[0].typing == sentence


async def test_typing_is_told_and_ends_with_the_text_or_the_place(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    open_one = world.app.conversation
    open_one.set_draft("h")
    open_one.set_draft("hi")
    open_one.set_draft("")
    await world.settle()
    assert len(device.asked("typing.start")) == 2 and len(device.asked("typing.stop")) == 1
    open_one.set_draft("more")
    world.app.go("/chats")
    await world.settle()
    assert len(device.asked("typing.stop")) == 2
    device.faults["typing.start"] = EngineError("unavailable", "no")
    world.app.open("talk")
    await world.settle()
    world.app.conversation.set_draft("hello")
    await world.settle()
    assert world.app.conversation.note == ""


# --- how far the others have come


@pytest.mark.parametrize(
    ("delivered", "read", "state"),
    [
        ({BEN: 9}, {}, SendState.SENT),
        ({BEN: 9, CARLA: 9}, {}, SendState.DELIVERED),
        ({CARLA: 9}, {BEN: 9}, SendState.DELIVERED),
        ({BEN: 9, CARLA: 9}, {BEN: 9, CARLA: 8}, SendState.DELIVERED),
        ({}, {BEN: 9, CARLA: 9}, SendState.READ),
    ],
)
async def test_a_tick_is_doubled_once_everybody_has_it(device, delivered, read, state):
    device.add(summary("trip", last=item(9, by=ME), delivered=delivered, read=read, **GROUP))
    world = await started(device)
    assert rows_of(world)[0].state is state


async def test_a_message_stays_in_sight_between_acknowledgement_and_arrival(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")

    async def told(name, **params):
        device.tell(name, conversation_id="talk", **params)
        await world.settle()
        return [(row.key, row.state) for row in bubbles(world)][1:]

    device.outgoing["talk"] = [outgoing("new", "hi")]
    assert await told("outbox.changed", client_id="new", state="queued") == [("new", SendState.SENDING)]
    device.outgoing["talk"] = []
    assert await told("conversation.changed") == [("new", SendState.SENT)]  # the event of it is still on its way
    assert await told("outbox.changed", client_id="new", state="sent", sequence=2) == [("new", SendState.SENT)]
    device.logs["talk"].append(item(2, "hi", by=ME, client_id="new"))
    assert await told("conversation.changed") == [("new", SendState.SENT)]
    device.outgoing["talk"] = [outgoing("bad", "no", state="failed")]
    assert len(await told("outbox.changed", client_id="bad", state="failed")) == 2
    device.outgoing["talk"] = []
    assert len(await told("conversation.changed")) == 1  # what failed and was discarded is gone


async def test_what_was_sent_and_is_out_of_the_window_is_not_kept(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    device.outgoing["talk"] = [outgoing("new", "hi")]
    device.tell("outbox.changed", conversation_id="talk", client_id="new", state="queued")
    await world.settle()
    device.outgoing["talk"] = []
    device.logs["talk"] += [item(number) for number in range(2, 9)]  # not the message, though it stands at 3
    device.tell("outbox.changed", conversation_id="talk", client_id="new", state="sent", sequence=3)
    await world.settle()
    assert "new" not in [row.key for row in bubbles(world)]


# --- what is unread


async def test_a_mark_is_found_again_and_ends_with_looking(device):
    device.add(summary(read_sequence=3), [item(1), item(2), item(3)])
    world = await started(device, "/chats/talk")
    await world.app.mark_unread("talk", 2)
    await world.settle()
    assert world.app.route == "/chats" and world.app.chats.unread == 1
    assert not device.asked("mark_read")
    world.app.open("talk")
    await world.settle()
    assert new_lines(world) == [2] and device.asked("mark_read") == [{"conversation_id": "talk", "sequence": 3}]
    lines = [row for row in world.app.conversation.entries(NOW) if isinstance(row, NewMark | Message)]
    assert isinstance(lines[1], NewMark) and lines[2].sequence == 2


async def test_who_opens_a_marked_one_again_stays_in_it_however_late_the_server_hears(device, monkeypatch):
    device.add(summary(read_sequence=2), [item(1), item(2)])
    world = await started(device, "/chats/talk")
    mark, asked, heard = device._mark_unread, asyncio.Event(), asyncio.Event()

    async def slowly(conversation_id, sequence=None):
        mark(conversation_id, sequence)
        device.tell("conversation.changed", conversation_id=conversation_id)
        asked.set()
        await heard.wait()

    monkeypatch.setattr(device, "_mark_unread", slowly)
    marking = asyncio.create_task(world.app.mark_unread("talk", 2))
    await asked.wait()
    await world.settle()
    assert world.app.route == "/chats" and world.app.chats.unread == 1
    world.app.open("talk")
    await world.settle()
    heard.set()
    await marking
    await world.settle()
    assert world.app.route == "/chats/talk" and new_lines(world) == [1]


async def test_what_came_while_nobody_looked_has_a_new_line(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    await world.app.watch(watched=False)
    device.logs["talk"].append(item(2, "later"))
    device.summaries["talk"] |= {"unread": 1, "unread_after": 1}
    device.tell("conversation.changed", conversation_id="talk")
    await world.settle()
    assert new_lines(world) == []
    await world.app.watch(watched=True)
    assert new_lines(world) == [1]
    await world.app.conversation.send("seen")
    await world.settle()
    assert new_lines(world) == []


# --- drafts


async def test_what_another_device_began_stands_in_the_composer(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    open_one = world.app.conversation

    async def told(draft):
        device.summaries["talk"] |= {"draft": draft}
        device.tell("conversation.changed", conversation_id="talk")
        await world.settle()
        return open_one.draft

    assert await told("from the phone") == "from the phone"
    open_one.focused = True
    assert await told("from the phone again") == "from the phone"  # somebody writes here
    open_one.focused = False
    assert await told("") == ""
    open_one.set_draft("from here")
    await world.settle()
    assert await told("from here") == "from here" and device.asked("draft.save")[-1]["text"] == "from here"
    open_one.correct(item(1, "old words", by=ME))
    assert await told("while something is changed") == "old words"


async def test_an_answer_from_before_a_change_does_not_undo_it(device):
    device.add(summary(draft="half"), [item(1)])
    world = await started(device, "/chats/talk")
    await world.app.conversation.send("half")
    world.app.conversation.told({**device.summaries["talk"], "draft": "half"})
    assert world.app.conversation.draft == ""
    await world.settle()
    assert world.app.conversation.draft == ""

"""Search in open channels without a screen: what is asked, what is shown, and where a press on it leads."""

import asyncio
import datetime as dt

import pytest
from app_examples import BEN, CARLA, ME, FakeDevice, item, member, moment, started, summary

from parley_app import channel_words, words
from parley_app.engine import EngineError
from parley_app.model import channel_menus
from parley_app.model.channels import SEARCH
from parley_app.model.layers import Spot
from parley_app.model.searching import SOMEBODY, excerpt

NETWORK = EngineError("network_error", "no answer")


def post(where, sequence, text, by=BEN, minutes=0):
    fields = {"conversation_id": where, "sequence": sequence, "user_id": by}
    return fields | {"stored_at": moment(minutes), "text": text}


async def two_channels(route=SEARCH):
    device = FakeDevice()
    people = [member(ME), member(BEN), member(CARLA)]
    device.add(
        summary("town", kind="open", name="Town", members=people),
        [item(1), item(2, "The pier is wet"), item(3, "in the thread: pier", thread_root=2)],
    )
    device.add(summary("ferry", kind="open", name="Ferry", members=people[:2]), [item(1, "No boat at the pier")])
    device.add(summary("talk"), [item(1, "the pier, in private")])
    device.posts = [
        post("ferry", 1, "No boat at the pier", minutes=9),
        post("town", 3, "in the thread: pier", by=CARLA, minutes=5),
        post("town", 2, "The pier is wet", minutes=3),
        post("town", 1, "a file of the pier", by=ME),
    ]
    world = await started(device, route)
    return world, device


def now():
    return channel_menus.now()


async def test_words_are_sent_when_somebody_asks_and_not_before():
    world, device = await two_channels()
    searching = world.app.channels.search_in()
    searching.fill("query", " … ")
    await searching.run(now())
    assert searching.faults == {"query": channel_words.NEEDS_WORDS} and device.asked("search") == []
    await searching.choose(now(), with_files=True)
    assert device.asked("search") == []
    await searching.choose(now(), with_files=False)
    searching.fill("query", " pier ")
    await searching.run(now())
    assert device.asked("search") == [{"query": "pier", "with_files": False}]
    found = searching.found(world.app.chats.summaries, world.app.session.me, now())
    assert [(each.channel, each.author.name) for each in found] == [
        ("#Ferry", "ben"),
        ("#Town", "carla"),
        ("#Town", "ben"),
    ]
    await searching.more()
    assert len(searching.hits) == 4 and searching.next is None
    last = searching.found(world.app.chats.summaries, world.app.session.me, now())[-1]
    assert last.author.name == words.YOU and ("pier", True) in last.parts


async def test_filters_narrow_down_what_is_shown():
    world, device = await two_channels()
    app, searching = world.app, world.app.channels.search_in()
    searching.fill("query", "pier")
    await searching.run(now())
    where = channel_menus.of_where(app, searching, Spot())
    labels = [choice.label for choices in where.groups for choice in choices]
    assert labels == [channel_words.ALL_CHANNELS, "#Town", "#Ferry"]
    await _choose(world, where, "#Town")
    assert {each["conversation_id"] for each in searching.hits} == {"town"}
    assert channel_menus.where_name(app, searching) == "#Town"
    await _choose(world, channel_menus.of_sender(app, searching, Spot()), "carla")
    assert [each["sequence"] for each in searching.hits] == [3]
    await _choose(world, channel_menus.of_sender(app, searching, Spot()), words.YOU)
    assert [each["sequence"] for each in searching.hits] == [1] and channel_menus.sender_name(
        app, searching
    ) == words.YOU
    await searching.choose(now(), sender="", with_files=True)
    assert [each["text"] for each in searching.hits] == ["a file of the pier"]
    await _choose(world, channel_menus.of_span(app, searching, Spot()), channel_words.SPANS["week"])
    begin = dt.datetime.combine(now().date() - dt.timedelta(days=7), dt.time()).astimezone(dt.UTC)
    assert device.asked("search")[-1]["since"] == begin.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "until" not in device.asked("search")[-1]


async def test_fields_are_filled_in_before_anything_is_asked():
    world, device = await two_channels()
    searching = world.app.channels.search_in()
    searching.fill("query", "pier")
    await searching.run(now())
    asked = len(device.asked("search"))
    await searching.choose(now(), sender=SOMEBODY)
    assert len(device.asked("search")) == asked
    await searching.run(now())
    assert searching.faults == {"someone": words.MISSING}
    searching.fill("someone", "@nobody")
    await searching.run(now())
    assert searching.faults == {"someone": words.nobody_called("nobody")} and len(searching.hits) == 3
    searching.fill("someone", "@carla")
    await searching.run(now())
    assert device.asked("search")[-1]["sender"] == "carla" and [h["sequence"] for h in searching.hits] == [3]
    await searching.choose(now(), sender="", span="days")
    searching.fill("since", "soon")
    await searching.run(now())
    assert searching.faults == {"since": channel_words.NO_DAY}
    for name, day in (("since", "2026-11-27"), ("until", "2026-11-26")):
        searching.fill(name, day)
    await searching.run(now())
    assert searching.faults == {"until": channel_words.DAYS_TURNED}
    searching.fill("since", "2026-11-26")
    await searching.run(now())
    wanted = device.asked("search")[-1]
    until = dt.datetime(2026, 11, 27).astimezone(dt.UTC)
    assert wanted["until"] == until.strftime("%Y-%m-%dT%H:%M:%SZ") and wanted["since"] < wanted["until"]


async def test_what_is_asked_meanwhile_is_asked_afterwards():
    world, device = await two_channels()
    searching = world.app.channels.search_in()
    searching.fill("query", "pier")
    running = world._spawn(searching.run(now()))
    await asyncio.sleep(0)
    assert searching.busy
    searching.fill("query", "boat")
    await searching.run(now())
    await running
    assert [each["query"] for each in device.asked("search")] == ["pier", "boat"] and searching.asked == "boat"


async def test_a_search_that_fails_says_so_and_can_be_repeated():
    world, device = await two_channels()
    searching = world.app.channels.search_in()
    device.faults["search"] = NETWORK
    searching.fill("query", "pier")
    await searching.run(now())
    assert searching.fault == words.FAULTS["network_error"] and searching.asked == ""
    del device.faults["search"]
    await searching.run(now())
    assert searching.fault == "" and len(searching.hits) == 3


async def test_a_press_leads_to_the_message_wherever_it_stands():
    world, _ = await two_channels()
    app, searching = world.app, world.app.channels.search_in()
    searching.fill("query", "pier")
    await searching.run(now())
    boat, answer, wet = searching.found(app.chats.summaries, app.session.me, now())
    await channel_menus.open_found(app, boat, beside=False)
    assert app.route == "/chats/ferry" and app.conversation.marked == 1
    await channel_menus.open_found(app, answer, beside=False)
    assert app.route == "/chats/town/threads/2" and app.thread.marked == 3
    app.go("/chats/town/search")
    await channel_menus.open_found(app, wet, beside=True)
    assert app.route == "/chats/town/search" and app.conversation.marked == 2
    await channel_menus.open_found(app, wet, beside=False)
    assert app.route == "/chats/town" and app.conversation.marked == 2
    assert app.channels.search_in() is searching and searching.hits


async def test_a_channel_has_a_search_of_its_own():
    world, device = await two_channels("/chats/town/search")
    app, searching = world.app, world.app.channels.search_in("town")
    searching.fill("query", "pier")
    await searching.run(now())
    assert device.asked("search") == [{"query": "pier", "with_files": False, "conversation": "town"}]
    app.escape()
    assert app.route == "/chats/town" and searching is not app.channels.search_in()


@pytest.mark.parametrize(
    ("text", "query", "shown", "marked"),
    [
        ("The pier\nis wet", "PIER wet", "The pier is wet", ["pier", "wet"]),
        ("concat the cat", "cat", "concat the cat", ["cat"]),
        ("nothing fits", "a.b", "nothing fits", []),
        ("x " * 200 + "pier " + "y " * 200, "pier", None, ["pier"]),
        ("z" * 500, "pier", None, []),
        ("", "pier", "", []),
    ],
)
def test_an_excerpt_shows_the_words(text, query, shown, marked):
    parts = excerpt(text, query)
    said = "".join(part for part, _ in parts)
    assert [part for part, is_word in parts if is_word] == marked and len(said) <= 162
    assert shown is None or said == shown


async def _choose(world, menu, label):
    next(choice for choices in menu.groups for choice in choices if choice.label == label).act()
    await world.settle()

"""Answering, changing, deleting, reacting, pinning, voting and threads, without a screen."""

import pytest
from app_examples import BEN, CARLA, ME, FakeDevice, item, member, poll, reaction, started, summary, thread

from parley_app import words
from parley_app.engine import EngineError
from parley_app.model import conversation as conversations
from parley_app.model import menus
from parley_app.model.layers import MenuOf, PickerFor, Question, Spot
from parley_app.model.preferences import EMOJI_RECENT_MAX
from parley_app.model.rows import Message
from parley_contracts.limits import POLL_OPTIONS_MAX

NETWORK = EngineError("network_error", "no answer")
PEOPLE = [member(ME, "owner"), member(BEN), member(CARLA)]


@pytest.fixture(autouse=True)
def short_marks(monkeypatch):
    monkeypatch.setattr(conversations, "MARK_S", 0.01)
    monkeypatch.setattr(conversations, "DRAFT_PAUSE_S", 0)


async def talk(*items, route="/chats/talk", **more):
    device = FakeDevice()
    device.add(summary(**({"kind": "group", "name": "Trip", "members": PEOPLE} | more)), items)
    world = await started(device, route)
    return world, world.app.conversation, device


# --- writing


async def test_an_answer_names_what_it_answers():
    world, open_one, device = await talk(item(1, "when?"))
    open_one.set_draft("half a word")
    open_one.reply(open_one.item(1))
    assert (open_one.context.kind, open_one.context.author, open_one.context.text) == ("reply", "ben", "when?")
    assert open_one.draft == "half a word" and open_one.wants_focus
    world.app.escape()
    assert open_one.context is None and world.app.opened == "talk"
    open_one.reply(open_one.item(1))
    await open_one.send("at nine")
    await world.settle()
    assert device.asked("send")[0]["reply_to"] == 1 and open_one.context is None
    await open_one.send("and no more")
    await world.settle()
    assert "reply_to" not in device.asked("send")[1]


async def test_changing_sets_aside_what_was_written():
    world, open_one, device = await talk(item(1), item(2, "teh pier", by=ME))
    open_one.set_draft("for later")
    open_one.correct(open_one.item(2))
    assert open_one.draft == "teh pier" and open_one.context.kind == "edit"
    open_one.set_draft("the pier")
    await world.settle()
    assert {params["text"] for params in device.asked("draft.save")} == {"for later"}
    await open_one.send("the pier")
    await world.settle()
    assert device.asked("message.edit") == [{"conversation_id": "talk", "sequence": 2, "text": "the pier"}]
    assert open_one.draft == "for later" and open_one.context is None and not device.asked("send")
    rows = [row for row in open_one.entries(conversations.dt.datetime.now().astimezone()) if isinstance(row, Message)]
    assert rows[1].edited and rows[1].text == "the pier"


async def test_a_change_into_nothing_is_refused_and_the_same_words_are_not_sent():
    world, open_one, device = await talk(item(1, "hello", by=ME))
    open_one.correct(open_one.item(1))
    await open_one.send("  ")
    assert open_one.note == words.EDIT_EMPTY and open_one.context is not None
    await open_one.send("hello")
    await world.settle()
    assert open_one.context is None and not device.asked("message.edit")


async def test_a_change_that_fails_comes_back():
    world, open_one, device = await talk(item(1, "hello", by=ME))
    device.faults["message.edit"] = EngineError("not_permitted", "no")
    open_one.correct(open_one.item(1))
    await open_one.send("good-bye")
    await world.settle()
    assert open_one.context.kind == "edit" and open_one.draft == "good-bye"
    assert open_one.note == words.FAULTS["not_permitted"]
    open_one.cancel()
    assert open_one.draft == "" and open_one.note == ""


async def test_the_arrow_changes_the_last_own_text_while_nothing_is_written():
    asked = item(4, "boat?", by=ME, kind="poll", poll=poll({"a": [], "b": []}))
    world, open_one, _ = await talk(item(1, "first", by=ME), item(2, "second", by=ME), item(3), asked)
    world.app.arrow(-1)
    assert open_one.context is None  # no composer has the focus
    open_one.focused = True
    world.app.arrow(1)
    assert open_one.context is None
    world.app.arrow(-1)
    assert open_one.context.sequence == 2
    open_one.cancel()
    open_one.set_draft("words")
    world.app.arrow(-1)
    assert open_one.context is None
    await world.settle()


async def test_an_at_sign_in_a_group_offers_its_people():
    world, open_one, _ = await talk(item(1))
    open_one.focused = True
    open_one.set_draft("thanks @")
    assert [person.name for person in open_one.completion.found] == ["ben", "carla", words.EVERYBODY]
    world.app.arrow(1)
    assert open_one.complete()
    assert open_one.draft == "thanks @carla "
    open_one.set_draft("thanks @carla @b")
    world.app.escape()
    assert not open_one.completion.found and world.app.opened == "talk"
    assert not open_one.complete()
    await world.settle()
    world, open_one, _ = await talk(item(1), kind="direct", members=PEOPLE[:2])
    open_one.set_draft("@")
    assert not open_one.completion.found
    await world.settle()


async def test_an_emoji_goes_into_what_is_written():
    world, open_one, _ = await talk(item(1))
    open_one.set_draft("hurra ")
    open_one.insert("🎉")
    assert open_one.draft == "hurra 🎉"
    await world.settle()


# --- deeds


async def test_reacting_toggles_and_is_remembered():
    world, open_one, device = await talk(item(1))
    for _ in range(2):
        await world.app.react(1, "🎉", in_thread=False)
        await world.settle()
    given = [params["removed"] for params in device.asked("message.react")]
    assert given == [False, True] and open_one.item(1)["reactions"] == []
    assert device.preferences["emoji"] == ["🎉"] and len(device.asked("preferences.save")) == 1


async def test_few_emoji_are_remembered_and_strange_ones_are_not():
    device = FakeDevice()
    device.preferences = {"emoji": ["👍", "", "x" * 99, "🎉"], "theme": "dark"}
    world = await started(device)
    assert world.app.preferences.emoji == ("👍", "🎉")
    for number in range(EMOJI_RECENT_MAX + 5):
        await world.app.preferences.use_emoji(chr(0x1F600 + number))
    assert len(world.app.preferences.emoji) == EMOJI_RECENT_MAX and device.preferences["theme"] == "dark"
    device.preferences = {"emoji": [1, "👍"]}
    assert (await started(device)).app.preferences.emoji == ()


async def test_what_fails_is_said_by_the_composer():
    world, open_one, device = await talk(item(1, reactions=[reaction("👍", BEN)]))
    for method, deed in (
        ("message.react", lambda: open_one.deeds.react(open_one.item(1), "👍")),
        ("message.pin", lambda: open_one.deeds.pin(open_one.item(1))),
        ("message.delete", lambda: open_one.deeds.delete(open_one.item(1))),
    ):
        device.faults[method] = NETWORK
        open_one.note = ""
        assert not await deed()
        assert open_one.note == words.FAULTS["network_error"]
    await world.settle()


async def test_pins_come_and_go_and_say_when_they_cannot_be_read():
    world, open_one, device = await talk(item(1, "the plan"), item(2))
    pins = world.app.pins
    assert pins.loaded and pins.rows() == ()
    await open_one.deeds.pin(open_one.item(1))
    await world.settle()
    assert [(pin.sequence, pin.author, pin.text) for pin in pins.rows()] == [(1, "ben", "the plan")]
    await open_one.deeds.pin(open_one.item(1))
    await world.settle()
    assert pins.rows() == ()
    device.faults["pins"] = NETWORK
    await pins.load()
    assert pins.fault == words.PINS_FAILED


async def test_deleting_is_asked_and_leaves_a_place():
    world, open_one, device = await talk(item(1, "oops", by=ME))
    app = world.app
    app.show_menu(1, Spot(5, 6), in_thread=False)
    assert app.layers.shown == MenuOf(1, in_thread=False, spot=Spot(5, 6))
    menus.ask_to_delete(app, 1, in_thread=False)
    asked = app.layers.shown
    assert isinstance(asked, Question) and asked.title == words.DELETE_TITLE and not device.asked("message.delete")
    app.escape()
    assert app.layers.shown is None and app.opened == "talk"
    asked.act()
    await world.settle()
    assert open_one.item(1)["kind"] == "deleted"


async def test_what_floats_goes_with_the_place():
    world, _, _ = await talk(item(1))
    world.app.show_picker(0, Spot(), in_thread=False)
    assert isinstance(world.app.layers.shown, PickerFor)
    world.app.go("/chats")
    assert world.app.layers.shown is None


# --- polls


async def test_a_poll_is_made_voted_on_and_closed():
    world, open_one, device = await talk(item(1))
    app, form = world.app, world.app.poll_form
    app.show_poll_form()
    await app.send_poll()
    assert form.faults == {"question": words.POLL_NEEDS_QUESTION, "answer-1": words.POLL_NEEDS_ANSWERS}
    form.fill("question", "Which boat?")
    for number, text in enumerate(("nine", "nine")):
        form.fill(f"answer-{number}", text)
    await app.send_poll()
    assert form.faults == {"answer-1": words.POLL_NEEDS_ANSWERS}
    form.add()
    form.fill("answer-1", "ten ")
    form.choose(several=True)
    await app.send_poll()
    await world.settle()
    assert device.asked("poll.create") == [
        {"to": "talk", "question": "Which boat?", "options": ["nine", "ten"], "several": True}
    ]
    assert app.layers.shown is None and form["question"] == "" and form.count == 2
    for index in (0, 1, 0):
        await open_one.deeds.vote(open_one.item(2), index)
        await world.settle()
    assert [params["choices"] for params in device.asked("poll.vote")] == [[0], [0, 1], [1]]
    await open_one.deeds.close_poll(open_one.item(2))
    await world.settle()
    assert open_one.item(2)["poll"]["closed"]


async def test_one_choice_replaces_the_other_and_is_taken_back():
    world, open_one, device = await talk(item(1, "boat?", kind="poll", poll=poll({"a": [], "b": []})))
    for index in (0, 1, 1):
        await open_one.deeds.vote(open_one.item(1), index)
        await world.settle()
    assert [params["choices"] for params in device.asked("poll.vote")] == [[0], [1], []]


async def test_a_poll_that_fails_stays_open_with_a_sentence():
    world, _, device = await talk(item(1))
    device.faults["poll.create"] = NETWORK
    world.app.show_poll_form()
    form = world.app.poll_form
    for name, text in (("question", "boat?"), ("answer-0", "a"), ("answer-1", "b")):
        form.fill(name, text)
    await world.app.send_poll()
    assert form.fault == words.FAULTS["network_error"] and form["question"] == "boat?"
    assert world.app.layers.shown is not None
    for _ in range(2 * POLL_OPTIONS_MAX):
        form.add()
    assert form.count == POLL_OPTIONS_MAX and form.full


# --- threads and jumps


async def test_a_thread_is_a_place_with_its_own_window_and_draft():
    root = item(1, "plans?", thread=thread(1, 3, BEN))
    world, open_one, device = await talk(root, item(2), item(3, "in the thread", thread_root=1))
    app = world.app
    assert [each["sequence"] for each in open_one.items] == [1, 2]
    app.open_thread(1)
    await world.settle()
    assert app.route == "/chats/talk/threads/1" and app.conversation is open_one
    assert [each["sequence"] for each in app.thread.items] == [3] and app.thread.root["text"] == "plans?"
    await app.thread.send("me too")
    await world.settle()
    assert device.asked("send")[0]["thread"] == 1
    device.tell("conversation.changed", conversation_id="talk")
    await world.settle()
    assert [each["text"] for each in app.thread.items] == ["in the thread", "me too"]
    assert [each["sequence"] for each in open_one.items] == [1, 2]
    app.thread.set_draft("half")
    app.escape()
    assert app.route == "/chats/talk" and app.thread is None
    app.open_thread(1)
    await world.settle()
    assert app.thread.draft == "half" and not any(p["text"] == "half" for p in device.asked("draft.save"))
    app.thread.set_draft("whole")
    device.add(summary("other"), [item(1)])
    await app.chats.load()
    app.open("other")
    app.go("/chats/talk/threads/1")
    await world.settle()
    assert app.thread.draft == "whole"
    again = await started(device, "/chats/talk/threads/1")
    assert again.app.thread is not None and again.app.thread.root["sequence"] == 1


async def test_a_thread_without_replies_shows_its_root():
    world, _, _ = await talk(item(1, "plans?"), route="/chats/talk/threads/1")
    rows = world.app.thread.entries(conversations.dt.datetime.now().astimezone())
    assert [row.text for row in rows] == ["plans?"]
    world.app.go("/chats/talk/threads/nonsense")
    assert world.app.thread is None


async def test_seeing_that_there_are_replies_reads_them():
    _, _, device = await talk(item(1, thread=thread(2, 9, BEN)), item(2), unread=3)
    assert device.asked("mark_read")[-1]["sequence"] == 9


async def test_a_jump_marks_a_message_and_loads_what_is_far():
    world, open_one, _ = await talk(*(item(number) for number in range(1, 401)))
    assert open_one.item(5) is None
    await world.app.jump(5)
    assert open_one.item(5) is not None and open_one.marked == 5 and not open_one.at_end
    await world.settle()
    assert open_one.marked == 0 and open_one.jumps == 1


async def test_a_jump_finds_the_thread_of_a_message_and_the_way_back():
    world, _, _ = await talk(item(1), item(2, thread_root=1))
    app = world.app
    await app.jump(2)
    assert app.thread_root == 1 and app.thread.marked == 2
    await app.jump(1)
    assert app.thread is None and app.conversation.marked == 1
    await app.jump(77)
    assert app.conversation.note == words.MESSAGE_MISSING
    await world.settle()


async def test_a_jump_from_the_details_shows_the_conversation():
    world, _, _ = await talk(item(1, pinned=True), route="/chats/talk/details")
    await world.app.jump(1)
    assert world.app.route == "/chats/talk" and world.app.conversation.marked == 1
    await world.settle()

"""What is sent later, without a screen: the moment, and what is done with what waits."""

import datetime as dt

import pytest
from app_examples import NOON, FakeDevice, item, outgoing, started, summary
from hypothesis import given
from hypothesis import strategies as st

from parley_app import room_words, words
from parley_app.engine import EngineError
from parley_app.model import later, times
from parley_app.model.layers import Question, ScheduledList, SendLater, Spot
from parley_app.model.moment import presets
from parley_app.model.schedule import Schedule

NETWORK = EngineError("network_error", "no answer")
DAY = dt.timedelta(days=1)


def now():
    return dt.datetime.now().astimezone()


async def talk(draft="see you there"):
    device = FakeDevice()
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    world.app.conversation.set_draft(draft)
    return world, device


async def waiting(world, text="see you there"):
    """A message of the open conversation that waits."""
    await world.app.schedule.send("talk", text, now() - DAY)  # whatever moment is chosen lies ahead of that
    await world.settle()
    return world.app.schedule.of("talk", now())[-1]


def moments(device):
    return [dt.datetime.fromisoformat(each["send_at"]) for each in device.asked("schedule.create")]


async def test_words_wait_for_their_moment():
    world, device = await talk()
    later.begin(world.app)
    assert world.app.layers.shown == SendLater()
    form = world.app.schedule
    tomorrow = now().date() + DAY
    assert (form.day, form["time"]) == (tomorrow, "09:00")
    assert form.sentence(now()) == "Send tomorrow, 09:00"
    form.pick(tomorrow + 2 * DAY)
    form.type_time("7:30")
    assert form.sentence(now()) == room_words.send_on(f"{times.day(form.moment(), now())}, 07:30")
    await later.confirm(world.app)
    await world.settle()
    (moment,) = moments(device)
    assert moment.astimezone().date() == tomorrow + 2 * DAY and f"{moment.astimezone():%H:%M}" == "07:30"
    assert world.app.layers.shown is None and world.app.conversation.draft == ""
    (one,) = form.of("talk", now())
    assert one.text == "see you there" and form.of("elsewhere", now()) == ()


@pytest.mark.parametrize("time", ["", "noon", "24:00", "12:60", "1200"])
async def test_a_time_that_is_none_is_said_by_its_field(time):
    world, device = await talk()
    later.begin(world.app)
    world.app.schedule.fill("time", time)
    assert world.app.schedule.sentence(now()) == room_words.SEND_LATER
    await later.confirm(world.app)
    assert world.app.schedule.faults == {"time": room_words.NO_TIME} and not device.asked("schedule.create")


async def test_the_past_and_what_is_far_are_refused():
    world, device = await talk()
    later.begin(world.app)
    for day in (now().date() - DAY, now().date() + 400 * DAY):
        world.app.schedule.pick(day)
        await later.confirm(world.app)
        assert world.app.schedule.faults == {"time": room_words.TIME_OUT_OF_REACH}
    assert not device.asked("schedule.create") and world.app.conversation.draft == "see you there"
    await world.settle()


async def test_what_cannot_be_kept_stays_in_the_composer():
    world, device = await talk()
    device.faults["schedule.create"] = EngineError("usage_error", "too many wait")
    later.begin(world.app)
    await later.confirm(world.app)
    assert world.app.schedule.fault == "Too many wait." and world.app.layers.shown == SendLater()
    assert world.app.conversation.draft == "see you there"
    await world.settle()


async def test_only_words_wait():
    world, _ = await talk("")
    conversation = world.app.conversation
    later.begin(world.app)
    assert conversation.note == room_words.NOTHING_TO_SEND and world.app.layers.shown is None
    conversation.set_draft("words")
    conversation.attach("new.png", b"png")
    later.begin(world.app)
    assert conversation.note == room_words.ONLY_WORDS
    await world.settle()


def choose(world, one, label):
    menu = later.of_waiting(world.app, one, Spot())
    next(choice for group in menu.groups for choice in group if choice.label == label).act()


async def test_what_waits_is_sent_now_or_not_at_all():
    world, device = await talk("")
    world.app.schedule.begin(now())
    first, second = await waiting(world, "one"), await waiting(world, "two")
    choose(world, first, room_words.SEND_NOW)
    await world.settle()
    assert [params["text"] for params in device.asked("send")] == ["one"]
    choose(world, second, room_words.CANCEL_SENDING)
    assert isinstance(world.app.layers.shown, Question)
    world.app.layers.shown.act()
    await world.settle()
    assert world.app.schedule.of("talk", now()) == () and len(device.asked("send")) == 1


async def test_its_words_come_back_into_the_composer():
    world, device = await talk("")
    world.app.schedule.begin(now())
    one = await waiting(world, "one")
    world.app.conversation.set_draft("begun")
    choose(world, one, room_words.EDIT_WORDS)
    await world.settle()
    assert world.app.conversation.draft == "begun\none" and not device.asked("send") and device.scheduled == []


async def test_another_moment_is_kept_before_the_old_one_is_given_up():
    world, device = await talk("")
    world.app.schedule.begin(now())
    one = await waiting(world, "one")
    choose(world, one, room_words.CHANGE_TIME)
    assert world.app.layers.shown == SendLater(one.client_id) and world.app.schedule["time"] == "09:00"
    world.app.schedule.fill("time", "10:15")
    await later.confirm(world.app, one.client_id)
    await world.settle()
    names = [name for name, _ in device.calls if name in {"schedule.create", "schedule.cancel"}]
    assert names == ["schedule.create", "schedule.create", "schedule.cancel"]
    (moved,) = world.app.schedule.of("talk", now())
    assert moved.when.endswith("10:15") and moved.text == "one" and world.app.layers.shown == ScheduledList()


async def test_what_was_sent_meanwhile_is_not_sent_twice():
    world, device = await talk("")
    world.app.schedule.begin(now())
    one = await waiting(world, "one")
    device.scheduled = []  # its moment has come
    choose(world, one, room_words.SEND_NOW)
    await world.settle()
    assert not device.asked("send") and world.app.conversation.note == words.FAULTS["unknown_message"]


async def test_what_is_due_leaves_the_list_with_the_next_news():
    world, device = await talk("")
    world.app.schedule.begin(now())
    await waiting(world)
    device.scheduled = []
    device.outgoing["talk"] = [outgoing("s1")]
    device.tell("conversation.changed", conversation_id="talk")
    await world.settle()
    assert world.app.schedule.of("talk", now()) == ()


# --- the calendar


@given(st.integers(0, 4 * 366 * 24 * 60))
def test_every_moment_that_is_offered_lies_ahead(minutes):
    here = (NOON + dt.timedelta(minutes=minutes)).astimezone()
    for each in presets(here):
        assert each.moment > here and each.moment - here < dt.timedelta(days=8)
    assert len({each.moment for each in presets(here)}) == len(presets(here))


@given(st.dates(min_value=dt.date(2026, 1, 1), max_value=dt.date(2030, 1, 1)), st.integers(0, 14))
def test_a_month_has_all_days_that_are_not_over(today, turns):
    here = dt.datetime.combine(today, dt.time(12)).astimezone()
    form = Schedule(FakeDevice())
    form.pick(today)
    for _ in range(turns):
        form.turn_month(1)
    days = [day for week in form.weeks(here) for day in week if day is not None]
    assert days == sorted(set(days)) and {day.month for day in days} == {form.month.month}
    assert all(len(week) == 7 for week in form.weeks(here)) and (turns or today in days)
    assert days[-1] + DAY == (form.month.replace(day=28) + 4 * DAY).replace(day=1)


def test_noon_has_an_evening():
    for hour, label in ((12, room_words.THIS_EVENING), (20, room_words.TOMORROW)):
        assert presets(NOON.astimezone().replace(hour=hour))[0].label == label

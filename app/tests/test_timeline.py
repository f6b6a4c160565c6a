"""From messages to what stands in a conversation."""

import base64
import datetime as dt

from app_examples import BEN, CARLA, ME, NOON, item, outgoing
from hypothesis import given
from hypothesis import strategies as st

from parley_app import words
from parley_app.model import times
from parley_app.model.rows import Day, File, Message, NewMark, Note, Person, Picture, SendState
from parley_app.model.timeline import Window, entries, parts_of

ANNA = Person(ME, "anna", own=True)
NOW = NOON.astimezone()


def window(items=(), waiting=(), **more):
    fields = {"read": {}, "others": frozenset({BEN}), "me": ANNA}
    return Window(items=list(items), outgoing=list(waiting), **(fields | more))


def bubbles(rows):
    return [row for row in rows if isinstance(row, Message)]


def test_runs_of_one_author_end_with_time_and_others():
    rows = bubbles(
        entries(
            window(
                [
                    item(1, minutes=0),
                    item(2, minutes=1),
                    item(3, by=ME, minutes=2),
                    item(4, minutes=3),
                    item(5, minutes=30),
                ]
            ),
            NOW,
        )
    )
    assert [(row.first, row.last) for row in rows] == [
        (True, False),
        (False, True),
        (True, True),
        (True, True),
        (True, True),
    ]


def test_days_stand_where_they_begin():
    rows = entries(window([item(1, minutes=-2 * 24 * 60), item(2, minutes=-24 * 60), item(3)]), NOW)
    labels = [row.label for row in rows if isinstance(row, Day)]
    assert labels[1:] == [words.YESTERDAY, words.TODAY] and labels[0].startswith("Tuesday")


def test_the_new_line_stands_before_the_first_unread_of_others():
    rows = entries(window([item(1), item(2, by=ME), item(3), item(4)], new_after=1, new_count=2), NOW)
    where = next(index for index, row in enumerate(rows) if isinstance(row, NewMark))
    assert isinstance(rows[where + 1], Message) and rows[where + 1].key == "at-3"
    assert not any(isinstance(row, NewMark) for row in entries(window([item(1)], new_after=1, new_count=0), NOW))


def test_a_message_keeps_its_key_from_queue_to_log():
    before = bubbles(entries(window([], [outgoing("c1")]), NOW))
    after = bubbles(entries(window([item(1, by=ME)]), NOW))
    assert before[0].key == after[0].key and before[0].state is SendState.SENDING
    assert after[0].state is SendState.SENT


SOME_ID = st.sampled_from(["c1", "c2", "c3"])
LOGGED = st.lists(st.tuples(SOME_ID, st.sampled_from([ME, BEN]), st.integers(-3000, 3000)), max_size=6)


@given(LOGGED, st.lists(SOME_ID, max_size=4))
def test_no_key_stands_twice(logged, waiting):
    items = [
        item(sequence, by=by, minutes=minutes, client_id=client_id)
        for sequence, (client_id, by, minutes) in enumerate(logged, 1)
    ]
    rows = entries(window(items, [outgoing(client_id) for client_id in waiting], new_after=1, new_count=1), NOW)
    keys = [row.key for row in rows]
    assert len(set(keys)) == len(keys)
    own = {row.key for row in bubbles(rows) if row.author.own}
    assert {one["client_id"] for one in items if one["own"]} | set(waiting) <= own


def test_read_means_read_by_everybody_else():
    both = frozenset({BEN, CARLA})
    one = window([item(5, by=ME)], others=both, read={BEN: 5})
    assert bubbles(entries(one, NOW))[0].state is SendState.SENT
    everybody = window([item(5, by=ME)], others=both, read={BEN: 5, CARLA: 9})
    assert bubbles(entries(everybody, NOW))[0].state is SendState.READ
    alone = window([item(5, by=ME)], others=frozenset())
    assert bubbles(entries(alone, NOW))[0].state is SendState.SENT


def test_what_failed_says_why():
    problem = {"type": "urn:parley:problem:policy_refused", "detail": "no"}
    strange = {"type": "urn:parley:problem:new_one", "detail": "the moon is wrong"}
    rows = bubbles(
        entries(
            window(
                [], [outgoing("a", state="failed", problem=problem), outgoing("b", state="failed", problem=strange)]
            ),
            NOW,
        )
    )
    assert [row.failure for row in rows] == [
        words.not_sent(words.FAULTS["policy_refused"]),
        "Not sent. The moon is wrong.",
    ]


def test_names_and_locked_messages_are_told():
    rows = entries(window([item(1, "Trip", kind="name"), item(2, "epoch_key_missing", kind="unopened")]), NOW)
    assert isinstance(rows[1], Note) and "Trip" in rows[1].text
    assert isinstance(rows[2], Message) and rows[2].locked and rows[2].text == words.LOCKED


def test_pictures_need_a_thumbnail_and_files_a_name():
    picture = {"name": "pier.jpg", "thumbnail": base64.b64encode(b"jpeg").decode(), "width": 400, "height": 300}
    parts = parts_of([picture, {"name": "plan.pdf", "size_bytes": 2_500_000}, {}], "k")
    assert isinstance(parts[0], Picture) and (parts[0].thumbnail, parts[0].width) == (b"jpeg", 400)
    assert parts[1] == File("k-1", "plan.pdf", "2.4 MB") and parts[2].name == words.UNNAMED_FILE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DESCRIPTION = st.dictionaries(st.sampled_from(["name", "thumbnail", "width", "height", "size_bytes", "type"]), JSON)


@given(st.lists(DESCRIPTION, max_size=4))
def test_whatever_a_sender_claims_of_attachments_is_borne(descriptions):
    parts = parts_of(descriptions, "k")
    assert len(parts) == len(descriptions)
    assert all(part.width > 0 and part.height > 0 for part in parts if isinstance(part, Picture))


@given(st.text(max_size=40))
def test_whatever_stands_for_a_moment_is_borne(text):
    assert isinstance(times.parse(text), dt.datetime)


def test_moments_as_people_read_them():
    now = dt.datetime(2026, 11, 26, 12, 0).astimezone()
    ago = [now - dt.timedelta(days=days) for days in (0, 1, 3, 20, 400)]
    assert [times.short(moment, now) for moment in ago] == ["12:00", "Yesterday", "Monday", "6 Nov", "22 Oct 2025"]
    assert times.day(ago[4], now) == "Wednesday, 22 October 2025"

"""What was said of messages, as rows: quotes, reactions, polls, threads, deletions, mentions, and who came and went."""

import pytest
from app_examples import BEN, CARLA, ME, NOON, item, member, outgoing, person, poll, quote, reaction, summary, thread
from hypothesis import given
from hypothesis import strategies as st

from parley_app import words
from parley_app.model import chats, emoji, marks
from parley_app.model.completing import Completion, begun_at, cursor_after
from parley_app.model.menus import Action, actions_of
from parley_app.model.people import members_of
from parley_app.model.rows import Message, Note, Person, RepliesMark
from parley_app.model.timeline import Window, entries
from parley_client.content.bodies import EVERYBODY, mentioned_in
from parley_contracts.limits import REACTION_LENGTH_MAX

ANNA = Person(ME, "anna", own=True)
NOW = NOON.astimezone()


def rows_of(items, waiting=(), **more):
    fields = {"read": {}, "others": frozenset({BEN}), "me": ANNA} | more
    return entries(Window(items=list(items), outgoing=list(waiting), **fields), NOW)


def row_of(one, **more):
    return next(row for row in rows_of([one], **more) if isinstance(row, Message | Note))


@pytest.mark.parametrize(
    ("by", "added", "removed", "sentence"),
    [
        (BEN, [CARLA], [], "ben added carla"),
        (ME, [BEN, CARLA], [], "You added ben and carla"),
        (BEN, [ME], [], "ben added you"),
        (BEN, [], [CARLA], "ben removed carla"),
        (ME, [], [BEN], "You removed ben"),
        (BEN, [], [ME], "You were removed by ben"),
        (BEN, [], [BEN], "ben left"),
        (ME, [], [ME], "You left"),
        (CARLA, [CARLA], [], "carla joined"),
        (BEN, [CARLA], [ME], "ben added carla. You were removed by ben"),
    ],
)
def test_who_comes_and_goes_is_one_sentence(by, added, removed, sentence):
    change = {"added": [person(each) for each in added], "removed": [person(each) for each in removed]}
    note = row_of(item(1, "", by=by, kind="members", **change))
    assert isinstance(note, Note) and note.about == "people" and note.text == sentence
    room = chats.room(summary(kind="group", last=item(1, "", by=by, kind="members", **change)), ANNA, NOW)
    assert (room.preview, room.sender) == (sentence, "")


@pytest.mark.parametrize(
    ("by", "who", "sentence"),
    [(ME, ME, words.DELETED_OWN), (BEN, BEN, words.DELETED), (BEN, ME, "You deleted this message"),
     (ME, BEN, "ben deleted this message"), (BEN, None, words.DELETED)],
)  # fmt: skip
def test_a_deleted_message_says_who_took_it_back(by, who, sentence):
    gone = item(3, "", by=by, kind="deleted", deleted_by=person(who) if who else None, reactions=[reaction("👍", ME)])
    row = row_of(gone)
    assert (row.text, row.deleted, row.actionable, row.reactions) == (sentence, True, False, ())
    assert chats.room(summary(last=gone), ANNA, NOW).preview == sentence


def test_reactions_say_who_gave_them():
    row = row_of(item(1, reactions=[reaction("👍", BEN, ME, CARLA), reaction("🎉", CARLA)]))
    assert [(each.emoji, each.count, each.own, each.people) for each in row.reactions] == [
        ("👍", 3, True, "you, ben and carla"),
        ("🎉", 1, False, "carla"),
    ]


def test_quotes_lead_back_and_say_when_there_is_nothing_left():
    said = row_of(item(5, reply_to=quote(2, "two\nlines", by=ME)))
    assert (said.quote.sequence, said.quote.author, said.quote.text) == (2, ANNA, "two lines")
    picture = row_of(item(5, reply_to=quote(2, "", files=1)))
    assert picture.quote.text == words.PICTURE
    gone = row_of(item(5, reply_to={"sequence": 2, "sender": None, "text": "", "files": 0, "gone": True}))
    assert gone.quote.gone and gone.quote.text == words.GONE
    waiting = [row for row in rows_of([], [outgoing("c", reply_to=quote(2))]) if isinstance(row, Message)]
    assert waiting[0].quote.sequence == 2 and not waiting[0].actionable


def test_polls_count_and_share():
    row = row_of(item(1, "Which boat?", kind="poll", poll=poll({"nine": [BEN, ME], "ten": [CARLA], "none": []})))
    assert [(each.text, each.votes, round(each.share, 2), each.own) for each in row.poll.answers] == [
        ("nine", 2, 0.67, True),
        ("ten", 1, 0.33, False),
        ("none", 0, 0.0, False),
    ]
    empty = row_of(item(1, "Which boat?", kind="poll", poll=poll({"nine": [], "ten": []}, closed=True)))
    assert empty.poll.closed and {each.share for each in empty.poll.answers} == {0.0}
    asked = item(1, "Which boat?", by=ME, kind="poll", poll=poll({"a": [], "b": []}))
    assert chats.room(summary(last=asked), ANNA, NOW).preview == "Poll: Which boat?"


def test_a_thread_shows_its_root_and_how_many_replied():
    root = item(1, "plans?", thread=thread(2, 7, BEN, ME))
    assert row_of(root).thread.replies == 2
    rows = rows_of([item(6, thread_root=1), item(7, by=ME, thread_root=1)], root=root)
    assert isinstance(rows[0], Message) and rows[0].text == "plans?" and rows[0].thread is None
    assert rows[1] == RepliesMark("replies", 2)
    assert rows_of([], root=root)[1:] == ()


def test_edited_pinned_and_marked_are_told():
    row = row_of(item(4, pinned=True, edited_at="2026-11-26T12:00:00Z"), marked=4)
    assert (row.edited, row.pinned, row.marked) == (True, True, True)
    assert not row_of(item(4), marked=3).marked


# --- mentions

NAMES = st.sampled_from(["anna", "ben", "carla.m", "x_1", "everybody"])
PIECES = st.one_of(
    NAMES.map("@{}".format), NAMES, st.sampled_from([" ", ".", ", ", "a@", "@@", "@", "\n", "-", "é", "@BEN"])
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_highlighted_is_what_the_core_counts_as_a_mention(text):
    members = [("u-" + name, name) for name in ("anna", "ben", "carla.m", "x_1")]
    stretches = marks.mentions_in(text, {name for _, name in members})
    shown = {text[start + 1 : end].lower() for start, end in stretches}
    counted = set(mentioned_in(text, members))
    if EVERYBODY in counted:
        assert EVERYBODY in shown
    else:
        assert {"u-" + name for name in shown} == counted
    assert all(text[start] == "@" and start < end <= len(text) for start, end in stretches)


def test_mentions_are_found_in_the_text():
    row = row_of(item(1, "hey @Ben, ask @nobody or @everybody"), names=frozenset({"ben"}))
    assert [row.text[start:end] for start, end in row.mentions] == ["@Ben", "@everybody"]


@given(st.text(max_size=20), st.integers(0, 20), st.text(min_size=1, max_size=5))
def test_the_cursor_is_found_behind_what_was_typed(text, place, typed):
    place = min(place, len(text))
    after = text[:place] + typed + text[place:]
    found = cursor_after(text, after)
    # Where the same letters stand on both sides it may lie further on, but what it leaves behind is the same.
    assert after[found:] == text[len(text) - (len(after) - found) :] and found >= len(typed) - 1


def test_an_at_sign_offers_whoever_fits():
    completion = Completion()
    people = [Person(BEN, "ben"), Person(CARLA, "carla")]
    completion.typed("", "@", people)
    assert [each.name for each in completion.found] == ["ben", "carla", words.EVERYBODY]
    completion.move(-1)
    assert completion.index == 2
    completion.typed("@", "@c", people)
    assert [each.name for each in completion.found] == ["carla"] and completion.index == 0
    assert completion.taken("@c") == "@carla " and not completion.found
    assert begun_at("mail a@b", 8) is None and begun_at("see @be", 7).name == "be"
    completion.typed("hello  all", "hello @b all", people)
    assert completion.begun is not None
    assert completion.taken("hello @b all") == "hello @ben all"
    assert completion.taken("nothing begun") is None and not completion.close()


def test_the_list_says_that_somebody_was_named():
    room = chats.room(summary(unread=3, mentions=1), ANNA, NOW)
    assert room.mentions == 1 and "1 mention" in words.room("t", "p", "now", 3, room.mentions)


# --- what a message offers


def offered(one, *, in_thread=False, **more):
    groups = actions_of(one, summary(**more), ME, in_thread=in_thread)
    return [action for group in groups for action in group]


def test_menus_offer_what_this_person_may():
    reading = [Action.REPLY, Action.THREAD, Action.COPY, Action.PIN, Action.UNREAD, Action.REMIND, Action.REPORT]
    assert offered(item(1)) == reading
    own = [Action.REPLY, Action.THREAD, Action.EDIT, Action.COPY, Action.PIN, Action.REMIND, Action.DELETE]
    assert offered(item(1, by=ME)) == own
    assert Action.REPORT in offered(item(1), kind="open", name="Town")
    managed = {"members": [{"user_id": ME, "username": "anna", "role": "admin", "muted_until": None}]}
    assert offered(item(1), **managed) == [*reading, Action.DELETE]
    assert Action.PIN not in offered(item(1), may=["send"]) and Action.UNPIN not in offered(
        item(1, pinned=True), may=[]
    )
    assert Action.UNPIN in offered(item(1, pinned=True)) and Action.THREAD not in offered(item(1), in_thread=True)
    assert not {Action.THREAD, Action.UNREAD} & set(offered(item(1, thread_root=7)))
    asked = item(1, by=ME, kind="poll", poll=poll({"a": [], "b": []}))
    assert Action.CLOSE_POLL in offered(asked) and Action.EDIT not in offered(asked)
    assert Action.CLOSE_POLL not in offered(item(1, kind="poll", poll=poll({"a": [], "b": []})))
    assert offered(item(1, by=ME), status="removed") == [Action.COPY]
    assert offered(item(1, by=ME), may=["pin"]) == [Action.COPY, Action.PIN, Action.REMIND, Action.DELETE]
    assert actions_of(item(1, ""), summary(status="removed"), ME, in_thread=False) == ()


def test_people_stand_by_role():
    roles = {"guest": ME, "member": BEN, "moderator": CARLA}
    people = members_of(summary(kind="group", members=[member(who, role) for role, who in roles.items()]), ANNA)
    assert [(each.user_id, each.role) for each in people] == [
        (ME, words.GUEST),
        (CARLA, words.MODERATOR),
        (BEN, ""),
    ]


def test_every_emoji_of_the_picker_can_be_sent_and_found():
    every = [each for group in emoji.CATEGORIES for each in group]
    assert len(every) > 400 and len(emoji.CATEGORIES) == len(words.EMOJI_CATEGORIES)
    for each in (*every, *emoji.QUICK):
        assert 0 < len(each) <= REACTION_LENGTH_MAX and emoji.name_of(each) != each
    assert len(set(every)) == len(every)
    assert "🚀" in emoji.search("rocket") and "👍" in emoji.search("thumbs up") and "🇩🇪" in emoji.search("flag de")
    assert "😂" in emoji.search("LOL") and emoji.search("nothing is called so") == ()
    assert len(emoji.search("f")) <= emoji.FOUND_MAX


def test_an_open_channel_is_labelled_wherever_it_stands():
    room = summary(kind="open", name="Town", members=[member(ME, "owner"), member(BEN)])
    assert chats.title(room, ANNA) == "#Town"
    assert chats.protection(room) == words.OPEN_CHANNEL
    assert chats.room(room, ANNA, NOW).title == "#Town"
    for kind in ("direct", "group", "self"):
        assert chats.protection(summary(kind=kind)) == words.ENCRYPTED


def test_what_an_application_says_bears_its_name():
    assert row_of(item(1, "Build 7 is green", application="Builds")).text == "Builds: Build 7 is green"

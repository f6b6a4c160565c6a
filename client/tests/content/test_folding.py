"""Bodies that others sealed: any bytes are one of the kinds or nothing, and folding is the same on every device."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.content import bodies
from parley_client.content.bodies import EditBody, PollBody, ReactionBody, TargetBody, TextBody, VoteBody, encode
from parley_client.content.folding import fold, pinned_targets
from parley_client.content.kinds import (
    ANNOTATING_KINDS,
    KIND_DELETE,
    KIND_EDIT,
    KIND_PIN,
    KIND_POLL,
    KIND_POLL_CLOSE,
    KIND_REACTION,
    KIND_TEXT,
    KIND_VOTE,
)
from parley_client.store.messages import MessageRow
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.limits import REACTIONS_PER_MESSAGE_MAX
from parley_contracts.problems import TooLarge

WHERE, DEVICE = ConversationId(new_uuid7()), DeviceId(new_uuid7())
ALICE, BOB, CAROL = (UserId(new_uuid7()) for _ in range(3))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["target", "text", "emoji", "removed", "options", "choices", "several", "mentions"]), inner
        )
    ),
    max_leaves=12,
)


def row(
    sequence: int, kind: int, body: bytes, *, user_id: UserId = ALICE, manager: bool = False, may_pin: bool = False
) -> MessageRow:
    return MessageRow(
        conversation_id=WHERE,
        sequence=sequence,
        user_id=user_id,
        device_id=DEVICE,
        client_id=ClientId(new_uuid7()),
        kind=kind,
        body=body,
        stored_at=f"2026-01-01T00:00:{sequence % 60:02}.000Z",
        target=1,
        manager=manager,
        may_pin=may_pin,
    )


TEXT = row(1, KIND_TEXT, encode(TextBody(text="hello")))
POLL = row(1, KIND_POLL, encode(PollBody(text="when?", options=["a", "b"])))


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode), st.integers(-2, 70000))
def test_any_bytes_are_a_body_or_nothing(data: bytes, kind: int):
    body = bodies.read_any(data, kind)
    if body is not None:
        assert bodies.read_any(encode(body), kind) == body
    bodies.text_in(data)
    bodies.name_in(data)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(ANNOTATING_KINDS)),
            JSON.map(msgspec.json.encode) | st.binary(max_size=30),
            st.sampled_from([ALICE, BOB, CAROL]),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.sampled_from([TEXT, POLL]),
)
def test_folding_bears_everything(said: list[tuple[int, bytes, UserId, bool]], first: MessageRow):
    rows = [
        row(n, kind, body, user_id=who, manager=boss, may_pin=boss)
        for n, (kind, body, who, boss) in enumerate(said, start=2)
    ]
    folded = fold(first, rows)
    assert folded == fold(first, rows)
    assert len(folded.reactions) <= REACTIONS_PER_MESSAGE_MAX
    if folded.deleted_by is not None:
        assert (folded.text, folded.reactions, folded.poll) == ("", {}, None)


@pytest.mark.parametrize("who", [BOB, CAROL])
def test_nobody_speaks_for_another(who: UserId):
    edit = row(2, KIND_EDIT, encode(EditBody(target=1, text="forged")), user_id=who)
    assert fold(TEXT, [edit]).text == "hello"
    deletion = row(2, KIND_DELETE, encode(TargetBody(target=1)), user_id=who)
    assert fold(TEXT, [deletion]).deleted_by is None
    managed = row(2, KIND_DELETE, encode(TargetBody(target=1)), user_id=who, manager=True)
    assert fold(TEXT, [managed]).deleted_by == who
    closing = row(2, KIND_POLL_CLOSE, encode(TargetBody(target=1)), user_id=who)
    assert not fold(POLL, [closing]).poll.closed


def test_what_came_before_the_message_does_not_change_it():
    early = row(1, KIND_EDIT, encode(EditBody(target=1, text="early")))
    assert fold(TEXT, [early]).text == "hello"


def test_a_closed_poll_takes_no_votes():
    votes = [row(n, KIND_VOTE, encode(VoteBody(target=1, choices=[0])), user_id=BOB) for n in (2, 4)]
    closing = row(3, KIND_POLL_CLOSE, encode(TargetBody(target=1)))
    late = row(5, KIND_VOTE, encode(VoteBody(target=1, choices=[1])), user_id=BOB)
    assert fold(POLL, [votes[0], closing, late]).poll.votes == {BOB: (0,)}


def test_a_message_bears_only_so_many_emoji():
    emoji = [chr(0x1F300 + n) for n in range(REACTIONS_PER_MESSAGE_MAX + 5)]
    rows = [
        row(n, KIND_REACTION, encode(ReactionBody(target=1, emoji=each)), user_id=who)
        for n, (each, who) in enumerate(itertools.product(emoji, [ALICE, BOB]), start=2)
    ]
    reactions = fold(TEXT, rows).reactions
    assert len(reactions) == REACTIONS_PER_MESSAGE_MAX
    assert all(people == [ALICE, BOB] for people in reactions.values())


def test_pins_stand_in_the_order_of_the_last_pinning():
    said = [(1, False), (2, False), (3, False), (1, True), (2, False), (1, False), (3, True)]
    rows = [
        row(10 + n, KIND_PIN, encode(bodies.PinBody(target=target, removed=removed)), may_pin=True)
        for n, (target, removed) in enumerate(said)
    ]
    assert pinned_targets(rows) == [1, 2]


def test_who_may_not_pin_pins_nothing():
    pin, unpin = (encode(bodies.PinBody(target=1, removed=removed)) for removed in (False, True))
    smuggled, pinned = row(2, KIND_PIN, pin, user_id=BOB), row(3, KIND_PIN, pin, user_id=BOB, may_pin=True)
    undone = row(4, KIND_PIN, unpin, user_id=CAROL)
    assert not fold(TEXT, [smuggled]).pinned and pinned_targets([smuggled]) == []
    assert fold(TEXT, [smuggled, pinned, undone]).pinned and pinned_targets([smuggled, pinned, undone]) == [1]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hello @alice", [ALICE]),
        ("@Alice, @bob!", sorted([ALICE, BOB])),
        ("(@bob)", [BOB]),
        ("mail me at x@bob", []),
        ("@alicex", []),
        ("@everybody come", [bodies.EVERYBODY]),
        ("", []),
    ],
)
def test_mentions_are_whole_words(text: str, named: list[UserId]):
    people = [(ALICE, "alice"), (BOB, "bob"), (CAROL, "")]
    assert list(bodies.mentioned_in(text, people)) == named


def test_too_much_is_refused():
    with pytest.raises(TooLarge):
        encode(EditBody(target=1, text="x" * 17_000))

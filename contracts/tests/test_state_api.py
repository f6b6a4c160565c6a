"""The digest of read states: what differs shows in its bucket, order and untouched conversations do not."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.ids import ConversationId
from parley_contracts.limits import READ_STATE_BUCKETS
from parley_contracts.state_api import ReadState, read_state_bucket, read_states_digest

STATES = st.dictionaries(
    st.uuids().map(lambda found: ConversationId(str(found))),
    st.tuples(st.integers(0, 50), st.integers(0, 50)),
    max_size=40,
).map(lambda found: [ReadState(where, *positions) for where, positions in found.items()])


@given(STATES, st.randoms(use_true_random=False))
def test_order_does_not_matter(states: list[ReadState], shuffler: random.Random) -> None:
    shuffled = list(states)
    shuffler.shuffle(shuffled)
    assert read_states_digest(shuffled) == read_states_digest(states)


@given(STATES, st.data())
def test_a_change_shows_in_its_bucket_alone(states: list[ReadState], data: st.DataObject) -> None:
    where = data.draw(st.sampled_from(states)).conversation_id if states else ConversationId("0" * 36)
    changed = [state for state in states if state.conversation_id != where] + [ReadState(where, 51)]
    pairs = zip(read_states_digest(states), read_states_digest(changed), strict=True)
    assert [number for number, (one, other) in enumerate(pairs) if one != other] == [read_state_bucket(where)]


def test_what_was_never_read_does_not_count() -> None:
    assert read_states_digest([ReadState(ConversationId("x"), 0, 0, 7)]) == [0] * READ_STATE_BUCKETS

"""Secrets of past epochs: any bytes are secrets or a clear error, and sealed ones open in their own place only."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.crypto.past import PastError, PastPlace, PastSecrets, open_past, seal_past
from parley_contracts.ids import ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.limits import PAST_EPOCHS_PER_ANSWER_MAX
from parley_mls import default_primitives, generate_hpke_key

P = default_primitives()
SECRETS = st.builds(
    PastSecrets, st.integers(0, 2**64 - 1), st.lists(st.binary(min_size=32, max_size=32), min_size=1).map(tuple)
)
PLACE = PastPlace("chat.example", ConversationId(new_uuid7()), 0, 7, UserId(new_uuid7()), DeviceId(new_uuid7()))


@given(SECRETS)
def test_secrets_come_out_as_they_went_in(secrets):
    assert PastSecrets.decode(secrets.encode()) == secrets


@given(
    st.binary()
    | SECRETS.map(PastSecrets.encode).flatmap(lambda data: st.integers(0, len(data)).map(lambda n: data[:n]))
)
def test_any_bytes_are_secrets_or_a_clear_error(data):
    try:
        found = PastSecrets.decode(data)
    except PastError:
        return
    assert found.encode() == data
    assert 0 < len(found.secrets) <= PAST_EPOCHS_PER_ANSWER_MAX


@pytest.mark.parametrize("count", [0, PAST_EPOCHS_PER_ANSWER_MAX + 1])
def test_a_number_that_nobody_hands_on_is_refused(count):
    with pytest.raises(PastError):
        PastSecrets.decode(PastSecrets(1, (bytes(32),) * count).encode())


@settings(max_examples=20)
@given(st.integers(1, 7))
def test_they_open_in_their_place_and_nowhere_else(count):
    private, public = generate_hpke_key(P)
    secrets = PastSecrets(7 - count, tuple(bytes([n]) * 32 for n in range(count)))
    sealed = seal_past(P, secrets, public, PLACE)
    assert open_past(P, private, sealed, PLACE) == secrets
    others = {
        "server_name": "other.example",
        "conversation_id": new_uuid7(),
        "generation": 1,
        "before": 8,
        "giver": new_uuid7(),
        "device_id": new_uuid7(),
    }
    for name, value in others.items():
        with pytest.raises(PastError):
            open_past(P, private, sealed, dataclasses.replace(PLACE, **{name: value}))
    with pytest.raises(PastError):
        open_past(P, generate_hpke_key(P)[0], sealed, PLACE)


def test_secrets_of_other_epochs_are_refused():
    private, public = generate_hpke_key(P)
    sealed = seal_past(P, PastSecrets(3, (bytes(32),)), public, PLACE)
    with pytest.raises(PastError):
        open_past(P, private, sealed, PLACE)

"""Payloads of pushes, and events: any bytes are one of them or refused, and what is written is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.encoding import b64encode
from parley_contracts.events import Event, EventError, MessageStored, content_of, parse_position, position_text
from parley_contracts.ids import ConversationId, DeviceId, new_uuid7
from parley_contracts.limits import PUSH_PAYLOAD_SIZE_BYTES_MAX, PUSH_STRUCTURE_SIZE_BYTES_MAX
from parley_contracts.push import SELF_TEST, PushPayload, directory_place, secret_place
from parley_mls.codec import DecodeError

PARTS = st.binary(max_size=300)
WHERE = ConversationId(new_uuid7())
PLACES = st.integers(0, 2**64 - 1)


@given(PARTS, PARTS, PARTS, PARTS)
def test_payloads_are_read_as_written(sealed: bytes, header: bytes, ciphertext: bytes, signature: bytes):
    payload = PushPayload(WHERE, sealed, header, ciphertext, signature)
    assert PushPayload.decode(payload.encode()) == payload


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda structure: b64encode(b"\x01" + structure).encode()))
def test_any_bytes_are_a_payload_or_refused(data: bytes):
    try:
        assert PushPayload.decode(data).encode() == data
    except DecodeError:
        pass


@given(st.integers(0, 3200))
def test_a_fitted_payload_fits(size: int):
    fitted = PushPayload(WHERE, b"s" * 80, b"h" * 200, b"c" * size, b"s" * 64).fitted()
    assert len(fitted.encode()) <= PUSH_PAYLOAD_SIZE_BYTES_MAX
    assert fitted.conversation_id == WHERE
    assert bool(fitted.header) == (size <= PUSH_STRUCTURE_SIZE_BYTES_MAX - 17 - 82 - 202 - 66 - 2)


def test_a_self_test_is_no_payload():
    with pytest.raises(DecodeError):
        PushPayload.decode(SELF_TEST)


def test_places_differ_in_every_part():
    device, other = DeviceId(new_uuid7()), DeviceId(new_uuid7())
    places = {
        secret_place("a", WHERE, b"g", 1, 2, device),
        secret_place("b", WHERE, b"g", 1, 2, device),
        secret_place("a", ConversationId(new_uuid7()), b"g", 1, 2, device),
        secret_place("a", WHERE, b"h", 1, 2, device),
        secret_place("a", WHERE, b"g", 2, 1, device),
        secret_place("a", WHERE, b"g", 1, 3, device),
        secret_place("a", WHERE, b"g", 1, 2, other),
        directory_place("a", device),
        directory_place("a", other),
    }
    assert len(places) == 9


@given(PLACES, st.integers(0, 10**9))
def test_positions_compare_as_numbers(clock: int, index: int):
    assert parse_position(position_text(clock, index)) == (clock, index)


@pytest.mark.parametrize(
    "text", ["", "1", "-1", "1-", "01-0", "1-00", "a-b", "1-1-1", f"{2**64}-0", "1-0\n", "\u0661-\u0660"]
)
def test_other_texts_are_no_positions(text: str):
    with pytest.raises(EventError):
        parse_position(text)


@given(
    st.binary(max_size=30),
    st.dictionaries(st.sampled_from([b"previous", b"type", b"at", b"data"]), st.binary(max_size=30)),
)
def test_any_entry_is_an_event_or_refused(place: bytes, fields: dict[bytes, bytes]):
    try:
        content_of(Event.from_entry(place, fields), MessageStored)
    except EventError:
        pass


def test_an_event_is_read_as_written():
    event = Event("5-0", "4-0", "message.stored", "2026-01-01T00:00:00.000Z", b"{}")
    fields = {name.encode(): v if isinstance(v, bytes) else str(v).encode() for name, v in event.fields().items()}
    assert Event.from_entry(b"5-0", fields) == event

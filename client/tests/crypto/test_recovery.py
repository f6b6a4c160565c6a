import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.crypto.recovery import RecoveryKeyError, format_recovery_key, new_recovery_key, parse_recovery_key

keys = st.binary(min_size=32, max_size=32)


@given(keys)
def test_round_trip(key: bytes):
    text = format_recovery_key(key)
    assert parse_recovery_key(text) == key
    assert parse_recovery_key(text.lower().replace("-", " ")) == key
    assert parse_recovery_key(text.removeprefix("PARLEY-")) == key


def test_lookalikes_are_forgiven():
    key = bytes(32)
    assert parse_recovery_key(format_recovery_key(key).replace("0", "o")) == key


def test_known_answer():
    text = "PARLEY-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-9KBK"
    assert format_recovery_key(bytes(32)) == text


@given(keys, st.integers(7, 75), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_typing_error_is_found(key: bytes, place: int, letter: str):
    text = format_recovery_key(key)
    if text[place] in {"-", letter}:
        return
    with pytest.raises(RecoveryKeyError):
        parse_recovery_key(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=90))
def test_other_text_is_refused(text: str):
    with pytest.raises(RecoveryKeyError):
        parse_recovery_key(text)


def test_keys_are_fresh():
    assert len({new_recovery_key() for _ in range(8)}) == 8

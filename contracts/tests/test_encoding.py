import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.encoding import b64decode, b64encode


@given(st.binary(max_size=64))
def test_round_trip(data: bytes):
    assert b64decode(b64encode(data)) == data


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A+/A", "AAA\n", "ÄAAA", " AAA"])
def test_loose_encodings_are_refused(text: str):
    with pytest.raises(ValueError, match="base64url"):
        b64decode(text)


@given(st.text(max_size=20))
def test_only_value_errors(text: str):
    try:
        assert b64encode(b64decode(text)) == text
    except ValueError:
        pass

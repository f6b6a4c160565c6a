"""An object's parts: all of one size but the last."""

from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.limits import MEDIA_OBJECT_SIZE_BYTES_MAX, MEDIA_PART_SIZE_BYTES
from parley_contracts.media_api import part_sizes


@given(st.integers(1, MEDIA_OBJECT_SIZE_BYTES_MAX))
def test_parts_make_up_the_object(size_bytes):
    sizes = part_sizes(size_bytes)
    assert sum(sizes) == size_bytes
    assert set(sizes[:-1]) <= {MEDIA_PART_SIZE_BYTES}
    assert 0 < sizes[-1] <= MEDIA_PART_SIZE_BYTES

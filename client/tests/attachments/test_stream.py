"""STREAM: what was sealed opens in its place, and nothing else opens at all."""

import asyncio
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.attachments.stream import TAG_SIZE_BYTES, Layout, new_key, stream_of
from parley_client.errors import AttachmentBroken
from parley_client.platforms.files import NativeSealer
from parley_contracts.limits import (
    ATTACHMENT_CHUNK_SIZE_BYTES_MAX,
    ATTACHMENT_CHUNKS_MAX,
    ATTACHMENT_SIZE_BYTES_MAX,
    MEDIA_OBJECT_SIZE_BYTES_MAX,
)
from parley_mls import default_primitives

P = default_primitives()
KEY = bytes(range(32))
#: Small chunks, so that properties see many of them; the bounds are those of a descriptor, not of the construction.
SMALL = 64


def seal_all(data, key=KEY, chunk=SMALL):
    layout = Layout(len(data), chunk)
    stream = stream_of(P, NativeSealer(), key, layout)

    async def run():
        return [await stream.seal(n, data[slice(*layout.plain_range(n))]) for n in range(layout.chunks)]

    return layout, stream, asyncio.run(run())


def opened(stream, number, sealed, digest=None):
    return asyncio.run(stream.open(number, sealed, digest or hashlib.sha256(sealed).digest()))


@given(st.binary(max_size=1000))
def test_what_was_sealed_opens(data):
    layout, stream, sealed = seal_all(data)
    assert b"".join(opened(stream, n, chunk) for n, chunk in enumerate(sealed)) == data
    assert sum(map(len, sealed)) == layout.sealed_size_bytes
    assert [layout.sealed_range(n)[0] for n in range(layout.chunks)] == [
        n * (SMALL + TAG_SIZE_BYTES) for n in range(layout.chunks)
    ]


@settings(max_examples=60)
@given(data=st.binary(max_size=300), where=st.randoms(use_true_random=False))
def test_any_byte_changed_anywhere_is_refused(data, where):
    _, stream, sealed = seal_all(data)
    number = where.randrange(len(sealed))
    place, mask = where.randrange(len(sealed[number])), where.randrange(1, 256)
    changed = bytearray(sealed[number])
    changed[place] ^= mask
    with pytest.raises(AttachmentBroken) as by_digest:
        opened(stream, number, bytes(changed), hashlib.sha256(sealed[number]).digest())
    assert by_digest.value.code == "digest"
    # And were the digest made to fit: the tag does not hold.
    with pytest.raises(AttachmentBroken) as by_tag:
        opened(stream, number, bytes(changed))
    assert by_tag.value.code == "tag"


@given(data=st.binary(min_size=2 * SMALL, max_size=600), cut=st.integers(1, 80))
def test_truncated_and_lengthened_chunks_are_refused(data, cut):
    _, stream, sealed = seal_all(data)
    for wrong in (sealed[0][:-cut], sealed[0] + bytes(cut), b""):
        with pytest.raises(AttachmentBroken) as refused:
            opened(stream, 0, wrong)
        assert refused.value.code == "size"


@given(data=st.binary(min_size=3 * SMALL, max_size=3 * SMALL), places=st.permutations(range(3)))
def test_swapped_and_repeated_chunks_are_refused(data, places):
    _, stream, sealed = seal_all(data)
    for number, other in enumerate(places):
        if number != other:
            with pytest.raises(AttachmentBroken) as refused:
                opened(stream, number, sealed[other])
            assert refused.value.code == "tag"


def test_a_file_cut_at_a_chunk_is_another_file():
    """The last chunk says that it is the last: a shorter layout does not open what a longer one sealed."""
    _, _, sealed = seal_all(bytes(3 * SMALL))
    shorter = stream_of(P, NativeSealer(), KEY, Layout(2 * SMALL, SMALL))
    for number in range(2):
        with pytest.raises(AttachmentBroken):
            opened(shorter, number, sealed[number])


def test_a_changed_file_gets_another_key(monkeypatch):
    fixed = type(P)()
    monkeypatch.setattr(type(fixed), "random", lambda self, size: bytes(size))
    assert new_key(fixed, hashlib.sha256(b"one").digest()) != new_key(fixed, hashlib.sha256(b"two").digest())


def test_fresh_keys_differ():
    assert new_key(P, bytes(32)) != new_key(P, bytes(32))


def test_known_answer():
    """The format, pinned: devices of any version must open what others sealed."""
    _, _, sealed = seal_all(b"parley" * 20)
    digest = hashlib.sha256(b"".join(sealed)).hexdigest()
    assert digest == "51dd0d0be1328d62260f60be4dad720157f1b856c85ad8fbb0863835ea293e07"


@given(st.integers(0, ATTACHMENT_SIZE_BYTES_MAX))
def test_layouts_keep_the_bounds(size):
    layout = Layout.of(size)
    assert layout.is_sound
    assert layout.chunks <= ATTACHMENT_CHUNKS_MAX
    assert layout.chunk_size_bytes <= ATTACHMENT_CHUNK_SIZE_BYTES_MAX
    assert layout.sealed_size_bytes <= MEDIA_OBJECT_SIZE_BYTES_MAX
    assert layout.sealed_range(layout.chunks - 1)[1] == layout.sealed_size_bytes


def test_a_secret_is_in_no_representation():
    _, stream, _ = seal_all(b"x")
    assert "key" not in repr(stream)

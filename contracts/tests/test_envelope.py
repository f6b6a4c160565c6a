import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.envelope import (
    MessageHeader,
    chain_next,
    chain_start,
    commit_hash,
    counts,
    creation_hash,
    message_hash,
)
from parley_contracts.ids import ConversationId
from parley_mls.codec import DecodeError

uuids = st.uuids().map(str)
headers = st.builds(
    MessageHeader,
    suite=st.integers(0, 65535),
    group_id=st.binary(max_size=32),
    generation=st.integers(0, 2**32 - 1),
    conversation_id=uuids,
    epoch=st.integers(0, 2**64 - 1),
    transcript_prefix=st.binary(min_size=16, max_size=16),
    user_id=uuids,
    device_id=uuids,
    client_id=uuids,
    salt=st.binary(min_size=16, max_size=16),
    push=st.booleans(),
    counts=st.booleans(),
    commitment=st.binary(min_size=32, max_size=32),
)


@given(headers)
def test_header_round_trip(header: MessageHeader):
    assert MessageHeader.decode(header.encode()) == header
    assert header.encode().startswith(header.encode_without_commitment())
    assert MessageHeader.without_commitment(header.encode()) == header.encode_without_commitment()
    assert counts(header.encode()) == header.counts


@given(st.binary(max_size=300))
def test_foreign_bytes_raise_only_decode_errors(data: bytes):
    try:
        assert MessageHeader.decode(data).encode() == data
    except DecodeError:
        pass


@given(headers, st.data())
def test_there_is_one_encoding_of_a_header(header: MessageHeader, data: st.DataObject):
    damaged = bytearray(header.encode())
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = MessageHeader.decode(bytes(damaged))
    except DecodeError:
        return
    assert found.encode_without_commitment() == MessageHeader.without_commitment(bytes(damaged))


@given(headers, st.integers(4, 255))
def test_unknown_flags_are_refused(header: MessageHeader, value: int):
    encoded = bytearray(header.encode())
    encoded[-33] = value
    with pytest.raises(DecodeError):
        MessageHeader.decode(bytes(encoded))


def test_hashes_have_separate_domains():
    hashes = {message_hash(b"a", b"b", b""), commit_hash(b"a", b"b"), creation_hash(b"a", b"b")}
    assert len(hashes) == 3


def test_chain_follows_its_formula():
    conversation = ConversationId("00000000-0000-0000-0000-000000000001")
    start = hashlib.sha256(b"parley log" + bytes(15) + b"\x01").digest()
    assert chain_start(conversation) == start
    assert chain_next(start, 1, b"e" * 32) == hashlib.sha256(start + bytes(7) + b"\x01" + b"e" * 32).digest()

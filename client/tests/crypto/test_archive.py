from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.crypto.archive import ArchiveError, ArchiveRecord, leaves_digest, open_record, seal_record
from parley_client.crypto.history import (
    HistoryKey,
    HistoryKeyError,
    HistoryKeySigner,
    new_history_key,
    open_history_key,
    seal_history_key,
)
from parley_client.crypto.index import AccountIndexError, open_index, seal_index
from parley_contracts.ids import ConversationId, DeviceId, UserId, new_uuid7, uuid_bytes
from parley_contracts.limits import ARCHIVE_RECORD_SIZE_BYTES_MAX
from parley_mls import Writer, default_primitives, generate_hpke_key, generate_signature_key, hpke_seal

P = default_primitives()
USER, CONVERSATION = UserId(new_uuid7()), ConversationId(new_uuid7())
WHOSE = {"user_id": USER, "server_name": "parley.example"}
KEY = HistoryKey(1, bytes(range(32)))
RECORD = ArchiveRecord(
    conversation_id=CONVERSATION,
    generation=0,
    epoch=3,
    group_id=b"group-id-16bytes",
    epoch_secret=b"e" * 32,
    interim_transcript_hash=b"t" * 32,
    leaves_digest=b"l" * 32,
    anchor_sequence=7,
    anchor_hash=b"h" * 32,
)
PLACE = {"conversation_id": CONVERSATION, "generation": 0, "epoch": 3} | WHOSE
SEALED = seal_record(P, KEY, RECORD, **WHOSE)


def test_a_record_comes_back():
    assert open_record(P, KEY, SEALED, **PLACE) == RECORD
    assert len(SEALED) < ARCHIVE_RECORD_SIZE_BYTES_MAX / 4
    assert RECORD.epoch_secret not in SEALED


def test_the_same_record_gives_the_same_bytes():
    assert seal_record(P, KEY, RECORD, **WHOSE) == SEALED
    assert seal_record(P, KEY, replace(RECORD, anchor_sequence=8), **WHOSE) != SEALED
    assert seal_record(P, new_history_key(1), RECORD, **WHOSE) != SEALED


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": 4},
        {"generation": 1},
        {"conversation_id": ConversationId(new_uuid7())},
        {"user_id": UserId(new_uuid7())},
        {"server_name": "other"},
    ],
)
def test_a_record_belongs_to_one_place(wrong: dict[str, object]):
    with pytest.raises(ArchiveError):
        open_record(P, KEY, SEALED, **(PLACE | wrong))


@settings(max_examples=80)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_changed_record_is_refused(place: int, flip: int):
    damaged = bytearray(SEALED)
    damaged[place] ^= flip
    with pytest.raises(ArchiveError):
        open_record(P, KEY, bytes(damaged), **PLACE)


PRIVATE, PUBLIC = generate_hpke_key(P)
SIGNING_SEED, SIGNING_KEY = generate_signature_key(P)
SIGNER = HistoryKeySigner(1, SIGNING_SEED)
SIGNED = {"signing_keys": {1: SIGNING_KEY}} | WHOSE
SEALED_KEY = seal_history_key(P, KEY, PUBLIC, signer=SIGNER, **WHOSE)
SEALED_INDEX = seal_index(P, KEY, [CONVERSATION], version=1, **WHOSE)


@settings(max_examples=80)
@given(st.integers(0, len(SEALED_KEY) - 1), st.integers(0, len(SEALED_INDEX) - 1), st.integers(1, 255))
def test_changed_history_keys_and_indexes_are_refused(in_key: int, in_index: int, flip: int):
    key, index = bytearray(SEALED_KEY), bytearray(SEALED_INDEX)
    key[in_key] ^= flip
    index[in_index] ^= flip
    with pytest.raises(HistoryKeyError):
        open_history_key(P, bytes(key), [PRIVATE], version=1, **SIGNED)
    with pytest.raises(AccountIndexError):
        open_index(P, KEY, bytes(index), version=1, **WHOSE)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data: bytes):
    with pytest.raises(ArchiveError):
        open_record(P, KEY, data, **PLACE)
    with pytest.raises(AccountIndexError):
        open_index(P, KEY, data, version=1, **WHOSE)
    with pytest.raises(HistoryKeyError):
        open_history_key(P, data, [bytes(range(32))], version=1, **SIGNED)


def test_history_keys_open_with_the_recovery_key_alone():
    private, public = generate_hpke_key(P)
    sealed = seal_history_key(P, KEY, public, signer=SIGNER, **WHOSE)
    assert open_history_key(P, sealed, [private], version=1, **SIGNED) == (KEY, SIGNER.statement_version)
    for wrong in ({"version": 2}, {"version": 1 << 62}, {"user_id": UserId(new_uuid7())}, {"server_name": "other"}):
        with pytest.raises(HistoryKeyError):
            open_history_key(P, sealed, [private], **({"version": 1} | SIGNED | wrong))


def test_a_history_key_is_the_account_s_or_none():
    """Anybody can seal to the recovery public key."""
    place = Writer().opaque(b"parley.example").raw(uuid_bytes(USER)).uint32(1).finish()
    stranger = HistoryKeySigner(1, generate_signature_key(P)[0])
    for sealed in (
        hpke_seal(P, PUBLIC, b"Parley History Key 1", place, bytes(32)),
        hpke_seal(P, PUBLIC, b"Parley History Key 1", place, bytes(32 + 4 + 64)),
        seal_history_key(P, KEY, PUBLIC, signer=stranger, **WHOSE),
        seal_history_key(P, KEY, PUBLIC, signer=HistoryKeySigner(2, SIGNING_SEED), **WHOSE),
    ):
        with pytest.raises(HistoryKeyError):
            open_history_key(P, sealed, [PRIVATE], version=1, **SIGNED)


def test_the_index_comes_back_sorted():
    listed = [ConversationId(new_uuid7()) for _ in range(3)]
    sealed = seal_index(P, KEY, reversed(listed), version=2, **WHOSE)
    assert open_index(P, KEY, sealed, version=2, **WHOSE) == tuple(sorted(listed))
    with pytest.raises(AccountIndexError):
        open_index(P, KEY, sealed, version=1, **WHOSE)


def test_the_digest_forgets_the_order_of_leaves():
    leaves = [(UserId(new_uuid7()), DeviceId(new_uuid7()), bytes([n]) * 32) for n in range(3)]
    assert leaves_digest(leaves) == leaves_digest(reversed(leaves))
    assert leaves_digest(leaves) != leaves_digest(leaves[:2])

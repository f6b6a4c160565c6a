"""Archive records: what a device must remember of an epoch so that another own device can read and check it.

Sealing is deterministic: the same record under the same history key gives the same bytes, so an honest repetition and a
contradiction can be told apart without opening either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from parley_client.crypto.history import HistoryKey
from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, place_of, seal
from parley_contracts.ids import ConversationId, DeviceId, UserId, uuid_bytes
from parley_mls import CryptoError, DecodeError, Primitives, Reader, Writer, decode, expand_with_label

_FORMAT = 1
_KEY_LABEL = "Parley Archive Record 1"
_NONCE_LABEL = "Parley Archive Nonce 1"


class ArchiveError(ValueError):
    """The record does not open, or is of another place."""


@dataclass(frozen=True)
class ArchiveRecord:
    """One epoch: its message secret, its interim transcript hash, a digest of its leaves, and where its log begins.

    `anchor_sequence` is the entry that made the epoch and `anchor_hash` the hash chain's value after it.
    """

    conversation_id: ConversationId
    generation: int
    epoch: int
    group_id: bytes
    epoch_secret: bytes = field(repr=False)
    interim_transcript_hash: bytes
    leaves_digest: bytes
    anchor_sequence: int
    anchor_hash: bytes


def leaves_digest(leaves: Iterable[tuple[UserId, DeviceId, bytes]]) -> bytes:
    """SHA-256 over (user, device, device key) of all leaves, in the order of the device ids."""
    writer = Writer()
    for user_id, device_id, device_key in sorted(leaves, key=lambda leaf: leaf[1]):
        writer.raw(uuid_bytes(user_id)).raw(uuid_bytes(device_id)).opaque(device_key)
    return hashlib.sha256(b"parley leaves" + writer.finish()).digest()


def seal_record(
    p: Primitives, history_key: HistoryKey, record: ArchiveRecord, *, user_id: UserId, server_name: str
) -> bytes:
    """The sealed record; the group id stands in front in clear, since the key depends on it."""
    place = _place(record.conversation_id, record.generation, record.epoch, record.group_id, user_id, server_name)
    plaintext = (
        Writer()
        .opaque(record.epoch_secret)
        .opaque(record.interim_transcript_hash)
        .opaque(record.leaves_digest)
        .uint64(record.anchor_sequence)
        .opaque(record.anchor_hash)
        .finish()
    )
    nonce_key = expand_with_label(p, history_key.secret, _NONCE_LABEL, place, KEY_SIZE_BYTES)
    nonce = p.hmac(nonce_key, plaintext)[:NONCE_SIZE_BYTES]
    sealed = seal(p, _key(p, history_key, place), nonce, plaintext, place)
    return Writer().uint8(_FORMAT).opaque(record.group_id).raw(sealed).finish()


def open_record(
    p: Primitives,
    history_key: HistoryKey,
    sealed: bytes,
    *,
    conversation_id: ConversationId,
    generation: int,
    epoch: int,
    user_id: UserId,
    server_name: str,
) -> ArchiveRecord:
    """The record of exactly this epoch; `ArchiveError` where it is not that."""
    try:
        group_id, body = decode(sealed, _read)
        place = _place(conversation_id, generation, epoch, group_id, user_id, server_name)
        plaintext = open_sealed(p, _key(p, history_key, place), body, place)
        secret, transcript, digest, sequence, anchor = decode(
            plaintext, lambda r: (r.opaque(), r.opaque(), r.opaque(), r.uint64(), r.opaque())
        )
    except (CryptoError, ValueError) as error:
        raise ArchiveError("an archive record does not open") from error
    return ArchiveRecord(
        conversation_id=conversation_id,
        generation=generation,
        epoch=epoch,
        group_id=group_id,
        epoch_secret=secret,
        interim_transcript_hash=transcript,
        leaves_digest=digest,
        anchor_sequence=sequence,
        anchor_hash=anchor,
    )


def _read(reader: Reader) -> tuple[bytes, bytes]:
    if reader.uint8() != _FORMAT:
        raise DecodeError("an archive record of an unknown format")
    return reader.opaque(), reader.raw(reader.remaining)


def _place(
    conversation_id: ConversationId, generation: int, epoch: int, group_id: bytes, user_id: UserId, server_name: str
) -> bytes:
    writer = place_of(server_name, user_id).raw(uuid_bytes(conversation_id)).uint32(generation)
    return writer.opaque(group_id).uint64(epoch).finish()


def _key(p: Primitives, history_key: HistoryKey, place: bytes) -> bytes:
    return expand_with_label(p, history_key.secret, _KEY_LABEL, place, KEY_SIZE_BYTES)

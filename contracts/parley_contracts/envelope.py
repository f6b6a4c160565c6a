"""The envelope of a private message: its header, which the server parses, and the hash chain over the log.

The header is one TLS structure carried as opaque bytes; the ciphertext is bound to those very bytes (encryption.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, uuid_bytes, uuid_text
from parley_mls.codec import DecodeError, Reader, Writer, decode

HEADER_VERSION = 1
MESSAGE_LABEL = "Parley Message 1"
SALT_SIZE_BYTES = 16
COMMITMENT_SIZE_BYTES = 32
TRANSCRIPT_PREFIX_SIZE_BYTES = 16
_PUSH = 1
_COUNTS = 2


@dataclass(frozen=True)
class MessageHeader:
    """What the server and everyone else may know of a message.

    `push` asks for a notification; `counts` makes the message one that is read or unread (a reaction is neither).
    `transcript_prefix` is the first 16 bytes of the interim transcript hash of the epoch: it tells a fork from damage.
    """

    suite: int
    group_id: bytes
    generation: int
    conversation_id: ConversationId
    epoch: int
    transcript_prefix: bytes
    user_id: UserId
    device_id: DeviceId
    client_id: ClientId
    salt: bytes
    push: bool
    counts: bool
    commitment: bytes = b""

    def encode_without_commitment(self) -> bytes:
        """The bytes that the commitment covers, before the content."""
        return (
            Writer()
            .uint8(HEADER_VERSION)
            .uint16(self.suite)
            .opaque(self.group_id)
            .uint32(self.generation)
            .raw(uuid_bytes(self.conversation_id))
            .uint64(self.epoch)
            .raw(self.transcript_prefix)
            .raw(uuid_bytes(self.user_id))
            .raw(uuid_bytes(self.device_id))
            .raw(uuid_bytes(self.client_id))
            .raw(self.salt)
            .uint8(_PUSH * self.push | _COUNTS * self.counts)
            .finish()
        )

    def encode(self) -> bytes:
        """The whole header, the associated data of the ciphertext."""
        return self.encode_without_commitment() + self.commitment

    @staticmethod
    def without_commitment(header: bytes) -> bytes:
        """What `encode_without_commitment` gives, of a header that was decoded before: there is one encoding of each."""
        return header[:-COMMITMENT_SIZE_BYTES]

    @classmethod
    def decode(cls, data: bytes) -> MessageHeader:
        """The header in `data`; `DecodeError` where it is none."""
        return decode(data, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> MessageHeader:
        if reader.uint8() != HEADER_VERSION:
            raise DecodeError("unknown version of a message header")
        fields = dict[str, Any](
            suite=reader.uint16(),
            group_id=reader.opaque(),
            generation=reader.uint32(),
            conversation_id=ConversationId(uuid_text(reader.raw(16))),
            epoch=reader.uint64(),
            transcript_prefix=reader.raw(TRANSCRIPT_PREFIX_SIZE_BYTES),
            user_id=UserId(uuid_text(reader.raw(16))),
            device_id=DeviceId(uuid_text(reader.raw(16))),
            client_id=ClientId(uuid_text(reader.raw(16))),
            salt=reader.raw(SALT_SIZE_BYTES),
        )
        flags = reader.uint8()
        if flags & ~(_PUSH | _COUNTS):
            raise DecodeError("a message header with an unknown flag")
        commitment = reader.raw(COMMITMENT_SIZE_BYTES)
        return cls(**fields, push=bool(flags & _PUSH), counts=bool(flags & _COUNTS), commitment=commitment)


def counts(header: bytes) -> bool:
    """Whether a message counts as unread, by its header, which was decoded before."""
    return bool(header[-COMMITMENT_SIZE_BYTES - 1] & _COUNTS)


def message_hash(header: bytes, ciphertext: bytes, signature: bytes) -> bytes:
    """SHA-256 of a message entry: also its payload hash for I3."""
    return removed_message_hash(header, hashlib.sha256(ciphertext).digest(), signature)


def removed_message_hash(header: bytes, ciphertext_hash: bytes, signature: bytes) -> bytes:
    """The same of a message whose ciphertext is gone, from the SHA-256 of that."""
    parts = Writer().opaque(header).raw(ciphertext_hash).opaque(signature).finish()
    return hashlib.sha256(b"parley message" + parts).digest()


def commit_hash(commit: bytes, policy: bytes) -> bytes:
    """SHA-256 of a commit entry; `policy` is empty where the commit changes none."""
    return hashlib.sha256(b"parley commit" + Writer().opaque(commit).opaque(policy).finish()).digest()


def creation_hash(group_info: bytes, policy: bytes) -> bytes:
    """SHA-256 of the entry that creates a conversation (sequence 1)."""
    return hashlib.sha256(b"parley creation" + Writer().opaque(group_info).opaque(policy).finish()).digest()


def clear_hash(
    entry_type: str,
    sender: tuple[UserId, DeviceId, ClientId],
    *,
    content_kind: int = 0,
    body_hash: bytes = hashlib.sha256(b"").digest(),
    policy: bytes = b"",
) -> bytes:
    """SHA-256 of an entry of an open channel, from the SHA-256 of its body; `policy` where the sender wrote it."""
    parts = Writer().opaque(entry_type.encode()).raw(b"".join(map(uuid_bytes, sender))).uint16(content_kind)
    return hashlib.sha256(b"parley clear" + parts.raw(body_hash).opaque(policy).finish()).digest()


def chain_start(conversation_id: ConversationId) -> bytes:
    """h_0 of a conversation."""
    return hashlib.sha256(b"parley log" + uuid_bytes(conversation_id)).digest()


def chain_next(previous: bytes, sequence: int, entry_hash: bytes) -> bytes:
    """h_s = SHA-256(h_{s-1} || s || SHA-256(entry))."""
    return hashlib.sha256(previous + sequence.to_bytes(8, "big") + entry_hash).digest()

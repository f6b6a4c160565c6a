"""Sealing and opening messages under the secret that an epoch exports.

    epoch secret  = MLS-Exporter("parley messages", group id || generation, 32)
    key || nonce  = ExpandWithLabel(epoch secret, "message", SHA-256(header), 44)
    ciphertext    = AES-256-GCM(key, nonce, padded content, aad = header)
    signature     = SignWithLabel(device key, "Parley Message 1", header || SHA-256(ciphertext))
    commitment    = HMAC-SHA256(32 random bytes, header without commitment || content)

Invariant: nothing of a message is returned before its signature, its tag and its commitment have held.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES
from parley_contracts.checkpoints import HEAD_SIZE_BYTES
from parley_contracts.envelope import MESSAGE_LABEL, SALT_SIZE_BYTES, MessageHeader
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_mls import (
    SUITE,
    CryptoError,
    DecodeError,
    Group,
    Primitives,
    Reader,
    Writer,
    decode,
    expand_with_label,
    sign_with_label,
    verify_with_label,
)

PADDED_SIZE_BYTES_MIN = 256
COMMITMENT_KEY_SIZE_BYTES = 32
EPOCH_SECRET_SIZE_BYTES = 32
#: The largest counter and sequence: what every store holds as a signed integer of eight bytes.
COUNTER_MAX = 2**63 - 1
#: The counter of what is sealed to be sent later, whose place among the device's messages nobody knows.
UNCOUNTED = 0
_FORMAT = 1
_FORMAT_WITH_HEAD = 2

MessageErrorCode = Literal[
    "epoch_key_missing",
    "sender_not_in_epoch",
    "signature_invalid",
    "commitment_invalid",
    "corrupted",
    "fork",
    "suite_unknown",
]


class MessageError(ValueError):
    """The message does not open; `code` is one of the causes that are counted."""

    def __init__(self, code: MessageErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code: MessageErrorCode = code


@dataclass(frozen=True)
class Content:
    """What is inside: the device's counter in this conversation, the last entry it had applied, and the body.

    `last_hash` is the hash chain's value at `last_sequence`, 32 bytes; `kind` says how to read `body`.
    `head` is the head of the log of people's keys up to which the sender has followed it, empty for none.
    """

    counter: int
    last_sequence: int
    last_hash: bytes
    kind: int
    body: bytes
    head: bytes = b""

    def encode(self) -> bytes:
        """The bytes that the commitment covers, after the header."""
        return (
            Writer()
            .uint8(_FORMAT_WITH_HEAD if self.head else _FORMAT)
            .uint64(self.counter)
            .uint64(self.last_sequence)
            .raw(self.last_hash)
            .uint16(self.kind)
            .opaque(self.body)
            .raw(self.head)
            .finish()
        )

    @classmethod
    def read(cls, reader: Reader) -> Content:
        """One content from the front of `reader`."""
        shape = reader.uint8()
        if shape not in {_FORMAT, _FORMAT_WITH_HEAD}:
            raise DecodeError("a content of an unknown format")
        head_size_bytes = HEAD_SIZE_BYTES if shape == _FORMAT_WITH_HEAD else 0
        content = cls(
            reader.uint64(),
            reader.uint64(),
            reader.raw(32),
            reader.uint16(),
            reader.opaque(),
            reader.raw(head_size_bytes),
        )
        if max(content.counter, content.last_sequence) > COUNTER_MAX:
            raise DecodeError("a counter is out of its range")
        return content


@dataclass(frozen=True)
class SealedMessage:
    """The three parts of a message on the wire."""

    header: bytes
    ciphertext: bytes
    signature: bytes


@dataclass(frozen=True)
class OpenedMessage:
    """A message that held; `commitment_key` is what a report would reveal."""

    header: MessageHeader
    content: Content
    commitment_key: bytes = field(repr=False)


def epoch_secret(p: Primitives, group: Group, generation: int) -> bytes:
    """The secret under which messages of the group's present epoch are sealed."""
    context = Writer().opaque(group.group_id).uint32(generation).finish()
    return group.export(p, "parley messages", context, EPOCH_SECRET_SIZE_BYTES)


def seal_message(
    p: Primitives,
    *,
    epoch_secret: bytes,
    suite: int,
    group_id: bytes,
    generation: int,
    conversation_id: ConversationId,
    epoch: int,
    transcript_prefix: bytes,
    user_id: UserId,
    device_id: DeviceId,
    client_id: ClientId,
    counts: bool,
    content: Content,
    device_seed: bytes,
) -> SealedMessage:
    """A message with a fresh salt, and so with a key of its own, however often its client id was sealed before."""
    encoded = content.encode()
    header = MessageHeader(
        suite=suite,
        group_id=group_id,
        generation=generation,
        conversation_id=conversation_id,
        epoch=epoch,
        transcript_prefix=transcript_prefix,
        user_id=user_id,
        device_id=device_id,
        client_id=client_id,
        salt=_salt(p, device_seed, encoded),
        push=counts,
        counts=counts,
    )
    commitment_key = p.random(COMMITMENT_KEY_SIZE_BYTES)
    uncommitted = header.encode_without_commitment()
    header_bytes = uncommitted + p.hmac(commitment_key, uncommitted + encoded)
    key, nonce = _key_and_nonce(p, epoch_secret, header_bytes)
    ciphertext = p.aead_seal(key, nonce, pad(commitment_key + encoded), header_bytes)
    signature = sign_with_label(p, device_seed, MESSAGE_LABEL, header_bytes + p.hash(ciphertext))
    return SealedMessage(header_bytes, ciphertext, signature)


def open_message(
    p: Primitives,
    *,
    epoch_secret: bytes,
    header: bytes,
    ciphertext: bytes,
    signature: bytes,
    sender_device_key: bytes,
) -> OpenedMessage:
    """The message, everything about it checked; `MessageError` with the cause otherwise."""
    try:
        parsed = MessageHeader.decode(header)
    except DecodeError as error:
        raise MessageError("corrupted", "the header is malformed") from error
    if parsed.suite != SUITE:
        raise MessageError("suite_unknown", "the message is sealed under an unknown suite")
    if not verify_with_label(p, sender_device_key, MESSAGE_LABEL, header + p.hash(ciphertext), signature):
        raise MessageError("signature_invalid", "the message was not signed by the device that it names")
    key, nonce = _key_and_nonce(p, epoch_secret, header)
    try:
        padded = p.aead_open(key, nonce, ciphertext, header)
        commitment_key, content = decode(
            padded, lambda r: (r.raw(COMMITMENT_KEY_SIZE_BYTES), _unpadded(r, Content.read(r)))
        )
    except (CryptoError, DecodeError) as error:
        raise MessageError("corrupted", "the message does not open") from error
    committed = p.hmac(commitment_key, MessageHeader.without_commitment(header) + content.encode())
    if not hmac.compare_digest(committed, parsed.commitment):
        raise MessageError("commitment_invalid", "the message is not what its sender committed to")
    return OpenedMessage(parsed, content, commitment_key)


def pad(content: bytes) -> bytes:
    """Zeros up to the next size of Padmé (Nikitin and others, 2019), at least `PADDED_SIZE_BYTES_MIN`."""
    size = max(len(content), PADDED_SIZE_BYTES_MIN)
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return content.ljust((size + mask) & ~mask, b"\x00")


def _unpadded(reader: Reader, content: Content) -> Content:
    if any(reader.raw(reader.remaining)):
        raise DecodeError("the padding is not zero")
    return content


def _salt(p: Primitives, device_seed: bytes, content: bytes) -> bytes:
    # Hedged: a broken random source alone does not repeat a salt for another content.
    return hashlib.sha256(p.random(32) + device_seed + content).digest()[:SALT_SIZE_BYTES]


def _key_and_nonce(p: Primitives, secret: bytes, header: bytes) -> tuple[bytes, bytes]:
    both = expand_with_label(p, secret, "message", p.hash(header), KEY_SIZE_BYTES + NONCE_SIZE_BYTES)
    return both[:KEY_SIZE_BYTES], both[KEY_SIZE_BYTES:]

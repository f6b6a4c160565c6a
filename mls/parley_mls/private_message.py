"""PrivateMessage (RFC 9420 section 6.3). Parley's groups refuse it; it is here because an MLS library must read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import CryptoError, FramingError
from parley_mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    Sender,
    SenderType,
    read_body,
    read_content_type,
    write_body,
)
from parley_mls.primitives import Primitives
from parley_mls.secret_tree import RatchetKey, RatchetKind, sender_data_key
from parley_mls.wire import WireFormat, read_message_header, write_message_header

#: Gives the ratchet key of (leaf index, kind, generation).
KeySource = Callable[[int, RatchetKind, int], RatchetKey]
_REUSE_GUARD_SIZE_BYTES = 4


@dataclass(frozen=True)
class PrivateMessage:
    """A sealed content whose sender is hidden from everyone outside."""

    group_id: bytes
    epoch: int
    content_type: ContentType
    authenticated_data: bytes
    encrypted_sender_data: bytes
    ciphertext: bytes

    def to_bytes(self) -> bytes:
        """As an MLSMessage."""
        writer = Writer().raw(write_message_header(WireFormat.PRIVATE_MESSAGE)).raw(self._content_place())
        return writer.opaque(self.encrypted_sender_data).opaque(self.ciphertext).finish()

    @classmethod
    def from_bytes(cls, unverified_message: bytes) -> PrivateMessage:
        """The PrivateMessage of an MLSMessage; `FramingError` where it is none."""

        def read(reader: Reader) -> PrivateMessage:
            if read_message_header(reader) != WireFormat.PRIVATE_MESSAGE:
                raise DecodeError("not a PrivateMessage")
            group_id, epoch, content_type = reader.opaque(), reader.uint64(), read_content_type(reader)
            return cls(group_id, epoch, content_type, reader.opaque(), reader.opaque(), reader.opaque())

        try:
            return decode(unverified_message, read)
        except DecodeError as error:
            raise FramingError(str(error)) from error

    def _sender_place(self) -> bytes:
        return Writer().opaque(self.group_id).uint64(self.epoch).uint8(self.content_type).finish()

    def _content_place(self) -> bytes:
        return self._sender_place() + Writer().opaque(self.authenticated_data).finish()

    def open(self, p: Primitives, sender_data_secret: bytes, keys: KeySource) -> AuthenticatedContent:
        """The content, its signature not verified yet; `FramingError` where it does not open."""
        try:
            hidden = sender_data_key(p, sender_data_secret, self.ciphertext)
            sender_data = p.aead_open(hidden.key, hidden.nonce, self.encrypted_sender_data, self._sender_place())
            leaf_index, generation, guard = decode(
                sender_data, lambda r: (r.uint32(), r.uint32(), r.raw(_REUSE_GUARD_SIZE_BYTES))
            )
            key = keys(leaf_index, _ratchet_of(self.content_type), generation)
            plaintext = p.aead_open(key.key, _guarded(key.nonce, guard), self.ciphertext, self._content_place())
            return decode(plaintext, lambda r: self._read_content(r, leaf_index))
        except (CryptoError, DecodeError) as error:
            raise FramingError("the PrivateMessage does not open") from error

    def _read_content(self, reader: Reader, leaf_index: int) -> AuthenticatedContent:
        body = read_body(reader, self.content_type)
        signature = reader.opaque()
        tag = reader.opaque() if self.content_type == ContentType.COMMIT else b""
        if any(reader.raw(reader.remaining)):
            raise DecodeError("the padding is not zero")
        sender = Sender(SenderType.MEMBER, leaf_index)
        content = FramedContent(self.group_id, self.epoch, sender, self.authenticated_data, body)
        return AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, content, signature, tag)


def seal_private(
    p: Primitives, authenticated: AuthenticatedContent, sender_data_secret: bytes, key: RatchetKey, generation: int
) -> PrivateMessage:
    """Seal a signed content with the ratchet key of its sender's `generation`."""
    content = authenticated.content
    place = Writer().opaque(content.group_id).uint64(content.epoch).uint8(content.content_type).finish()
    content_place = place + Writer().opaque(content.authenticated_data).finish()
    guard = p.random(_REUSE_GUARD_SIZE_BYTES)
    writer = Writer()
    write_body(writer, content.body)
    plaintext = writer.raw(authenticated.auth_bytes()).finish()
    ciphertext = p.aead_seal(key.key, _guarded(key.nonce, guard), plaintext, content_place)
    hidden = sender_data_key(p, sender_data_secret, ciphertext)
    sender_data = Writer().uint32(content.sender.index).uint32(generation).raw(guard).finish()
    encrypted = p.aead_seal(hidden.key, hidden.nonce, sender_data, place)
    return PrivateMessage(
        content.group_id, content.epoch, content.content_type, content.authenticated_data, encrypted, ciphertext
    )


def _ratchet_of(content_type: ContentType) -> RatchetKind:
    return "application" if content_type == ContentType.APPLICATION else "handshake"


def _guarded(nonce: bytes, guard: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(nonce, guard, strict=False)) + nonce[len(guard) :]

"""Framing of handshakes (RFC 9420 sections 6 to 6.2): content, its signature, and PublicMessage."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import IntEnum

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import FramingError
from parley_mls.labels import sign_with_label, verify_with_label
from parley_mls.primitives import Primitives
from parley_mls.proposals import Commit, Proposal, read_proposal, write_proposal
from parley_mls.suite import MLS_10
from parley_mls.wire import WireFormat, read_message_header, write_message_header


class SenderType(IntEnum):
    """Who may speak to a group."""

    MEMBER = 1
    EXTERNAL = 2
    NEW_MEMBER_PROPOSAL = 3
    NEW_MEMBER_COMMIT = 4


class ContentType(IntEnum):
    """What a framed content is."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


@dataclass(frozen=True)
class Sender:
    """`index` is a leaf index for members, a place in `external_senders` for external ones."""

    type: SenderType
    index: int = 0

    def write(self, writer: Writer) -> None:
        """Append the sender."""
        writer.uint8(self.type)
        if self.type in (SenderType.MEMBER, SenderType.EXTERNAL):
            writer.uint32(self.index)

    @classmethod
    def read(cls, reader: Reader) -> Sender:
        """One sender from the front of `reader`."""
        try:
            sender_type = SenderType(reader.uint8())
        except ValueError as error:
            raise DecodeError("unknown type of sender") from error
        indexed = sender_type in (SenderType.MEMBER, SenderType.EXTERNAL)
        return cls(sender_type, reader.uint32() if indexed else 0)


@dataclass(frozen=True)
class FramedContent:
    """A proposal, a commit or application data, addressed to a group in an epoch."""

    group_id: bytes
    epoch: int
    sender: Sender
    authenticated_data: bytes
    body: Proposal | Commit | bytes

    @property
    def content_type(self) -> ContentType:
        """What the body is."""
        if isinstance(self.body, bytes):
            return ContentType.APPLICATION
        return ContentType.COMMIT if isinstance(self.body, Commit) else ContentType.PROPOSAL

    def encode(self) -> bytes:
        """The structure as it is signed and sent."""
        writer = Writer().opaque(self.group_id).uint64(self.epoch)
        self.sender.write(writer)
        writer.opaque(self.authenticated_data).uint8(self.content_type)
        write_body(writer, self.body)
        return writer.finish()

    @classmethod
    def read(cls, reader: Reader) -> FramedContent:
        """One content from the front of `reader`."""
        group_id, epoch, sender, data = reader.opaque(), reader.uint64(), Sender.read(reader), reader.opaque()
        return cls(group_id, epoch, sender, data, read_body(reader, read_content_type(reader)))


def write_body(writer: Writer, body: Proposal | Commit | bytes) -> None:
    """Append a body without its type."""
    if isinstance(body, bytes):
        writer.opaque(body)
    elif isinstance(body, Commit):
        body.write(writer)
    else:
        write_proposal(writer, body)


def read_body(reader: Reader, content_type: ContentType) -> Proposal | Commit | bytes:
    """A body of the given type."""
    match content_type:
        case ContentType.APPLICATION:
            return reader.opaque()
        case ContentType.PROPOSAL:
            return read_proposal(reader)
        case ContentType.COMMIT:
            return Commit.read(reader)


def read_content_type(reader: Reader) -> ContentType:
    """One content type from the front of `reader`."""
    try:
        return ContentType(reader.uint8())
    except ValueError as error:
        raise DecodeError("unknown type of content") from error


@dataclass(frozen=True)
class AuthenticatedContent:
    """A content with its signature and, for a commit, the confirmation tag.

    `encoded` keeps the content's own bytes once known, so that nothing is encoded twice.
    """

    wire_format: WireFormat
    content: FramedContent
    signature: bytes = b""
    confirmation_tag: bytes = b""
    encoded: bytes = field(default=b"", compare=False, repr=False)

    @classmethod
    def read(cls, reader: Reader, wire_format: WireFormat) -> AuthenticatedContent:
        """One content with its authentication from the front of `reader`, after the wire format."""
        start = reader.offset
        content = FramedContent.read(reader)
        encoded, signature = reader.slice_from(start), reader.opaque()
        tag = reader.opaque() if content.content_type == ContentType.COMMIT else b""
        return cls(wire_format, content, signature, tag, encoded)

    def content_bytes(self) -> bytes:
        """The encoded FramedContent."""
        return self.encoded or self.content.encode()

    def _to_be_signed(self, context: bytes) -> bytes:
        writer = Writer().uint16(MLS_10).uint16(self.wire_format).raw(self.content_bytes())
        if self.content.sender.type in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT):
            writer.raw(context)
        return writer.finish()

    def auth_bytes(self) -> bytes:
        """The encoded FramedContentAuthData."""
        writer = Writer().opaque(self.signature)
        if isinstance(self.content.body, Commit):
            writer.opaque(self.confirmation_tag)
        return writer.finish()

    def encode(self) -> bytes:
        """The whole structure, over which a ProposalRef is made."""
        return Writer().uint16(self.wire_format).raw(self.content_bytes()).raw(self.auth_bytes()).finish()

    def confirmed_transcript_input(self) -> bytes:
        """ConfirmedTranscriptHashInput (RFC 9420 section 8.2)."""
        return Writer().uint16(self.wire_format).raw(self.content_bytes()).opaque(self.signature).finish()

    def verify(self, p: Primitives, public: bytes, context: bytes) -> bool:
        """Whether `public` signed this; `context` is the epoch's encoded GroupContext."""
        return verify_with_label(p, public, "FramedContentTBS", self._to_be_signed(context), self.signature)

    def membership_input(self, context: bytes) -> bytes:
        """AuthenticatedContentTBM (RFC 9420 section 6.2)."""
        return self._to_be_signed(context) + self.auth_bytes()


def sign_content(
    p: Primitives, wire_format: WireFormat, content: FramedContent, signature_seed: bytes, context: bytes
) -> AuthenticatedContent:
    """The content, signed; the confirmation tag is put in later."""
    unsigned = AuthenticatedContent(wire_format, content, encoded=content.encode())
    signature = sign_with_label(p, signature_seed, "FramedContentTBS", unsigned._to_be_signed(context))  # noqa: SLF001
    return AuthenticatedContent(wire_format, content, signature, encoded=unsigned.encoded)


@dataclass(frozen=True)
class PublicMessage:
    """A signed handshake in clear, with the membership tag that members add."""

    authenticated: AuthenticatedContent
    membership_tag: bytes = b""

    def to_bytes(self) -> bytes:
        """As an MLSMessage."""
        writer = Writer().raw(write_message_header(WireFormat.PUBLIC_MESSAGE))
        writer.raw(self.authenticated.content_bytes()).raw(self.authenticated.auth_bytes())
        if self.authenticated.content.sender.type == SenderType.MEMBER:
            writer.opaque(self.membership_tag)
        return writer.finish()

    @classmethod
    def from_bytes(cls, unverified_message: bytes) -> PublicMessage:
        """The PublicMessage of an MLSMessage, nothing verified; `FramingError` where it is none."""
        try:
            return decode(unverified_message, cls._read)
        except DecodeError as error:
            raise FramingError(str(error)) from error

    @classmethod
    def _read(cls, reader: Reader) -> PublicMessage:
        if read_message_header(reader) != WireFormat.PUBLIC_MESSAGE:
            raise DecodeError("handshakes are public messages here")
        authenticated = AuthenticatedContent.read(reader, WireFormat.PUBLIC_MESSAGE)
        from_member = authenticated.content.sender.type == SenderType.MEMBER
        return cls(authenticated, reader.opaque() if from_member else b"")

    def check_membership(self, p: Primitives, membership_key: bytes, context: bytes) -> None:
        """Raise `FramingError` unless a member's tag holds (RFC 9420 section 6.2)."""
        if self.authenticated.content.sender.type != SenderType.MEMBER:
            return
        expected = p.hmac(membership_key, self.authenticated.membership_input(context))
        if not hmac.compare_digest(expected, self.membership_tag):
            raise FramingError("the membership tag is wrong")


def protect_public(
    p: Primitives, authenticated: AuthenticatedContent, membership_key: bytes, context: bytes
) -> PublicMessage:
    """A PublicMessage, tagged where a member sends it."""
    if authenticated.content.sender.type != SenderType.MEMBER:
        return PublicMessage(authenticated)
    return PublicMessage(authenticated, p.hmac(membership_key, authenticated.membership_input(context)))


def next_transcript(p: Primitives, interim: bytes, commit: AuthenticatedContent) -> bytes:
    """The confirmed transcript hash after a commit (RFC 9420 section 8.2)."""
    return p.hash(interim + commit.confirmed_transcript_input())


def interim_transcript(p: Primitives, confirmed: bytes, confirmation_tag: bytes) -> bytes:
    """The interim transcript hash (RFC 9420 section 8.2)."""
    return p.hash(confirmed + Writer().opaque(confirmation_tag).finish())

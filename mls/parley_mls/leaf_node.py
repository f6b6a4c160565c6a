"""Leaf nodes and what they say of a member (RFC 9420 sections 5.3 and 7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import Self

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.ed25519 import is_acceptable_point
from parley_mls.errors import TreeError
from parley_mls.extensions import (
    DEFAULT_EXTENSIONS,
    DEFAULT_PROPOSALS,
    Extension,
    RequiredCapabilities,
    check_unique,
    read_extensions,
    read_types,
    write_types,
)
from parley_mls.labels import labelled_check, sign_with_label
from parley_mls.primitives import Primitives, SignatureCheck
from parley_mls.suite import MLS_10, SUITE
from parley_mls.x25519 import is_acceptable_key

BASIC_CREDENTIAL = 1
X509_CREDENTIAL = 2


class LeafNodeSource(IntEnum):
    """Where a leaf comes from; it decides what its signature covers."""

    KEY_PACKAGE = 1
    UPDATE = 2
    COMMIT = 3


@dataclass(frozen=True)
class Lifetime:
    """Seconds since 1970 between which a key package may be used (RFC 9420 section 7.2)."""

    not_before: int
    not_after: int


@dataclass(frozen=True)
class Credential:
    """A basic credential's identity, or for other types the encoded rest (RFC 9420 section 5.3)."""

    type: int
    data: bytes

    @classmethod
    def read(cls, reader: Reader) -> Credential:
        """One credential from the front of `reader`."""
        credential_type = reader.uint16()
        if credential_type == BASIC_CREDENTIAL:
            return cls(credential_type, reader.opaque())
        if credential_type == X509_CREDENTIAL:
            start = reader.offset
            reader.vector(Reader.opaque)
            return cls(credential_type, reader.slice_from(start))
        raise DecodeError("unknown type of credential")

    def write(self, writer: Writer) -> None:
        """Append the credential."""
        writer.uint16(self.type)
        if self.type == BASIC_CREDENTIAL:
            writer.opaque(self.data)
        else:
            writer.raw(self.data)


@dataclass(frozen=True)
class Capabilities:
    """What a member's client supports, by registered values (RFC 9420 section 7.2)."""

    versions: tuple[int, ...] = (MLS_10,)
    cipher_suites: tuple[int, ...] = (SUITE,)
    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = (BASIC_CREDENTIAL,)

    @classmethod
    def read(cls, reader: Reader) -> Capabilities:
        """Capabilities from the front of `reader`."""
        return cls(*(read_types(reader) for _ in range(5)))

    def write(self, writer: Writer) -> None:
        """Append the capabilities."""
        for types in (self.versions, self.cipher_suites, self.extensions, self.proposals, self.credentials):
            write_types(writer, types)

    def meets(self, required: RequiredCapabilities) -> bool:
        """Whether a group's requirements are met; default types always are (RFC 9420 section 7.2)."""
        return (
            DEFAULT_EXTENSIONS.issuperset(set(required.extensions).difference(self.extensions))
            and DEFAULT_PROPOSALS.issuperset(set(required.proposals).difference(self.proposals))
            and set(required.credentials).issubset(self.credentials)
        )


@dataclass(frozen=True)
class LeafNode:
    """A member's leaf. `lifetime` belongs to key packages, `parent_hash` to commits; the other stays empty."""

    encryption_key: bytes
    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    source: LeafNodeSource
    lifetime: Lifetime | None
    parent_hash: bytes
    extensions: tuple[Extension, ...]
    signature: bytes = b""
    _encoded: list[bytes] = field(default_factory=list, compare=False, repr=False)

    @property
    def identity(self) -> bytes:
        """The basic credential's bytes."""
        return self.credential.data

    def encode(self) -> bytes:
        """The whole leaf; computed once, since every tree hash asks for it."""
        if not self._encoded:
            self._encoded.append(self._content + Writer().opaque(self.signature).finish())
        return self._encoded[0]

    @cached_property
    def _content(self) -> bytes:
        """All but the signature; `replace` makes a leaf without what is remembered here."""
        writer = Writer().opaque(self.encryption_key).opaque(self.signature_key)
        self.credential.write(writer)
        self.capabilities.write(writer)
        writer.uint8(self.source)
        if self.lifetime is not None:
            writer.uint64(self.lifetime.not_before).uint64(self.lifetime.not_after)
        elif self.source == LeafNodeSource.COMMIT:
            writer.opaque(self.parent_hash)
        return writer.vector(self.extensions, Extension.write).finish()

    def _to_be_signed(self, group_id: bytes, leaf_index: int) -> bytes:
        writer = Writer().raw(self._content)
        if self.source != LeafNodeSource.KEY_PACKAGE:
            writer.opaque(group_id).uint32(leaf_index)
        return writer.finish()

    def with_extensions(self, extensions: Sequence[Extension]) -> Self:
        """The same leaf, unsigned, with these extensions in place of its own; what it carries it also supports."""
        types = {*self.capabilities.extensions, *(e.type for e in extensions)} - DEFAULT_EXTENSIONS
        capabilities = replace(self.capabilities, extensions=tuple(sorted(types)))
        return replace(self, extensions=tuple(extensions), capabilities=capabilities, signature=b"", _encoded=[])

    def with_identity(self, identity: bytes) -> Self:
        """The same leaf, unsigned, with another identity in its basic credential."""
        return replace(self, credential=Credential(BASIC_CREDENTIAL, identity), signature=b"", _encoded=[])

    def sign(self, p: Primitives, signature_seed: bytes, *, group_id: bytes = b"", leaf_index: int = 0) -> Self:
        """The same leaf, signed for its place (RFC 9420 section 7.2)."""
        content = self._to_be_signed(group_id, leaf_index)
        return replace(self, signature=sign_with_label(p, signature_seed, "LeafNodeTBS", content), _encoded=[])

    def verify(self, p: Primitives, *, group_id: bytes = b"", leaf_index: int = 0) -> bool:
        """Whether the leaf's own key signed it for this place."""
        return p.verify(*self.signature_check(group_id=group_id, leaf_index=leaf_index))

    def signature_check(self, *, group_id: bytes = b"", leaf_index: int = 0) -> SignatureCheck:
        """What `verify` asks."""
        content = self._to_be_signed(group_id, leaf_index)
        return labelled_check(self.signature_key, "LeafNodeTBS", content, self.signature)

    def check(self) -> None:
        """Raise `TreeError` unless the leaf supports all that it uses and its keys are the suite's (RFC 9420 section 7.3)."""
        check_unique(self.extensions, TreeError)
        if not (is_acceptable_key(self.encryption_key) and is_acceptable_point(self.signature_key)):
            raise TreeError("a leaf's key is not one of this suite")
        if self.credential.type != BASIC_CREDENTIAL:
            # A certificate's key would have to be the leaf's (section 5.3), and nothing here reads certificates.
            raise TreeError("a leaf's credential is not a basic one")
        if not {e.type for e in self.extensions} <= {*self.capabilities.extensions, *DEFAULT_EXTENSIONS}:
            raise TreeError("a leaf has extensions outside its own capabilities")
        if self.credential.type not in self.capabilities.credentials:
            raise TreeError("a leaf's credential is outside its own capabilities")
        if MLS_10 not in self.capabilities.versions or SUITE not in self.capabilities.cipher_suites:
            raise TreeError("a leaf does not support the group's version and suite")

    @classmethod
    def read(cls, reader: Reader) -> LeafNode:
        """One leaf from the front of `reader`."""
        start = reader.offset
        encryption_key, signature_key = reader.opaque(), reader.opaque()
        credential, capabilities = Credential.read(reader), Capabilities.read(reader)
        try:
            source = LeafNodeSource(reader.uint8())
        except ValueError as error:
            raise DecodeError("unknown source of a leaf") from error
        is_package = source == LeafNodeSource.KEY_PACKAGE
        lifetime = Lifetime(reader.uint64(), reader.uint64()) if is_package else None
        parent_hash = reader.opaque() if source == LeafNodeSource.COMMIT else b""
        extensions = read_extensions(reader)
        content = reader.slice_from(start)
        leaf = cls(
            encryption_key=encryption_key,
            signature_key=signature_key,
            credential=credential,
            capabilities=capabilities,
            source=source,
            lifetime=lifetime,
            parent_hash=parent_hash,
            extensions=extensions,
            signature=reader.opaque(),
        )
        # Whatever can be read has one encoding, and this is it.
        vars(leaf)["_content"] = content
        return leaf

    @classmethod
    def decode(cls, data: bytes) -> LeafNode:
        """The leaf that fills `data`."""
        return decode(data, cls.read)

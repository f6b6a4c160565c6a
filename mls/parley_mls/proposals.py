"""Proposals and commits on the wire (RFC 9420 sections 12.1 and 12.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from parley_mls.codec import DecodeError, Reader, Writer
from parley_mls.extensions import Extension, read_extensions
from parley_mls.key_package import KeyPackage
from parley_mls.labels import ref_hash
from parley_mls.leaf_node import LeafNode
from parley_mls.primitives import Primitives
from parley_mls.psk import PskId
from parley_mls.treekem import UpdatePath


class ProposalType(IntEnum):
    """The RFC's own proposal types."""

    ADD = 1
    UPDATE = 2
    REMOVE = 3
    PSK = 4
    REINIT = 5
    EXTERNAL_INIT = 6
    GROUP_CONTEXT_EXTENSIONS = 7


@dataclass(frozen=True)
class Add:
    """A member to be added."""

    key_package: KeyPackage


@dataclass(frozen=True)
class Update:
    """The sender's new leaf."""

    leaf: LeafNode


@dataclass(frozen=True)
class Remove:
    """A member to be removed, by leaf index."""

    removed: int


@dataclass(frozen=True)
class PreSharedKey:
    """A pre-shared key to be mixed in."""

    psk: PskId


@dataclass(frozen=True)
class ReInit:
    """The group is to be replaced by one with these parameters."""

    group_id: bytes
    version: int
    cipher_suite: int
    extensions: tuple[Extension, ...]


@dataclass(frozen=True)
class ExternalInit:
    """An external joiner's KEM output."""

    kem_output: bytes


@dataclass(frozen=True)
class GroupContextExtensions:
    """The group's extensions are to become these."""

    extensions: tuple[Extension, ...]


Proposal = Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions


def write_proposal(writer: Writer, proposal: Proposal) -> None:
    """Append one proposal with its type."""
    match proposal:
        case Add(key_package):
            writer.uint16(ProposalType.ADD).raw(key_package.encode())
        case Update(leaf):
            writer.uint16(ProposalType.UPDATE).raw(leaf.encode())
        case Remove(removed):
            writer.uint16(ProposalType.REMOVE).uint32(removed)
        case PreSharedKey(psk):
            psk.write(writer.uint16(ProposalType.PSK))
        case ReInit(group_id, version, cipher_suite, extensions):
            writer.uint16(ProposalType.REINIT).opaque(group_id).uint16(version).uint16(cipher_suite)
            writer.vector(extensions, Extension.write)
        case ExternalInit(kem_output):
            writer.uint16(ProposalType.EXTERNAL_INIT).opaque(kem_output)
        case GroupContextExtensions(extensions):
            writer.uint16(ProposalType.GROUP_CONTEXT_EXTENSIONS).vector(extensions, Extension.write)


def read_proposal(reader: Reader) -> Proposal:  # noqa: PLR0911 - one case a type
    """One proposal from the front of `reader`; `DecodeError` for types that this library does not know."""
    match reader.uint16():
        case ProposalType.ADD:
            return Add(KeyPackage.read(reader))
        case ProposalType.UPDATE:
            return Update(LeafNode.read(reader))
        case ProposalType.REMOVE:
            return Remove(reader.uint32())
        case ProposalType.PSK:
            return PreSharedKey(PskId.read(reader))
        case ProposalType.REINIT:
            return ReInit(reader.opaque(), reader.uint16(), reader.uint16(), read_extensions(reader))
        case ProposalType.EXTERNAL_INIT:
            return ExternalInit(reader.opaque())
        case ProposalType.GROUP_CONTEXT_EXTENSIONS:
            return GroupContextExtensions(read_extensions(reader))
        case _:
            raise DecodeError("unknown type of proposal")


def proposal_ref(p: Primitives, authenticated_content: bytes) -> bytes:
    """ProposalRef (RFC 9420 section 5.2) over the encoded AuthenticatedContent."""
    return ref_hash(p, "MLS 1.0 Proposal Reference", authenticated_content)


@dataclass(frozen=True)
class Commit:
    """Proposals by value, or by reference as `bytes`, and the path (RFC 9420 section 12.4)."""

    proposals: tuple[Proposal | bytes, ...]
    path: UpdatePath | None

    def write(self, writer: Writer) -> None:
        """Append the commit."""
        writer.vector(self.proposals, _write_proposal_or_ref).optional(self.path, UpdatePath.write)

    @classmethod
    def read(cls, reader: Reader) -> Commit:
        """One commit from the front of `reader`."""
        return cls(tuple(reader.vector(_read_proposal_or_ref)), reader.optional(UpdatePath.read))


def _write_proposal_or_ref(writer: Writer, item: Proposal | bytes) -> None:
    if isinstance(item, bytes):
        writer.uint8(2).opaque(item)
    else:
        write_proposal(writer.uint8(1), item)


def _read_proposal_or_ref(reader: Reader) -> Proposal | bytes:
    match reader.uint8():
        case 1:
            return read_proposal(reader)
        case 2:
            return reader.opaque()
        case _:
            raise DecodeError("neither a proposal nor a reference")

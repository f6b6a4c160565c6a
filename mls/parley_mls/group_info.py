"""GroupInfo (RFC 9420 section 12.4.3): a signed description of an epoch, for those who join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import GroupInfoError, TreeError
from parley_mls.extensions import EXTERNAL_PUB, RATCHET_TREE, Extension, check_unique, find_extension, read_extensions
from parley_mls.grease import grease_extension
from parley_mls.group_context import GroupContext
from parley_mls.labels import labelled_check, sign_with_label
from parley_mls.leaf_node import LeafNode
from parley_mls.primitives import Primitives, SignatureCheck
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.tree_validation import validate_tree
from parley_mls.wire import WireFormat, read_message_header, write_message_header


@dataclass(frozen=True)
class GroupInfo:
    """An epoch's context, its confirmation tag, and who says so (`signer`, a leaf index)."""

    context: GroupContext
    extensions: tuple[Extension, ...]
    confirmation_tag: bytes
    signer: int
    signature: bytes = b""

    def _to_be_signed(self) -> bytes:
        return (
            Writer()
            .raw(self.context.encode())
            .vector(self.extensions, Extension.write)
            .opaque(self.confirmation_tag)
            .uint32(self.signer)
            .finish()
        )

    def encode(self) -> bytes:
        """The bare structure, as it is sealed in a Welcome."""
        return self._to_be_signed() + Writer().opaque(self.signature).finish()

    def to_bytes(self) -> bytes:
        """As an MLSMessage."""
        return write_message_header(WireFormat.GROUP_INFO) + self.encode()

    @classmethod
    def read(cls, reader: Reader) -> GroupInfo:
        """One GroupInfo from the front of `reader`."""
        context, extensions = GroupContext.read(reader), read_extensions(reader)
        return cls(context, extensions, reader.opaque(), reader.uint32(), reader.opaque())

    @classmethod
    def from_bytes(cls, unverified_message: bytes) -> GroupInfo:
        """The GroupInfo of an MLSMessage, nothing verified; `GroupInfoError` where it is none."""

        def read(reader: Reader) -> GroupInfo:
            if read_message_header(reader) != WireFormat.GROUP_INFO:
                raise DecodeError("not a GroupInfo")
            return cls.read(reader)

        try:
            return decode(unverified_message, read)
        except DecodeError as error:
            raise GroupInfoError(str(error)) from error

    def sign(self, p: Primitives, signature_seed: bytes) -> GroupInfo:
        """The same, signed."""
        return replace(self, signature=sign_with_label(p, signature_seed, "GroupInfoTBS", self._to_be_signed()))

    def external_public(self) -> bytes:
        """The key for external joiners; `GroupInfoError` where it gives none."""
        data = find_extension(self.extensions, EXTERNAL_PUB)
        if data is None:
            raise GroupInfoError("the GroupInfo has no key for external joiners")
        try:
            return decode(data, Reader.opaque)
        except DecodeError as error:
            raise GroupInfoError("the key for external joiners is damaged") from error

    def verified_tree(self, p: Primitives, ratchet_tree: bytes | None) -> RatchetTree:
        """The epoch's tree, from outside or from the extension, wholly validated along with the signature.

        Raises `GroupInfoError` or `TreeError` (RFC 9420 section 12.4.3.1).
        """
        tree = self.shown_tree(ratchet_tree)
        self.verify(p, tree)
        return tree

    def shown_tree(self, ratchet_tree: bytes | None) -> RatchetTree:
        """The tree, from outside or from the extension, not verified; `GroupInfoError` or `TreeError` where there is none."""
        check_unique(self.extensions, GroupInfoError)
        check_unique(self.context.extensions, GroupInfoError)
        data = ratchet_tree if ratchet_tree is not None else find_extension(self.extensions, RATCHET_TREE)
        if data is None:
            raise GroupInfoError("there is no ratchet tree")
        try:
            return decode(data, RatchetTree.read)
        except DecodeError as error:
            raise TreeError(str(error)) from error

    def signatures(self, tree: RatchetTree) -> Iterator[SignatureCheck]:
        """All signatures that `verify` will ask about, its own first, for `Primitives.knowing`."""
        signer = tree.leaf(self.signer)
        if signer is not None:
            yield self._signature_check(signer)
        for leaf_index, leaf in tree.members():
            yield leaf.signature_check(group_id=self.context.group_id, leaf_index=leaf_index)

    def verify(self, p: Primitives, tree: RatchetTree) -> None:
        """Raise `GroupInfoError` or `TreeError` unless a member signed this, and the tree is its own and wholly sound."""
        self.check_signature(p, tree)
        if tree.tree_hash(p) != self.context.tree_hash:
            raise GroupInfoError("the tree is not that of the GroupInfo")
        validate_tree(p, tree, self.context.group_id, self.context.extensions)

    def check_signature(self, p: Primitives, tree: RatchetTree) -> None:
        """Raise `GroupInfoError` unless the signer is a member of `tree` and signed this."""
        leaf = tree.leaf(self.signer)
        if leaf is None:
            raise GroupInfoError("the signer is not a member")
        if not p.verify(*self._signature_check(leaf)):
            raise GroupInfoError("the signature of the GroupInfo is wrong")

    def _signature_check(self, signer: LeafNode) -> SignatureCheck:
        return labelled_check(signer.signature_key, "GroupInfoTBS", self._to_be_signed(), self.signature)


def make_group_info(
    p: Primitives,
    *,
    context: GroupContext,
    tree: RatchetTree,
    external_public: bytes,
    confirmation_tag: bytes,
    signer: int,
    signature_seed: bytes,
    extensions: tuple[Extension, ...],
) -> GroupInfo:
    """A signed GroupInfo with the tree and the key for external joiners beside the caller's `extensions`."""
    own = (
        Extension(RATCHET_TREE, tree.encode()),
        Extension(EXTERNAL_PUB, Writer().opaque(external_public).finish()),
        grease_extension(p),
    )
    return GroupInfo(context, own + extensions, confirmation_tag, signer).sign(p, signature_seed)


def group_info_signatures(unverified_group_info: bytes) -> Iterator[SignatureCheck]:
    """The signatures that whoever follows or enters by a GroupInfo will ask about; `GroupInfoError` or `TreeError`."""
    info = GroupInfo.from_bytes(unverified_group_info)
    yield from info.signatures(info.shown_tree(None))


def group_info_leaves(unverified_group_info: bytes) -> list[LeafNode]:
    """The members that a GroupInfo shows, in ascending index, nothing verified; `GroupInfoError` or `TreeError`."""
    return [leaf for _, leaf in GroupInfo.from_bytes(unverified_group_info).shown_tree(None).members()]


def group_info_extensions(unverified_group_info: bytes) -> list[Extension]:
    """The extensions of a GroupInfo message, nothing verified."""
    return list(GroupInfo.from_bytes(unverified_group_info).extensions)

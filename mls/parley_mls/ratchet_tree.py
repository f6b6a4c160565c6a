"""The ratchet tree's public half (RFC 9420 sections 4, 7.7 to 7.9): nodes, resolution, changes, hashes.

Invariant: the array is always padded to a full tree; changes forget the hashes of the nodes above them and nothing else.
Trees are copied before they change (nodes themselves are immutable), so older states stay whole at little cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from parley_mls import tree_math
from parley_mls.codec import DecodeError, Reader, Writer
from parley_mls.errors import TreeError
from parley_mls.leaf_node import LeafNode
from parley_mls.primitives import Primitives

_LEAF, _PARENT = 1, 2
#: What stands before a node in an encoded tree: that it is no blank one, and its type.
_BLANK, _LEAF_PLACE, _PARENT_PLACE = b"\x00", bytes([1, _LEAF]), bytes([1, _PARENT])


@dataclass(frozen=True)
class ParentNode:
    """A key that all members below hold, but for `unmerged_leaves` (leaf indices, ascending)."""

    encryption_key: bytes
    parent_hash: bytes
    unmerged_leaves: tuple[int, ...]

    def write(self, writer: Writer) -> None:
        """Append the node."""
        writer.raw(self._encoded)

    @cached_property
    def _encoded(self) -> bytes:
        writer = Writer().opaque(self.encryption_key).opaque(self.parent_hash)
        return writer.vector(self.unmerged_leaves, Writer.uint32).finish()

    @classmethod
    def read(cls, reader: Reader) -> ParentNode:
        """One node from the front of `reader`."""
        key, parent_hash, unmerged = reader.opaque(), reader.opaque(), tuple(reader.vector(Reader.uint32))
        if any(a >= b for a, b in pairwise(unmerged)):
            raise DecodeError("unmerged leaves are not ascending")
        return cls(key, parent_hash, unmerged)


Node = LeafNode | ParentNode


class RatchetTree:
    """Nodes by node index, None for blank ones."""

    __slots__ = ("_hashes", "_nodes")

    def __init__(self, nodes: list[Node | None], hashes: list[bytes | None] | None = None) -> None:
        self._nodes = nodes
        self._hashes: list[bytes | None] = hashes if hashes is not None else [None] * len(nodes)

    def copy(self) -> RatchetTree:
        """A tree that may change without touching this one."""
        return RatchetTree(self._nodes.copy(), self._hashes.copy())

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def leaf_count(self) -> int:
        """The number of leaf places, blank ones included: a power of two."""
        return (len(self._nodes) + 1) // 2

    def node(self, index: int) -> Node | None:
        """The node at a node index."""
        return self._nodes[index]

    def leaf(self, leaf_index: int) -> LeafNode | None:
        """The leaf at a leaf index, None where it is blank or outside the tree."""
        if not 0 <= leaf_index < self.leaf_count:
            return None
        node = self._nodes[2 * leaf_index]
        return node if isinstance(node, LeafNode) else None

    def parent(self, index: int) -> ParentNode | None:
        """The parent node at a node index, None where it is blank."""
        node = self._nodes[index]
        return node if isinstance(node, ParentNode) else None

    def members(self) -> list[tuple[int, LeafNode]]:
        """All leaves that are not blank, by leaf index."""
        return [(i // 2, n) for i, n in enumerate(self._nodes) if isinstance(n, LeafNode)]

    def parents(self) -> Iterator[tuple[int, ParentNode]]:
        """All parent nodes that are not blank, by node index."""
        return ((i, n) for i, n in enumerate(self._nodes) if isinstance(n, ParentNode))

    def filled(self) -> Iterator[Node]:
        """All nodes that are not blank."""
        return (node for node in self._nodes if node is not None)

    def resolution(self, index: int) -> list[int]:
        """The node indices that cover the members below a node (RFC 9420 section 4.1.1)."""
        node = self._nodes[index]
        if isinstance(node, LeafNode):
            return [index]
        if isinstance(node, ParentNode):
            return [index, *(2 * leaf for leaf in node.unmerged_leaves)]
        if index % 2 == 0:
            return []
        return self.resolution(tree_math.left(index)) + self.resolution(tree_math.right(index))

    def filtered_direct_path(self, leaf_index: int) -> list[tuple[int, int]]:
        """Pairs (ancestor, its child off the path) without those whose child covers nobody (section 4.1.2)."""
        node = 2 * leaf_index
        path = tree_math.direct_path(node, self.leaf_count)
        copath = tree_math.copath(node, self.leaf_count)
        return [(above, beside) for above, beside in zip(path, copath, strict=True) if self._covers_anyone(beside)]

    def _covers_anyone(self, index: int) -> bool:
        if self._nodes[index] is not None:
            return True
        if index % 2 == 0:
            return False
        return self._covers_anyone(tree_math.left(index)) or self._covers_anyone(tree_math.right(index))

    # -- changing ----------------------------------------------------------------------------------------------------

    def set_node(self, index: int, node: Node | None) -> None:
        """Put a node into its place."""
        self._nodes[index] = node
        self._forget(index)

    def set_leaf(self, leaf_index: int, leaf: LeafNode | None) -> None:
        """Put a leaf into its place without touching the nodes above."""
        self.set_node(2 * leaf_index, leaf)

    def add(self, leaf: LeafNode) -> int:
        """Add a member at the leftmost blank place; its leaf index (RFC 9420 section 7.7)."""
        leaf_index = next((i for i in range(self.leaf_count) if self._nodes[2 * i] is None), self.leaf_count)
        if leaf_index == self.leaf_count:
            grown = len(self._nodes) + 1
            self._nodes.extend([None] * grown)
            self._hashes.extend([None] * grown)
        self.set_leaf(leaf_index, leaf)
        for above in tree_math.direct_path(2 * leaf_index, self.leaf_count):
            parent = self.parent(above)
            if parent is not None:
                unmerged = tuple(sorted({*parent.unmerged_leaves, leaf_index}))
                self._nodes[above] = ParentNode(parent.encryption_key, parent.parent_hash, unmerged)
        return leaf_index

    def update(self, leaf_index: int, leaf: LeafNode) -> None:
        """Replace a member's leaf and blank the path above it (RFC 9420 section 12.1.2)."""
        self.set_leaf(leaf_index, leaf)
        self.blank_path(leaf_index)

    def remove(self, leaf_index: int) -> None:
        """Remove a member and shrink the tree where its right half is empty (RFC 9420 section 7.8)."""
        self.set_leaf(leaf_index, None)
        self.blank_path(leaf_index)
        while len(self._nodes) > 1 and not any(isinstance(n, LeafNode) for n in self._nodes[len(self._nodes) // 2 :]):
            half = len(self._nodes) // 2
            del self._nodes[half:]
            del self._hashes[half:]

    def blank_path(self, leaf_index: int) -> None:
        """Blank all ancestors of a leaf."""
        for above in tree_math.direct_path(2 * leaf_index, self.leaf_count):
            self._nodes[above] = None
        self._forget(2 * leaf_index)

    def _forget(self, index: int) -> None:
        self._hashes[index] = None
        for above in tree_math.direct_path(index, self.leaf_count):
            self._hashes[above] = None

    # -- hashes ------------------------------------------------------------------------------------------------------

    def tree_hash(self, p: Primitives) -> bytes:
        """The hash of the whole tree (RFC 9420 section 7.8)."""
        return self.node_hash(p, tree_math.root(self.leaf_count))

    def node_hash(self, p: Primitives, index: int) -> bytes:
        """The tree hash of the subtree at a node, remembered until it changes."""
        known = self._hashes[index]
        if known is None:
            known = p.hash(self._hash_input(p, index, frozenset()))
            self._hashes[index] = known
        return known

    def original_hash(self, p: Primitives, index: int, without: frozenset[int]) -> bytes:
        """The tree hash of a subtree as it was before the leaves `without` came (RFC 9420 section 7.9)."""
        height = tree_math.level(index)
        first = (index >> (height + 1)) << height
        if not any(first <= leaf < first + (1 << height) for leaf in without):
            return self.node_hash(p, index)
        return p.hash(self._hash_input(p, index, without))

    def _hash_input(self, p: Primitives, index: int, without: frozenset[int]) -> bytes:
        writer = Writer()
        if index % 2 == 0:
            leaf = None if index // 2 in without else self.leaf(index // 2)
            writer.uint8(_LEAF).uint32(index // 2).optional(leaf, lambda w, n: w.raw(n.encode()))
            return writer.finish()
        parent = self.parent(index)
        if parent is not None and without:
            kept = tuple(leaf for leaf in parent.unmerged_leaves if leaf not in without)
            parent = ParentNode(parent.encryption_key, parent.parent_hash, kept)
        writer.uint8(_PARENT).optional(parent, lambda w, n: n.write(w))
        for child in (tree_math.left(index), tree_math.right(index)):
            writer.opaque(self.original_hash(p, child, without) if without else self.node_hash(p, child))
        return writer.finish()

    def parent_hash(self, p: Primitives, index: int, sibling: int) -> bytes:
        """The parent hash that the child opposite `sibling` must carry (RFC 9420 section 7.9)."""
        parent = self.parent(index)
        if parent is None:
            raise TreeError("a blank node has no parent hash")
        original = self.original_hash(p, sibling, frozenset(parent.unmerged_leaves))
        return p.hash(Writer().opaque(parent.encryption_key).opaque(parent.parent_hash).opaque(original).finish())

    # -- wire --------------------------------------------------------------------------------------------------------

    def encode(self) -> bytes:
        """The `ratchet_tree` extension's data: nodes up to the last that is not blank (RFC 9420 section 12.4.3.3)."""
        last = max((i for i, node in enumerate(self._nodes) if node is not None), default=-1)
        return Writer().vector(self._nodes[: last + 1], _write_place).finish()

    @classmethod
    def read(cls, reader: Reader) -> RatchetTree:
        """A tree from the front of `reader`; `DecodeError` where a node stands in the wrong place."""
        nodes: list[Node | None] = list(reader.vector(lambda r: r.optional(_read_node)))
        if not nodes or nodes[-1] is None:
            raise DecodeError("a ratchet tree ends with a node that is not blank")
        if any(isinstance(n, LeafNode) != (i % 2 == 0) for i, n in enumerate(nodes) if n is not None):
            raise DecodeError("a node of a ratchet tree stands in the wrong place")
        width = 1
        while width < len(nodes):
            width = 2 * width + 1
        return cls(nodes + [None] * (width - len(nodes)))


def _write_place(writer: Writer, node: Node | None) -> None:
    if node is None:
        writer.raw(_BLANK)
    elif isinstance(node, LeafNode):
        writer.raw(_LEAF_PLACE).raw(node.encode())
    else:
        node.write(writer.raw(_PARENT_PLACE))


def _read_node(reader: Reader) -> Node:
    kind = reader.uint8()
    if kind == _LEAF:
        return LeafNode.read(reader)
    if kind == _PARENT:
        return ParentNode.read(reader)
    raise DecodeError("unknown type of node")

"""What a ratchet tree from outside must satisfy (RFC 9420 sections 7.3, 7.9.2 and 12.4.3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from parley_mls import tree_math
from parley_mls.codec import DecodeError
from parley_mls.errors import TreeError
from parley_mls.extensions import DEFAULT_EXTENSIONS, Extension, RequiredCapabilities
from parley_mls.leaf_node import LeafNode
from parley_mls.primitives import Primitives
from parley_mls.ratchet_tree import ParentNode, RatchetTree
from parley_mls.x25519 import is_acceptable_key


def validate_tree(p: Primitives, tree: RatchetTree, group_id: bytes, extensions: Sequence[Extension]) -> None:
    """Raise `TreeError` unless the whole tree is sound; the tree hash is the caller's to compare."""
    check_unmerged_leaves(tree)  # first: what follows goes where the unmerged leaves point
    check_parent_hashes(p, tree)
    if not all(is_acceptable_key(node.encryption_key) for _, node in tree.parents()):
        raise TreeError("a parent node's key is not one of this suite")
    for leaf_index, leaf in tree.members():
        leaf.check()
        if not leaf.verify(p, group_id=group_id, leaf_index=leaf_index):
            raise TreeError("a leaf's signature is wrong")
    check_leaves_together(tree, extensions)


def check_leaves_together(tree: RatchetTree, extensions: Sequence[Extension]) -> None:
    """Raise `TreeError` where leaves do not fit together or with the group (RFC 9420 sections 7.3 and 13.4)."""
    members = [leaf for _, leaf in tree.members()]
    try:
        required = RequiredCapabilities.from_extensions(extensions)
    except DecodeError as error:
        raise TreeError("the required capabilities are damaged") from error
    used = {extension.type for extension in extensions} - DEFAULT_EXTENSIONS
    credential_types = {leaf.credential.type for leaf in members}
    for leaf in members:
        if not leaf.capabilities.meets(required):
            raise TreeError("a leaf lacks required capabilities")
        if not used.issubset(leaf.capabilities.extensions):
            raise TreeError("a leaf does not support an extension of the group")
        if not credential_types.issubset(leaf.capabilities.credentials):
            raise TreeError("a leaf does not support another member's credential")
    check_unique_keys(tree)


def check_unique_keys(tree: RatchetTree) -> None:
    """Raise `TreeError` where a signature key or an encryption key stands twice (RFC 9420 sections 7.3 and 12.4.3.1)."""
    members = [leaf for _, leaf in tree.members()]
    encryption_keys = [leaf.encryption_key for leaf in members] + [node.encryption_key for _, node in tree.parents()]
    if len({leaf.signature_key for leaf in members}) != len(members):
        raise TreeError("a signature key stands twice")
    if len(set(encryption_keys)) != len(encryption_keys):
        raise TreeError("an encryption key stands twice")


def check_unmerged_leaves(tree: RatchetTree) -> None:
    """Raise `TreeError` unless each unmerged leaf is a member below, named by every node between (section 12.4.3.1)."""
    named = {index: frozenset(node.unmerged_leaves) for index, node in tree.parents()}
    for index, leaves in named.items():
        for leaf_index in leaves:
            if tree.leaf(leaf_index) is None or not tree_math.is_ancestor(index, 2 * leaf_index):
                raise TreeError("an unmerged leaf is not a member below its node")
            for above in tree_math.direct_path(2 * leaf_index, tree.leaf_count):
                if above == index:
                    break
                if above in named and leaf_index not in named[above]:
                    raise TreeError("an unmerged leaf is not named by a node between")


def check_parent_hashes(p: Primitives, tree: RatchetTree) -> None:
    """Raise `TreeError` unless every parent node was chosen by a member below it (RFC 9420 section 7.9.2)."""
    for index, node in tree.parents():
        left, right = tree_math.left(index), tree_math.right(index)
        if not (_links(p, tree, index, node, left, right) or _links(p, tree, index, node, right, left)):
            raise TreeError("a parent hash does not hold")


def _links(p: Primitives, tree: RatchetTree, index: int, node: ParentNode, child: int, sibling: int) -> bool:
    expected = tree.parent_hash(p, index, sibling)
    resolution = tree.resolution(child)
    unmerged = {2 * leaf for leaf in node.unmerged_leaves if tree_math.is_ancestor(child, 2 * leaf)}
    for candidate in resolution:
        below = tree.node(candidate)
        carried = below.parent_hash if isinstance(below, LeafNode | ParentNode) else b""
        if carried == expected and set(resolution) - {candidate} == unmerged:
            return True
    return False

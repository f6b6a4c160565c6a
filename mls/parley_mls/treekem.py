"""TreeKEM (RFC 9420 sections 7.4 to 7.6): making an update path, following one, and the private keys that go with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from parley_mls import hpke, tree_math
from parley_mls.codec import Reader, Writer
from parley_mls.errors import CommitError, CryptoError, TreeError
from parley_mls.labels import decrypt_with_label, derive_secret, encrypt_with_label
from parley_mls.leaf_node import LeafNode, LeafNodeSource
from parley_mls.primitives import Primitives
from parley_mls.ratchet_tree import ParentNode, RatchetTree
from parley_mls.suite import SIZES


@dataclass(frozen=True)
class HpkeCiphertext:
    """EncryptWithLabel's output on the wire."""

    kem_output: bytes
    ciphertext: bytes

    @classmethod
    def read(cls, reader: Reader) -> HpkeCiphertext:
        """One ciphertext from the front of `reader`."""
        return cls(reader.opaque(), reader.opaque())

    @staticmethod
    def write(writer: Writer, sealed: HpkeCiphertext) -> None:
        """Append one ciphertext."""
        writer.opaque(sealed.kem_output).opaque(sealed.ciphertext)


@dataclass(frozen=True)
class UpdatePathNode:
    """A new public key, and its path secret for everyone in the resolution of the child off the path."""

    encryption_key: bytes
    encrypted_path_secrets: tuple[HpkeCiphertext, ...]

    @classmethod
    def read(cls, reader: Reader) -> UpdatePathNode:
        """One node from the front of `reader`."""
        return cls(reader.opaque(), tuple(reader.vector(HpkeCiphertext.read)))

    @staticmethod
    def write(writer: Writer, node: UpdatePathNode) -> None:
        """Append one node."""
        writer.opaque(node.encryption_key).vector(node.encrypted_path_secrets, HpkeCiphertext.write)


@dataclass(frozen=True)
class UpdatePath:
    """The committer's new leaf and the nodes of its filtered direct path."""

    leaf: LeafNode
    nodes: tuple[UpdatePathNode, ...]

    @classmethod
    def read(cls, reader: Reader) -> UpdatePath:
        """One path from the front of `reader`."""
        return cls(LeafNode.read(reader), tuple(reader.vector(UpdatePathNode.read)))

    @staticmethod
    def write(writer: Writer, path: UpdatePath) -> None:
        """Append one path."""
        writer.raw(path.leaf.encode()).vector(path.nodes, UpdatePathNode.write)


@dataclass(frozen=True)
class NewPath:
    """What making a path leaves: the changed tree's secrets. `path_secrets` is by node index."""

    tree: RatchetTree
    leaf: LeafNode
    leaf_private: bytes
    path_secrets: Mapping[int, bytes]
    private_keys: Mapping[int, bytes]
    commit_secret: bytes


def derive_path(p: Primitives, path_secret: bytes, nodes: Collection[int]) -> tuple[dict[int, bytes], bytes]:
    """Path secrets for the given nodes, lowest first, and the commit secret above them (RFC 9420 section 7.4)."""
    secrets: dict[int, bytes] = {}
    for node in nodes:
        secrets[node] = path_secret
        path_secret = derive_secret(p, path_secret, "path")
    return secrets, path_secret


def node_key_pair(p: Primitives, path_secret: bytes) -> tuple[bytes, bytes]:
    """A node's private and public key (RFC 9420 section 7.4)."""
    return hpke.derive_key_pair(p, derive_secret(p, path_secret, "node"))


def make_path(
    p: Primitives, tree: RatchetTree, leaf_index: int, leaf: LeafNode, group_id: bytes, signature_seed: bytes
) -> NewPath:
    """Fresh keys for a leaf and its filtered direct path, the public ones put into a copy of `tree` (section 7.5)."""
    tree = tree.copy()
    path = tree.filtered_direct_path(leaf_index)
    secrets, commit_secret = derive_path(p, p.random(SIZES.hash), [node for node, _ in path])
    pairs = {node: node_key_pair(p, secret) for node, secret in secrets.items()}
    leaf_private = p.random(32)
    parent_hash = _put_path(p, tree, leaf_index, path, [pairs[node][1] for node, _ in path])
    fresh = replace(
        leaf,
        encryption_key=p.x25519_public(leaf_private),
        source=LeafNodeSource.COMMIT,
        lifetime=None,
        parent_hash=parent_hash,
    ).sign(p, signature_seed, group_id=group_id, leaf_index=leaf_index)
    tree.set_leaf(leaf_index, fresh)
    private_keys = {node: private for node, (private, _) in pairs.items()}
    return NewPath(tree, fresh, leaf_private, secrets, private_keys, commit_secret)


def seal_path(
    p: Primitives, path: NewPath, leaf_index: int, context: bytes, excluded_leaves: Collection[int]
) -> UpdatePath:
    """The path for the wire: each secret sealed to the members off the path, those just added excepted (section 7.6)."""
    nodes = []
    for node, beside in path.tree.filtered_direct_path(leaf_index):
        sealed = [
            HpkeCiphertext(
                *encrypt_with_label(p, _key(path.tree, n), "UpdatePathNode", context, path.path_secrets[node])
            )
            for n in _receivers(path.tree, beside, excluded_leaves)
        ]
        nodes.append(UpdatePathNode(_key(path.tree, node), tuple(sealed)))
    return UpdatePath(path.leaf, tuple(nodes))


def merge_path(
    p: Primitives, tree: RatchetTree, leaf_index: int, path: UpdatePath, excluded_leaves: Collection[int]
) -> RatchetTree:
    """A copy of `tree` with a received path in it; `CommitError` where its shape or parent hash is wrong (section 7.5).

    `excluded_leaves` are those that this commit adds: nothing is sealed to them (section 7.6).
    """
    tree = tree.copy()
    filtered = tree.filtered_direct_path(leaf_index)
    if len(filtered) != len(path.nodes):
        raise CommitError("the update path has a wrong length")
    for (_, beside), node in zip(filtered, path.nodes, strict=True):
        if len(node.encrypted_path_secrets) != len(_receivers(tree, beside, excluded_leaves)):
            raise CommitError("the update path seals for a wrong number of members")
    parent_hash = _put_path(p, tree, leaf_index, filtered, [node.encryption_key for node in path.nodes])
    if path.leaf.source != LeafNodeSource.COMMIT or path.leaf.parent_hash != parent_hash:
        raise CommitError("the parent hash of the new leaf is wrong")
    tree.set_leaf(leaf_index, path.leaf)
    return tree


def open_path(
    p: Primitives,
    tree: RatchetTree,
    *,
    sender: int,
    own_index: int,
    private_keys: Mapping[int, bytes],
    path: UpdatePath,
    context: bytes,
    excluded_leaves: Collection[int],
) -> tuple[dict[int, bytes], bytes]:
    """Our new private keys, by node index, and the commit secret (RFC 9420 section 7.6).

    `tree` has the path in it, whose shape `merge_path` has checked.
    """
    filtered = tree.filtered_direct_path(sender)
    own_node = 2 * own_index
    place = next((i for i, (_, beside) in enumerate(filtered) if tree_math.is_ancestor(beside, own_node)), None)
    if place is None:
        raise CommitError("the update path has nothing for us")
    receivers = _receivers(tree, filtered[place][1], excluded_leaves)
    held = next((i for i, n in enumerate(receivers) if n in private_keys), None)
    if held is None:
        raise CommitError("the update path has nothing for us")
    sealed = path.nodes[place].encrypted_path_secrets[held]
    private = private_keys[receivers[held]]
    try:
        secret = decrypt_with_label(p, private, "UpdatePathNode", context, sealed.kem_output, sealed.ciphertext)
    except CryptoError as error:
        raise CommitError("our path secret does not open") from error
    return private_path(p, tree, secret, [node for node, _ in filtered[place:]])


def private_path(
    p: Primitives, tree: RatchetTree, path_secret: bytes, nodes: Collection[int]
) -> tuple[dict[int, bytes], bytes]:
    """Private keys from a path secret upwards, compared with the tree's public ones, and the commit secret."""
    if len(path_secret) != SIZES.hash:
        raise CommitError("a path secret has a wrong size")
    secrets, commit_secret = derive_path(p, path_secret, nodes)
    private_keys = {}
    for node, secret in secrets.items():
        private, public = node_key_pair(p, secret)
        if public != _key(tree, node):
            raise CommitError("a path secret does not give the key that the path shows")
        private_keys[node] = private
    return private_keys, commit_secret


def _put_path(
    p: Primitives, tree: RatchetTree, leaf_index: int, path: list[tuple[int, int]], keys: list[bytes]
) -> bytes:
    """Put new public keys on a blanked path, top down with their parent hashes; the leaf's parent hash."""
    tree.blank_path(leaf_index)
    parent_hash = b""
    for (node, beside), key in zip(reversed(path), reversed(keys), strict=True):
        tree.set_node(node, ParentNode(key, parent_hash, ()))
        parent_hash = tree.parent_hash(p, node, beside)
    return parent_hash


def _receivers(tree: RatchetTree, beside: int, excluded_leaves: Collection[int]) -> list[int]:
    """The nodes to which a path secret is sealed: the resolution of a node off the path, new leaves excepted."""
    excluded = {2 * leaf for leaf in excluded_leaves}
    return [node for node in tree.resolution(beside) if node not in excluded]


def _key(tree: RatchetTree, index: int) -> bytes:
    node = tree.node(index)
    if node is None:
        raise TreeError("a blank node has no key")
    return node.encryption_key

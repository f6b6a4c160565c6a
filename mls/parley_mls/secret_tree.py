"""The secret tree (RFC 9420 section 9): one-time keys for PrivateMessages, derived on the way down from one secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from parley_mls import tree_math
from parley_mls.labels import derive_tree_secret, expand_with_label
from parley_mls.primitives import Primitives
from parley_mls.suite import SIZES

RatchetKind = Literal["handshake", "application"]


@dataclass(frozen=True)
class RatchetKey:
    """The key and nonce of one generation."""

    key: bytes
    nonce: bytes


def leaf_secret(p: Primitives, encryption_secret: bytes, leaf_index: int, leaf_count: int) -> bytes:
    """The secret at a leaf of a tree with `leaf_count` places."""
    node, secret = tree_math.root(leaf_count), encryption_secret
    while node != 2 * leaf_index:
        left = tree_math.left(node)
        goes_left = tree_math.is_ancestor(left, 2 * leaf_index)
        secret = expand_with_label(p, secret, "tree", b"left" if goes_left else b"right", SIZES.hash)
        node = left if goes_left else tree_math.right(node)
    return secret


def ratchet_key(p: Primitives, secret_at_leaf: bytes, kind: RatchetKind, generation: int) -> RatchetKey:
    """The key of a generation, counted from 0, of one of a leaf's two ratchets."""
    secret = expand_with_label(p, secret_at_leaf, kind, b"", SIZES.hash)
    for passed in range(generation):
        secret = derive_tree_secret(p, secret, "secret", passed, SIZES.hash)
    return RatchetKey(
        derive_tree_secret(p, secret, "key", generation, SIZES.aead_key),
        derive_tree_secret(p, secret, "nonce", generation, SIZES.aead_nonce),
    )


def sender_data_key(p: Primitives, sender_data_secret: bytes, ciphertext: bytes) -> RatchetKey:
    """The key that hides who sent a PrivateMessage (RFC 9420 section 6.3.2)."""
    sample = ciphertext[: SIZES.hash]
    return RatchetKey(
        expand_with_label(p, sender_data_secret, "key", sample, SIZES.aead_key),
        expand_with_label(p, sender_data_secret, "nonce", sample, SIZES.aead_nonce),
    )

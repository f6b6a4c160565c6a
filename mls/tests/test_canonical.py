"""What is remembered of a leaf that was read is what its fields encode to, however the bytes were damaged on their way."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from mls_forging import LIFETIME, P

from parley_mls import DecodeError, Group, LeafNode, create_key_package, generate_signature_key

SEED, _ = generate_signature_key(P)
#: Each bit alone, and a length prefix of another size.
FLIPS = (*(1 << bit for bit in range(8)), 0xC0, 0xFF)


def still_read(leaf: LeafNode) -> int:
    """How many damaged forms of a leaf are read; each is encoded anew from its fields alone and must give its own bytes."""
    whole, read = leaf.encode(), 0
    for place in range(len(whole)):
        for flip in FLIPS:
            damaged = bytearray(whole)
            damaged[place] ^= flip
            try:
                found = LeafNode.decode(bytes(damaged))
            except DecodeError:
                continue
            assert replace(found, _encoded=[]).encode() == found.encode() == bytes(damaged)
            read += 1
    return read


def new_leaf() -> LeafNode:
    return create_key_package(P, identity=b"n", signature_seed=SEED, lifetime=LIFETIME).key_package.leaf


def committed_leaf() -> LeafNode:
    group = Group.create(P, group_id=b"g", identity=b"n", signature_seed=SEED).commit(P).group
    return group.members()[0][1]


@pytest.mark.parametrize("make", [new_leaf, committed_leaf])
def test_there_is_one_encoding_of_a_leaf(make: Callable[[], LeafNode]):
    assert still_read(LeafNode.decode(make().encode())) > 500


def test_a_changed_leaf_forgets_what_was_read():
    leaf = new_leaf()
    read = LeafNode.decode(leaf.encode())
    changed = replace(read, encryption_key=b"k" * 32, _encoded=[])
    assert changed.encode() != read.encode()
    assert LeafNode.decode(changed.encode()) == changed

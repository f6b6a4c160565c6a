"""Merkle trees and their proofs, against the published roots of Certificate Transparency and against the definition."""

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.merkle import (
    BLOCK_LEAVES,
    consistency_proof,
    leaf_hash,
    node_hash,
    proves_consistency,
    root_from_blocks,
    root_of,
)

#: The leaves of the reference tests of RFC 6962, and the roots over the first n of them.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [hashlib.sha256(bytes([n >> 8, n & 255])).digest() for n in range(700)]


@cache
def subtree(start, end):
    """The root by the definition in RFC 9162 section 2.1.1."""
    if end - start < 2:
        return HASHES[start] if end > start else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < end - start:
        half *= 2
    return node_hash(subtree(start, start + half), subtree(start + half, end))


def test_published_roots():
    assert [root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() for size in range(9)] == ROOTS


def test_the_root_is_that_of_the_definition_by_leaves_and_by_blocks():
    for size in (*range(1, 70), 255, 256, 257, 511, 512, 513, 700):
        whole = size // BLOCK_LEAVES * BLOCK_LEAVES
        blocks = [root_of(HASHES[at : at + BLOCK_LEAVES]) for at in range(0, whole, BLOCK_LEAVES)]
        assert root_of(HASHES[:size]) == root_from_blocks(blocks, HASHES[whole:size]) == subtree(0, size)


def test_every_proof_holds_and_none_holds_for_another_tree():
    proofs = 0
    for second in range(1, 34):
        for first in range(1, second + 1):
            proof = consistency_proof(first, second, subtree)
            old, new = subtree(0, first), subtree(0, second)
            assert proves_consistency(first, old, second, new, proof)
            assert not proves_consistency(first, HASHES[0][::-1], second, new, proof)
            assert not proves_consistency(first, old, second, HASHES[0][::-1], proof)
            assert not proves_consistency(first, old, second, new, [*proof, HASHES[1]])
            assert not proof or not proves_consistency(first, old, second, new, proof[:-1])
            proofs += 1
    print(f"n = {proofs} consistency proofs")


@given(st.integers(1, 700), st.integers(1, 700), st.data())
def test_a_changed_proof_is_refused(one, other, data):
    first, second = sorted((one, other))
    proof = consistency_proof(first, second, subtree)
    old, new = subtree(0, first), subtree(0, second)
    assert proves_consistency(first, old, second, new, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = bytearray(proof[at])
        changed[bit // 8] ^= 1 << bit % 8
        assert not proves_consistency(first, old, second, new, [*proof[:at], bytes(changed), *proof[at + 1 :]])


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.lists(st.sampled_from(HASHES[:4]), max_size=70))
def test_made_up_proofs_hold_only_where_nothing_is_said(first, second, proof):
    assert not proves_consistency(first, HASHES[5], second, HASHES[6], proof)


def test_nothing_is_the_beginning_of_everything():
    assert proves_consistency(0, root_of([]), 7, subtree(0, 7), [])
    assert not proves_consistency(0, subtree(0, 1), 7, subtree(0, 7), [])
    assert not proves_consistency(3, subtree(0, 3), 2, subtree(0, 2), [])
    assert not proves_consistency(3, subtree(0, 3), 3, subtree(0, 2), [])


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 700])
def test_a_tree_is_its_own_beginning_without_a_proof(size):
    assert consistency_proof(size, size, subtree) == []
    assert proves_consistency(size, subtree(0, size), size, subtree(0, size), [])

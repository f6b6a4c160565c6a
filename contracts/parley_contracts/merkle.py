"""Merkle trees of append-only logs (RFC 9162 section 2.1), as sizes and hashes; whoever keeps the leaves brings them.

A tree's size is its number of leaves, its root 32 bytes. Invariant: nothing here believes a proof; each is recomputed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

HASH_SIZE_BYTES = 32
#: Leaves of the subtrees whose roots are kept, so that the root at any size costs little; a power of two.
BLOCK_LEAVES = 256
#: A proof between trees of less than 2**64 leaves is never longer.
PROOF_HASHES_MAX = 64
#: The root over the leaves from the first number to (without) the second.
Subtree = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of what stands above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaves, or over the roots of equally large complete subtrees, of which the last may be incomplete."""
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = above + level[len(level) & ~1 :]
    return level[0]


def root_from_blocks(blocks: Sequence[bytes], rest: Sequence[bytes]) -> bytes:
    """The root where `blocks` are the roots of complete blocks and `rest` the hashes of the leaves after them."""
    return root_of([*blocks, root_of(rest)] if rest else blocks)


def consistency_proof(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """Why the tree of size `first` is the beginning of that of size `second` (section 2.1.4.1); 0 < first <= second."""
    start, end, whole, proof = 0, second, True, []
    while first != end:
        half = start + (1 << (end - start - 1).bit_length() - 1)
        if first <= half:
            proof.append(subtree(half, end))
            end = half
        else:
            proof.append(subtree(start, half))
            start, whole = half, False
    return proof[::-1] if whole else [subtree(start, end), *proof[::-1]]


def proves_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, unverified_proof: Sequence[bytes]
) -> bool:
    """Whether a proof holds (section 2.1.4.2): nothing that was in the first tree is missing or other in the second."""
    if first > second or len(unverified_proof) > PROOF_HASHES_MAX:
        return False
    if first in {0, second}:
        known = first_root if first else root_of([])
        same = first != second or hmac.compare_digest(known, second_root)
        return same and hmac.compare_digest(first_root, known) and not unverified_proof
    path = list(unverified_proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    inner, outer = first - 1, second - 1
    while inner & 1:
        inner, outer = inner >> 1, outer >> 1
    old = new = path[0]
    for step in path[1:]:
        if outer == 0:
            return False
        if inner & 1 or inner == outer:
            old, new = node_hash(step, old), node_hash(step, new)
            while inner and not inner & 1:
                inner, outer = inner >> 1, outer >> 1
        else:
            new = node_hash(new, step)
        inner, outer = inner >> 1, outer >> 1
    return outer == 0 and hmac.compare_digest(old, first_root) and hmac.compare_digest(new, second_root)

"""Reading grows with the bytes and not with their square, in time and in memory, whoever made them."""

import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache

import pytest
from mls_cases import stage
from mls_forging import EXTENSIONS, LIFETIME, POLICY, THEME, P, Voice, forge, forged_proposal, psk_id

from parley_mls import DecodeError, Extension, KeyPackage, MlsError, PublicGroup, ReInit, decode, generate_signature_key
from parley_mls.codec import Writer
from parley_mls.key_package import create_key_package, new_leaf
from parley_mls.leaf_node import LeafNode
from parley_mls.proposals import GroupContextExtensions, PreSharedKey, Remove
from parley_mls.ratchet_tree import ParentNode, RatchetTree
from parley_mls.tree_validation import check_unique_keys, check_unmerged_leaves
from parley_mls.welcome import Welcome, welcome_key_package_refs

#: The same in four times the size may take this many times as long; a square would take sixteen.
GROWTH_MAX = 9
#: What is read may take this many times the bytes' own memory.
MEMORY_MAX = 100
SMALL, LARGE = 512, 2048


@cache
def leaf() -> LeafNode:
    seed, _ = generate_signature_key(P)
    unsigned, _ = new_leaf(P, identity=b"n", signature_seed=seed, lifetime=LIFETIME, extension_types=(POLICY, THEME))
    return unsigned.sign(P, seed)


def blanks(count: int) -> bytes:
    """A tree that says nothing for a long while."""
    node = Writer().uint8(1).uint8(1).raw(leaf().encode()).finish()
    return Writer().opaque(bytes(40 * count) + node).finish()


def unmerged_everywhere(count: int) -> RatchetTree:
    """A tree all of whose parents name all leaves below as unmerged."""
    nodes: list[LeafNode | ParentNode | None] = []
    for index in range(2 * count - 1):
        if index % 2 == 0:
            nodes.append(replace(leaf(), _encoded=[]))
            continue
        height = (~index & (index + 1)).bit_length() - 1
        first = (index >> (height + 1)) << height
        nodes.append(ParentNode(b"%32d" % index, b"", tuple(range(first, first + (1 << height)))))
    return RatchetTree(nodes)


def many_extensions(count: int) -> bytes:
    types = [Extension(0xF100 + i % 0xE00, i.to_bytes(4, "big")) for i in range(count)]
    return forge(Voice.member(stage().members[1]), [GroupContextExtensions((*EXTENSIONS, *types))])


def many_proposals(count: int) -> bytes:
    return forge(Voice.member(stage().members[1]), [Remove(3)] * count)


def many_psks(count: int) -> bytes:
    psk = psk_id(id=b"k")
    return forge(Voice.member(stage().members[1]), [PreSharedKey(psk)] * count)


def many_capabilities(count: int) -> bytes:
    seed, _ = generate_signature_key(P)
    types = tuple(0x8000 + i % 0x6000 for i in range(8 * count))
    bundle = create_key_package(
        P,
        identity=b"n",
        signature_seed=seed,
        lifetime=LIFETIME,
        leaf_extensions=[Extension(kind, b"") for kind in types[:0x6000]],
    )
    return bundle.key_package.to_bytes()


def many_newcomers(count: int) -> bytes:
    sealed = [(i.to_bytes(32, "big"), i) for i in range(count)]
    writer = Writer().uint16(1).uint16(3).uint16(1)
    writer.vector(sealed, lambda w, item: w.opaque(item[0]).opaque(b"k" * 32).opaque(b"c" * 80))
    return writer.opaque(b"i" * 100).finish()


def long_reinit(count: int) -> bytes:
    reinit = ReInit(b"g" * count, 1, 1, tuple(Extension(i % 0xFFFF, b"x" * 8) for i in range(count)))
    return forged_proposal(Voice.member(stage().members[1]), reinit)


def follow(data: bytes) -> object:
    follower: PublicGroup = stage().follower
    return follower.process(P, data)


Read = Callable[[bytes], object]
READERS: dict[str, tuple[Callable[[int], bytes], Read]] = {
    "blank nodes": (blanks, lambda data: decode(data, RatchetTree.read).members()),
    "unmerged leaves read": (
        lambda count: unmerged_everywhere(count).encode(),
        lambda data: decode(data, RatchetTree.read),
    ),
    "proposals": (many_proposals, follow),
    "pre-shared keys": (many_psks, follow),
    "extensions": (many_extensions, follow),
    "capabilities": (many_capabilities, lambda data: KeyPackage.from_bytes(data).validate(P)),
    "newcomers": (many_newcomers, Welcome.from_bytes),
    "references": (many_newcomers, welcome_key_package_refs),
    "a long proposal": (long_reinit, follow),
}


def quickest_s(read: Callable[[], object]) -> float:
    """The processor's time for one reading, the least of some."""
    least = float("inf")
    for _ in range(5):
        begun = time.process_time()
        with suppress(MlsError, DecodeError):
            read()
        least = min(least, time.process_time() - begun)
    return least


def check_growth(small: Callable[[], object], large: Callable[[], object]) -> None:
    # A hundredth of a second is more than the clock's grain and less than what a square would show.
    assert quickest_s(large) <= GROWTH_MAX * quickest_s(small) + 0.01


@pytest.mark.parametrize("name", READERS)
def test_reading_grows_with_the_bytes(name: str):
    make, read = READERS[name]
    small, large = make(SMALL), make(LARGE)
    check_growth(lambda: read(small), lambda: read(large))


@pytest.mark.parametrize("check", [check_unmerged_leaves, check_unique_keys, lambda tree: tree.tree_hash(P)])
def test_checking_a_tree_grows_with_it(check: Callable[[RatchetTree], object]):
    small, large = unmerged_everywhere(SMALL // 4), unmerged_everywhere(LARGE // 4)
    check_growth(lambda: check(small.copy()), lambda: check(large.copy()))


@pytest.mark.parametrize("name", READERS)
def test_memory_is_bounded_by_the_bytes(name: str):
    make, read = READERS[name]
    data = make(LARGE)
    stage()
    tracemalloc.start()
    with suppress(MlsError, DecodeError):
        read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= MEMORY_MAX * len(data) + 200_000


def test_the_measure_catches_a_square():
    """What grows with the square is found."""

    def square(count: int) -> Callable[[], object]:
        items = list(range(count))
        return lambda: [item for item in items if -item - 1 in items]

    with pytest.raises(AssertionError):
        check_growth(square(SMALL * 2), square(LARGE * 2))

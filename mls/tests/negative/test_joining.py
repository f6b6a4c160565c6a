"""RFC 9420 sections 7.9, 12.4.3 and 12.4.3.1: Welcomes and GroupInfos of epochs that somebody made up, each with one fault."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mls_cases import stage
from mls_forging import (
    EXTENSIONS,
    POLICY,
    SMALL_ORDER_KEY,
    THEME,
    Faults,
    P,
    Voice,
    flipped,
    forged_path,
    generate_hpke_key,
    invent,
    leaf_in_package,
    package,
    psk_id,
)

from parley_mls import (
    Extension,
    Group,
    GroupInfoError,
    KeyPackageBundle,
    PublicGroup,
    ResumptionUsage,
    TreeError,
    WelcomeError,
)
from parley_mls.codec import Writer
from parley_mls.extensions import EXTERNAL_PUB, RATCHET_TREE
from parley_mls.ratchet_tree import ParentNode
from parley_mls.treekem import HpkeCiphertext
from parley_mls.welcome import Welcome


@dataclass(frozen=True)
class Made:
    """What is changed of an invented epoch (the arguments of `invent`), and what is said of it."""

    id: str
    says: str
    how: dict[str, Any]
    seen_outside: type[Exception] | None = None


def extension(kind: int, data: Callable[[bytes], bytes]) -> Callable[[Any], Any]:
    def act(info: Any) -> Any:
        changed = tuple(Extension(e.type, data(e.data)) if e.type == kind else e for e in info.extensions)
        return replace(info, extensions=changed)

    return act


def without(kind: int) -> Callable[[Any], Any]:
    return lambda info: replace(info, extensions=tuple(e for e in info.extensions if e.type != kind))


def with_node(index: int, change: Callable[[ParentNode], ParentNode | None]) -> Callable[[Any], None]:
    return lambda tree: tree.set_node(index, change(tree.parent(index)))


def keyed(key: bytes) -> Callable[[ParentNode], ParentNode]:
    return lambda node: replace(node, encryption_key=key)


def unmerged(*leaves: int) -> Callable[[ParentNode], ParentNode]:
    return lambda node: replace(node, unmerged_leaves=leaves)


def chosen(key: Callable[[Any], bytes]) -> Callable[[Any], None]:
    """Member 4 chose this key for the root, and signed for it."""
    voice = Voice.member(stage().members[4])
    return lambda tree: forged_path(voice, tree, 4, Faults(keys={1: key(tree)})) and None


def forgotten_between(tree: Any) -> None:
    """Leaf 2 is unmerged at the root of the tree and at node 3, but not at node 5 between."""
    tree.set_node(7, replace(tree.parent(7), unmerged_leaves=(2, *tree.parent(7).unmerged_leaves)))
    tree.set_node(3, replace(tree.parent(3), unmerged_leaves=(2,)))


def blank_after(data: bytes) -> bytes:
    """The tree's encoding with a blank node more at its end."""
    reader = Writer()
    body = data[2:] if data[0] < 0x80 else data[4:]
    return reader.opaque(body + b"\x00").finish()


def with_first_node_twice(data: bytes) -> bytes:
    """A leaf stands where a parent belongs."""
    body = data[2:] if data[0] < 0x80 else data[4:]
    leaf = Writer().uint8(1).uint8(1).raw(stage().members[0].members()[0][1].encode()).finish()
    return Writer().opaque(body.replace(leaf, leaf + leaf, 1)).finish()


def other_signer(info: Any) -> Any:
    return replace(info, signer=1)


def unsorted(data: bytes) -> bytes:
    """Leaf 5, the newcomer, is unmerged at the root; with it twice, the list does not ascend."""
    return data.replace(b"\x04\x00\x00\x00\x05", b"\x08" + b"\x00\x00\x00\x05" * 2, 1)


UNKNOWN = Extension(0xF0E1, b"")
ENCODED = [
    Made("12.4.3.3-ends-with-a-blank", "ends with a node", {"info": extension(RATCHET_TREE, blank_after)}, TreeError),
    Made("12.4.3.3-empty", "ends with a node", {"info": extension(RATCHET_TREE, lambda _: b"\x00")}, TreeError),
    Made("12.4.3.3-not-a-tree", "too early", {"info": extension(RATCHET_TREE, lambda _: b"\x05abc")}, TreeError),
    Made(
        "12.4.3.3-leaf-for-parent", "wrong place", {"info": extension(RATCHET_TREE, with_first_node_twice)}, TreeError
    ),
    Made("7.1-unmerged-not-ascending", "left over|ascending", {"info": extension(RATCHET_TREE, unsorted)}, TreeError),
    Made("12.4.3.1-tree-missing", "no ratchet tree", {"info": without(RATCHET_TREE)}, GroupInfoError),
]
TREES = [
    Made(
        "12.4.3.1-tree-hash",
        "not that of the GroupInfo",
        {"context": lambda c: replace(c, tree_hash=bytes(32))},
        GroupInfoError,
    ),
    Made(
        "7.9.2-parent-hash",
        "parent hash",
        {"tree": with_node(3, lambda n: replace(n, parent_hash=bytes(32)))},
        TreeError,
    ),
    Made(
        "7.9.2-parent-hash-of-the-root",
        "parent hash",
        {"tree": with_node(7, lambda n: replace(n, parent_hash=b"x" * 32))},
        TreeError,
    ),
    Made("7.9.2-node-nobody-chose", "parent hash", {"tree": with_node(5, keyed(generate_hpke_key(P)[1]))}, TreeError),
    Made(
        "7.9.2-node-in-a-blank",
        "parent hash",
        {"tree": lambda t: t.set_node(11, ParentNode(b"k" * 32, b"", (5,)))},
        TreeError,
    ),
    Made("12.4.3.1-unmerged-blank", "unmerged", {"tree": with_node(7, unmerged(7))}, TreeError),
    Made("12.4.3.1-unmerged-elsewhere", "unmerged", {"tree": with_node(5, unmerged(0))}, TreeError),
    Made("12.4.3.1-unmerged-outside", "unmerged", {"tree": with_node(5, unmerged(2**32 - 1))}, TreeError),
    Made("12.4.3.1-unmerged-not-between", "not named by a node between", {"tree": forgotten_between}, TreeError),
    Made("12.4.3.1-newcomer-not-unmerged", "parent hash", {"tree": with_node(7, unmerged())}, TreeError),
    Made(
        "12.4.3.1-parent-key-of-a-leaf",
        "encryption key stands twice",
        {"tree": chosen(lambda t: t.leaf(0).encryption_key)},
        TreeError,
    ),
    Made("10-parent-key-small-order", "parent node's key", {"tree": chosen(lambda _: SMALL_ORDER_KEY)}, TreeError),
]
INFOS = [
    Made(
        "12.4.3-signature",
        "signature of the GroupInfo",
        {"signed_info": lambda i: replace(i, signature=flipped(i.signature))},
        GroupInfoError,
    ),
    Made("12.4.3-signature-of-another", "signature of the GroupInfo", {"info": other_signer}, GroupInfoError),
    Made("12.4.3-signer-blank", "signer is not a member", {"info": lambda i: replace(i, signer=6)}, GroupInfoError),
    Made(
        "12.4.3-signer-outside",
        "signer is not a member",
        {"info": lambda i: replace(i, signer=2**32 - 1)},
        GroupInfoError,
    ),
    Made(
        "12.4.3-signature-covers-extensions",
        "signature of the GroupInfo",
        {"signed_info": lambda i: replace(i, extensions=(*i.extensions, UNKNOWN))},
        GroupInfoError,
    ),
    Made(
        "13.4-extension-twice",
        "stands twice",
        {"info": lambda i: replace(i, extensions=(*i.extensions, UNKNOWN, UNKNOWN))},
        GroupInfoError,
    ),
    Made(
        "13.4-extension-twice-in-context",
        "stands twice",
        {"context": lambda c: replace(c, extensions=(*EXTENSIONS, EXTENSIONS[1]))},
        GroupInfoError,
    ),
    Made(
        "13.4-extension-unsupported",
        "extension of the group",
        {"context": lambda c: replace(c, extensions=(*EXTENSIONS, UNKNOWN))},
        TreeError,
    ),
    Made(
        "13.5-grease-in-context",
        "extension of the group",
        {"context": lambda c: replace(c, extensions=(*EXTENSIONS, Extension(0x5A5A, b"")))},
        TreeError,
    ),
    Made(
        "11.1-required-damaged",
        "damaged",
        {"context": lambda c: replace(c, extensions=(replace(EXTENSIONS[0], data=b"\x09"), *EXTENSIONS[1:]))},
        TreeError,
    ),
]
WELCOMES = [
    Made("12.4.3.1-confirmation-tag", "confirmation tag", {"confirmation": flipped}),
    Made("12.4.3.1-confirmation-tag-empty", "confirmation tag", {"confirmation": lambda _: b""}),
    Made(
        "12.4.3.1-path-secret-gives-another-key",
        "does not give the key",
        {"secrets": lambda s: replace(s, path_secret=P.random(32))},
    ),
    Made("12.4.3.1-path-secret-short", "wrong size", {"secrets": lambda s: replace(s, path_secret=P.random(31))}),
    Made(
        "12.4.3.1-joiner-secret-of-another",
        "confirmation tag",
        {"secrets": lambda s: replace(s, joiner_secret=P.random(32))},
    ),
    Made("12.4.3.1-psk-named-only", "is missing", {"secrets": lambda s: replace(s, psks=(psk_id(id=b"k"),))}),
]


@pytest.mark.parametrize("made", [pytest.param(m, id=m.id) for m in (*ENCODED, *TREES, *INFOS)])
def test_refused(made):
    """Who joins by the Welcome, who follows from the GroupInfo and who enters by it all refuse it."""
    seed, bundle = package("n")
    forged = invent(stage(), bundle, **made.how)
    with pytest.raises(WelcomeError, match=made.says) as refused:
        Group.join(P, forged.welcome, bundle, seed)
    assert refused.type is WelcomeError
    with pytest.raises(made.seen_outside, match=made.says) as refused:
        PublicGroup.from_group_info(P, forged.group_info)
    assert refused.type is made.seen_outside
    with pytest.raises(made.seen_outside, match=made.says):
        Group.join_external(P, forged.group_info, identity=b"x", signature_seed=seed, extension_types=[POLICY, THEME])


@pytest.mark.parametrize("made", [pytest.param(m, id=m.id) for m in WELCOMES])
def test_refused_by_who_joins(made):
    """What only the Welcome shows."""
    seed, bundle = package("n")
    with pytest.raises(WelcomeError, match=made.says) as refused:
        Group.join(P, invent(stage(), bundle, **made.how).welcome, bundle, seed)
    assert refused.type is WelcomeError


def test_the_honest_one_is_taken():
    seed, bundle = package("n")
    forged = invent(stage(), bundle, tree=chosen(lambda _: generate_hpke_key(P)[1]))
    assert Group.join(P, forged.welcome, bundle, seed).epoch == stage().follower.epoch
    follower = PublicGroup.from_group_info(P, forged.group_info)
    entered = Group.join_external(
        P, forged.group_info, identity=b"x", signature_seed=P.random(32), extension_types=[POLICY, THEME]
    )
    assert follower.process(P, entered.commit).group.epoch == entered.group.epoch


def changed(welcome: bytes, change: Callable[[Welcome], Welcome]) -> bytes:
    return change(Welcome.from_bytes(welcome)).to_bytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda w: replace(w, secrets=()), "for others", id="12.4.3.1-no-entry"),
        pytest.param(
            lambda w: replace(w, secrets=tuple((P.random(32), s) for _, s in w.secrets)),
            "for others",
            id="12.4.3.1-reference",
        ),
        pytest.param(
            lambda w: replace(w, encrypted_group_info=flipped(w.encrypted_group_info)),
            "not open",
            id="12.4.3.1-group-info",
        ),
        pytest.param(lambda w: replace(w, encrypted_group_info=b""), "not open", id="12.4.3.1-group-info-empty"),
        pytest.param(
            lambda w: replace(w, secrets=tuple((r, HpkeCiphertext(b"", s.ciphertext)) for r, s in w.secrets)),
            "not open",
            id="12.4.3.1-kem-output",
        ),
    ],
)
def test_a_changed_welcome_is_refused(change, says):
    seed, bundle = package("n")
    with pytest.raises(WelcomeError, match=says):
        Group.join(P, changed(invent(stage(), bundle).welcome, change), bundle, seed)


@pytest.mark.parametrize(
    ("place", "octets"),
    [pytest.param(0, b"\x00\x02", id="6-version"), pytest.param(4, b"\x00\x02", id="12.4.3.1-suite")],
)
def test_a_welcome_of_another_kind_is_refused(place, octets):
    seed, bundle = package("n")
    data = bytearray(invent(stage(), bundle).welcome)
    data[place : place + 2] = octets
    with pytest.raises(WelcomeError):
        Group.join(P, bytes(data), bundle, seed)


def test_a_group_info_of_another_suite_is_refused():
    """12.4.3.1: the group's suite is the key package's, since no other is read."""
    _, bundle = package("n")
    data = bytearray(invent(stage(), bundle).group_info)
    data[6:8] = b"\x00\x02"
    with pytest.raises(GroupInfoError, match="version or suite"):
        PublicGroup.from_group_info(P, bytes(data))


def test_a_welcome_sealed_to_another_is_refused():
    """12.4.3.1: the init key must be the named key package's."""
    seed, bundle = package("n")
    _, other = package("o")
    mixed = KeyPackageBundle(bundle.key_package, other.init_private, bundle.leaf_private)
    with pytest.raises(WelcomeError, match="does not open"):
        Group.join(P, invent(stage(), bundle).welcome, mixed, seed)


def test_our_leaf_must_be_the_very_one():
    """12.4.3.1: a leaf of the same keys with another signature is not the key package's."""
    seed, bundle = package("n")
    twin = leaf_in_package(seed, bundle, lambda leaf: replace(leaf, extensions=(Extension(THEME, b""),)))
    made = invent(stage(), replace(bundle, key_package=twin), sealed_for=bundle.key_package)
    with pytest.raises(WelcomeError, match="our leaf"):
        Group.join(P, made.welcome, bundle, seed)


@pytest.mark.parametrize(
    ("psks", "says"),
    [
        pytest.param([psk_id(id=b"k")] * 2, "stands twice", id="12.4.3.1-psk-twice"),
        pytest.param([replace(psk_id(id=b"k"), nonce=b"n")], "nonce", id="8.4-nonce"),
        pytest.param([psk_id(id=b"unknown")], "is missing", id="12.4.3.1-psk-unknown"),
        pytest.param([psk_id(id=bytes([i])) for i in range(65)], "too many", id="8.4-too-many"),
        pytest.param(
            [
                psk_id(ResumptionUsage.BRANCH, group_id=b"group", epoch=3),
                psk_id(ResumptionUsage.REINIT, group_id=b"group", epoch=3),
            ],
            "one other at most",
            id="12.4.3.1-two-links",
        ),
    ],
)
def test_psks_of_a_welcome_are_checked(psks, says):
    seed, bundle = package("n")
    known = {bytes([i]): b"k" * 32 for i in range(65)} | {b"k": b"k" * 32}
    made = invent(stage(), bundle, psks=[(psk, b"k" * 32) for psk in psks])
    with pytest.raises(WelcomeError, match=says):
        Group.join(P, made.welcome, bundle, seed, psks=known)


def test_a_psk_of_a_welcome_is_mixed_in():
    seed, bundle = package("n")
    made = invent(stage(), bundle, psks=[(psk_id(id=b"k"), b"k" * 32)])
    Group.join(P, made.welcome, bundle, seed, psks={b"k": b"k" * 32})
    with pytest.raises(WelcomeError, match="does not open"):
        Group.join(P, made.welcome, bundle, seed, psks={b"k": b"other" * 8})


def test_unknown_extensions_of_a_group_info_are_ignored():
    """12.4.3, 13.4, 13.5."""
    seed, bundle = package("n")
    grease = (Extension(0x6A6A, b"any"), UNKNOWN)
    made = invent(stage(), bundle, info=lambda info: replace(info, extensions=(*info.extensions, *grease)))
    Group.join(P, made.welcome, bundle, seed)
    PublicGroup.from_group_info(P, made.group_info)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(without(EXTERNAL_PUB), "no key for external joiners", id="12.4.3.2-no-external-pub"),
        pytest.param(extension(EXTERNAL_PUB, lambda data: data[:-1]), "damaged", id="12.4.3.2-external-pub-damaged"),
        pytest.param(
            extension(EXTERNAL_PUB, lambda _: b"\x20" + SMALL_ORDER_KEY),
            "not one of this suite",
            id="12.4.3.2-external-pub-small-order",
        ),
        pytest.param(
            extension(EXTERNAL_PUB, lambda _: b"\x03key"), "not one of this suite", id="12.4.3.2-external-pub-short"
        ),
    ],
)
def test_one_enters_by_a_sound_key_only(change, says):
    _, bundle = package("n")
    made = invent(stage(), bundle, info=change)
    with pytest.raises(GroupInfoError, match=says):
        Group.join_external(
            P, made.group_info, identity=b"x", signature_seed=P.random(32), extension_types=[POLICY, THEME]
        )


def test_who_enters_supports_what_the_group_uses():
    """13.4: a group with an extension that the client does not know is not joined."""
    made = stage().members[0].group_info(P)
    with pytest.raises(GroupInfoError, match="do not understand"):
        Group.join_external(P, made, identity=b"x", signature_seed=P.random(32), extension_types=[POLICY])

"""RFC 9420 sections 5.3, 7.2 and 7.3: a leaf that breaks one rule, in each of the four places where leaves come in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mls_cases import Case, check_refused, committed, stage, table
from mls_forging import (
    POLICY,
    SMALL_ORDER_KEY,
    THEME,
    Faults,
    P,
    Voice,
    flipped,
    forged_proposal,
    invent,
    leaf_in_package,
    package,
    seed_of,
    signed_package,
)

from parley_mls import (
    CommitError,
    Extension,
    Group,
    KeyPackageBundle,
    Lifetime,
    ProposalError,
    TreeError,
    WelcomeError,
    create_key_package,
    generate_signature_key,
)
from parley_mls.grease import GREASE_VALUES
from parley_mls.group_info import GroupInfo
from parley_mls.leaf_node import Credential, LeafNode, LeafNodeSource
from parley_mls.proposals import Add
from parley_mls.public_group import PublicGroup

Change = Callable[[LeafNode], LeafNode]
UNKNOWN = 0xF0E1


@dataclass(frozen=True)
class Fault:
    """`change` acts before the leaf is signed, `after` on the signed one; `at_once` is whether it is seen before a commit."""

    id: str
    says: str
    change: Change = lambda leaf: leaf
    after: Change = lambda leaf: leaf
    at_once: bool = True


def capable(**changed: Any) -> Change:
    return lambda leaf: replace(leaf, capabilities=replace(leaf.capabilities, **changed))


def with_key(key: bytes) -> Change:
    return lambda leaf: replace(leaf, encryption_key=key)


def with_signature_key(key: bytes) -> Change:
    return lambda leaf: replace(leaf, signature_key=key)


def x509(leaf: LeafNode) -> LeafNode:
    certificate = b"\x05\x04cert"  # a vector of one opaque certificate
    types = replace(leaf.capabilities, credentials=(1, 2))
    return replace(leaf, credential=Credential(2, certificate), capabilities=types)


TWICE = (Extension(POLICY, b"1"), Extension(POLICY, b"2"))
NOT_LISTED = (Extension(UNKNOWN, b""),)
FAULTS = [
    Fault("7.3-signature", "signature", after=lambda leaf: replace(leaf, signature=flipped(leaf.signature))),
    Fault("7.3-signature-empty", "signature", after=lambda leaf: replace(leaf, signature=b"")),
    Fault(
        "7.2-signature-covers-identity", "signature", after=lambda leaf: replace(leaf, credential=Credential(1, b"x"))
    ),
    Fault("7.2-version-unlisted", "version and suite", capable(versions=(2,))),
    Fault("7.2-suite-unlisted", "version and suite", capable(cipher_suites=(2, 3))),
    Fault("7.2-credential-unlisted", "own capabilities", capable(credentials=(2,))),
    Fault("7.2-extension-unlisted", "own capabilities", lambda leaf: replace(leaf, extensions=NOT_LISTED)),
    Fault("7.3-required-extension", "required capabilities", capable(extensions=(THEME,)), at_once=False),
    Fault("13.4-extension-of-the-group", "extension of the group", capable(extensions=(POLICY,)), at_once=False),
    Fault("13.4-extension-twice", "stands twice", lambda leaf: replace(leaf, extensions=TWICE)),
    Fault("5.3-certificate", "basic", x509),
    Fault("10-encryption-key-short", "not one of this suite", with_key(b"k" * 31)),
    Fault("10-encryption-key-long", "not one of this suite", with_key(b"k" * 33)),
    Fault("10-encryption-key-small-order", "not one of this suite", with_key(SMALL_ORDER_KEY)),
    Fault("10-encryption-key-not-canonical", "not one of this suite", with_key(b"\xff" * 32)),
    Fault("10-signature-key-short", "not one of this suite", with_signature_key(b"k" * 31)),
    Fault("10-signature-key-small-order", "not one of this suite", with_signature_key(bytes([1]) + bytes(31))),
]


def added(fault: Fault) -> Case:
    """In the key package of an Add, which the committer took in."""

    def build(on):
        seed, bundle = package("n")
        return committed(Add(leaf_in_package(seed, bundle, fault.change, fault.after)))(on)

    return Case(f"{fault.id}-in-add", build, CommitError, fault.says)


def updated(fault: Fault) -> Case:
    """In an Update by reference."""

    def build(on):
        return forged_proposal(Voice.member(on.members[2]), on.update(2, fault.change, fault.after))

    return Case(f"{fault.id}-in-update", build, ProposalError, fault.says)


def committed_leaf(fault: Fault) -> Case:
    """In the path of a commit."""
    faults = Faults(leaf=fault.change, signed_leaf=fault.after)
    return Case(f"{fault.id}-in-path", committed(faults=faults), CommitError, fault.says)


PLACES = (added, updated, committed_leaf)


@table([place(fault) for fault in FAULTS for place in PLACES if fault.at_once or place is not updated])
def test_refused(case):
    check_refused(case)


def in_tree(fault: Fault) -> Callable[[Any], None]:
    """Put the fault into the leaf of a member whom a newcomer finds in the tree."""

    def change(tree):
        old = tree.leaf(4)  # who committed last, so that no parent hash but its own hangs on it
        leaf = replace(
            old,
            source=LeafNodeSource.UPDATE,
            parent_hash=b"",
            lifetime=None,
            encryption_key=P.x25519_public(P.random(32)),
        )
        place = {"group_id": stage().follower.group_id, "leaf_index": 4}
        signed = replace(fault.change(leaf), _encoded=[]).sign(P, seed_of(stage().members[4]), **place)
        tree.update(4, replace(fault.after(signed), _encoded=[]))

    return change


@pytest.mark.parametrize("fault", [pytest.param(fault, id=f"{fault.id}-in-tree") for fault in FAULTS])
def test_refused_in_a_tree(fault):
    """Whoever joins, follows or enters reads the whole tree."""
    seed, bundle = package("n")
    made = invent(stage(), bundle, tree=in_tree(fault))
    with pytest.raises(WelcomeError, match=fault.says):
        Group.join(P, made.welcome, bundle, seed)
    with pytest.raises(TreeError, match=fault.says):
        PublicGroup.from_group_info(P, made.group_info)
    with pytest.raises(TreeError, match=fault.says):
        Group.join_external(P, made.group_info, identity=b"x", signature_seed=seed, extension_types=[POLICY, THEME])


def with_key_of_another(leaf: LeafNode) -> LeafNode:
    return replace(leaf, encryption_key=dict(stage().members[0].members())[3].encryption_key)


def with_identity_of_another(on):
    """A committer who takes over another member's signature key."""
    other = dict(on.members[0].members())[3].signature_key
    return committed(faults=Faults(leaf=with_signature_key(other), leaf_seed=seed_of(on.members[3])))(on)


def key_of_a_parent(on):
    node = on.follower.public.tree.parent(5)  # above leaves 2 and 3, off the committer's path
    seed, bundle = package("n")
    return committed(Add(leaf_in_package(seed, bundle, with_key(node.encryption_key))))(on)


def updates(change, **place):
    """An Update by reference whose leaf was changed before it was signed."""
    return lambda on: forged_proposal(Voice.member(on.members[2]), on.update(2, change, **place))


def signed_for(**place):
    return updates(lambda leaf: leaf, **place)


def package_leaf(source):
    def build(on):
        seed, bundle = package("n")
        place = {} if source == LeafNodeSource.KEY_PACKAGE else {"group_id": on.follower.group_id, "leaf_index": 5}
        leaf = replace(bundle.key_package.leaf, source=source, lifetime=None, _encoded=[]).sign(P, seed, **place)
        return committed(Add(signed_package(bundle, seed, leaf=leaf)))(on)

    return build


def sourced(source):
    lifetime = Lifetime(0, 2**40) if source == LeafNodeSource.KEY_PACKAGE else None
    return lambda leaf: replace(leaf, source=source, lifetime=lifetime, parent_hash=b"")


def same_key(leaf):
    return replace(leaf, encryption_key=dict(stage().members[0].members())[2].encryption_key)


PLACED = [
    Case("7.3-source-update-in-add", package_leaf(LeafNodeSource.UPDATE), CommitError, "not made for a key package"),
    Case("7.3-source-commit-in-add", package_leaf(LeafNodeSource.COMMIT), CommitError, "not made for a key package"),
    Case("7.3-source-package-in-update", updates(sourced(LeafNodeSource.KEY_PACKAGE)), ProposalError, "no update"),
    Case("7.3-source-commit-in-update", updates(sourced(LeafNodeSource.COMMIT)), ProposalError, "no update"),
    Case(
        "7.3-source-package-in-path",
        committed(faults=Faults(leaf=sourced(LeafNodeSource.KEY_PACKAGE))),
        CommitError,
        "parent hash of the new leaf",
    ),
    Case(
        "7.3-source-update-in-path",
        committed(faults=Faults(leaf=sourced(LeafNodeSource.UPDATE))),
        CommitError,
        "parent hash of the new leaf",
    ),
    Case("7.3-key-kept-in-update", updates(same_key), ProposalError, "no update"),
    Case("7.2-place-in-update", signed_for(leaf_index=3), ProposalError, "signature"),
    Case("7.2-group-in-update", signed_for(group_id=b"other"), ProposalError, "signature"),
    Case("7.2-place-in-path", committed(faults=Faults(leaf_place={"leaf_index": 3})), CommitError, "committer's leaf"),
    Case("7.2-group-in-path", committed(faults=Faults(leaf_place={"group_id": b"x"})), CommitError, "committer's leaf"),
    Case(
        "7.3-encryption-key-of-another-in-path",
        committed(faults=Faults(leaf=with_key_of_another)),
        CommitError,
        "fresh",
    ),
    Case("7.3-signature-key-of-another-in-path", with_identity_of_another, CommitError, "stands twice"),
    Case("7.3-encryption-key-of-a-parent-in-add", key_of_a_parent, CommitError, "stands twice"),
]


@table(PLACED)
def test_refused_in_its_place(case):
    check_refused(case)


@pytest.mark.parametrize("key", ["encryption_key", "signature_key"])
def test_keys_stand_once_in_a_tree(key):
    """7.3: a newcomer with a key of another member's, added by somebody who does not look."""
    if key == "signature_key":
        seed = seed_of(stage().members[1])
        bundle = create_key_package(
            P, identity=b"n", signature_seed=seed, lifetime=Lifetime(0, 1), extension_types=(POLICY, THEME)
        )
    else:
        seed, honest = package("n")
        taken = dict(stage().members[0].members())[1].encryption_key
        changed = leaf_in_package(seed, honest, with_key(taken))
        bundle = KeyPackageBundle(changed, honest.init_private, honest.leaf_private)
    made = invent(stage(), bundle)
    with pytest.raises(WelcomeError, match="stands twice"):
        Group.join(P, made.welcome, bundle, seed)


def test_what_a_leaf_does_not_know_is_ignored():
    """13.4, 13.5: unknown values in capabilities, and unknown extensions that they name, are no fault."""
    seed, _ = generate_signature_key(P)
    grease = 0x3A3A
    bundle = create_key_package(
        P,
        identity=b"n",
        signature_seed=seed,
        lifetime=Lifetime(0, 2**40),
        extension_types=(POLICY, THEME, grease),
        leaf_extensions=[Extension(grease, b"anything")],
    )
    many = capable(
        versions=(1, grease),
        cipher_suites=(grease, 1, 77),
        extensions=(POLICY, grease, THEME),
        proposals=(grease, 0xF0C9),
        credentials=(1, grease),
    )
    changed = leaf_in_package(seed, bundle, many)
    made = stage().members[0].commit(P, add=[changed])
    assert stage().follower.process(P, made.commit).group.tree_hash == made.group.tree_hash
    joined = Group.join(P, made.welcome, KeyPackageBundle(changed, bundle.init_private, bundle.leaf_private), seed)
    assert joined.epoch_authenticator == made.group.epoch_authenticator


def test_default_types_are_never_listed():
    """7.2: what every client has stands in no capabilities of ours."""
    seed, _ = generate_signature_key(P)
    bundle = create_key_package(
        P, identity=b"n", signature_seed=seed, lifetime=Lifetime(0, 1), extension_types=(1, 3, 5, POLICY)
    )
    group = Group.create(P, group_id=b"g", identity=b"a", signature_seed=seed, extensions=[Extension(5, b"\x00")])
    for leaf in (bundle.key_package.leaf, group.members()[0][1]):
        assert not set(range(1, 6)) & set(leaf.capabilities.extensions)
        assert not set(range(1, 8)) & set(leaf.capabilities.proposals)


def test_what_we_support_comes_with_a_value_that_nobody_knows():
    """13.5: GREASE stands where it may, and nowhere else."""
    _, bundle = package("n")
    listed = bundle.key_package.leaf.capabilities
    for types in (listed.cipher_suites, listed.extensions, listed.proposals, listed.credentials):
        assert len([kind for kind in types if kind in GREASE_VALUES]) == 1
    assert [e.type for e in bundle.key_package.extensions if e.type in GREASE_VALUES]
    info = GroupInfo.from_bytes(stage().members[0].group_info(P))
    assert [e.type for e in info.extensions if e.type in GREASE_VALUES]
    assert not [e.type for e in info.context.extensions if e.type in GREASE_VALUES]
    assert not [version for version in listed.versions if version in GREASE_VALUES]
    assert len(GREASE_VALUES) == 15
    assert all(kind >> 8 == kind & 0xFF and kind & 0xF == 0xA for kind in GREASE_VALUES)


def test_the_honest_ones_are_taken():
    seed, bundle = package("n")
    for message in (committed(Add(leaf_in_package(seed, bundle)))(stage()), committed()(stage())):
        stage().members[0].process(P, message)
        stage().follower.process(P, message)
    stage().members[0].process(P, forged_proposal(Voice.member(stage().members[2]), stage().update(2)))
    made = invent(stage(), bundle, tree=in_tree(Fault("none", "")))
    assert Group.join(P, made.welcome, bundle, seed).own_index == 5

"""Groups as members live them: random histories, followers, refusals, stored states."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_mls import (
    Changes,
    CommitError,
    CommitProcessed,
    Extension,
    FramingError,
    Group,
    GroupInfoError,
    KeyPackageBundle,
    KeyPackageError,
    LeafNode,
    Lifetime,
    MlsError,
    PolicyRefused,
    PskId,
    PskType,
    PublicCommitProcessed,
    PublicGroup,
    PublicState,
    ResumptionUsage,
    WelcomeError,
    WrongEpoch,
    create_key_package,
    default_primitives,
    generate_signature_key,
    group_info_extensions,
    welcome_key_package_refs,
)
from parley_mls.key_package import KeyPackage

P = default_primitives()
POLICY, ANCHOR = 0xF0A1, 0xF0A2


def package(
    name: str, *, last_resort: bool = False, types: tuple[int, ...] = (POLICY,)
) -> tuple[bytes, KeyPackageBundle]:
    seed, _ = generate_signature_key(P)
    bundle = create_key_package(
        P,
        identity=name.encode(),
        signature_seed=seed,
        lifetime=Lifetime(0, 2**40),
        last_resort=last_resort,
        extension_types=types,
    )
    return seed, bundle


def founded(name: str = "a") -> Group:
    seed, _ = generate_signature_key(P)
    extension = Extension(POLICY, b"policy")
    return Group.create(P, group_id=b"group", identity=name.encode(), signature_seed=seed, extensions=[extension])


def secret(group: Group) -> bytes:
    return group.export(P, "test", b"context", 32)


@dataclass
class World:
    """A group with all its members and a follower, who all see every commit."""

    members: list[Group]
    follower: PublicGroup
    names: int = 1
    psks: dict[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, size: int) -> "World":
        founder = founded()
        world = cls([founder], PublicGroup.from_group_info(P, founder.group_info(P)))
        if size > 1:
            world.commit(0, add=size - 1)
        return world

    def newcomers(self, count: int) -> list[tuple[bytes, KeyPackageBundle]]:
        self.names += count
        return [package(f"m{self.names - i}") for i in range(count)]

    def commit(self, who: int, *, add: int = 0, remove: tuple[int, ...] = ()) -> None:
        fresh = self.newcomers(add)
        leaves = [self.members[other].own_index for other in remove]
        made = self.members[who].commit(P, add=[b.key_package for _, b in fresh], remove=leaves)
        self.deliver(made.commit, made.group_info)
        self.members = [
            made.group if index == who else group for index, group in enumerate(self.members) if index not in remove
        ]
        self.members += [Group.join(P, made.welcome or b"", bundle, seed) for seed, bundle in fresh]
        self.check()

    def enter(self, replaced: int | None = None) -> None:
        seed, _ = generate_signature_key(P)
        self.names += 1
        leaf = None if replaced is None else self.members[replaced].own_index
        made = Group.join_external(
            P,
            self.members[0].group_info(P),
            identity=b"x%d" % self.names,
            signature_seed=seed,
            extension_types=[POLICY],
            remove_prior=leaf,
        )
        self.deliver(made.commit, made.group_info)
        self.members = [group for index, group in enumerate(self.members) if index != replaced] + [made.group]
        self.check()

    def propose_and_commit(self, proposer: int, committer: int) -> None:
        proposed = self.members[proposer].propose_update(P)
        for index, group in enumerate(self.members):
            self.members[index] = proposed.group if index == proposer else group.process(P, proposed.message).group
        self.follower = self.follower.process(P, proposed.message).group
        self.commit(committer)

    def deliver(self, commit: bytes, group_info: bytes) -> None:
        for index, group in enumerate(self.members):
            try:
                processed = group.process(P, commit)
            except CommitError as error:
                assert "our own" in str(error)
                continue
            assert isinstance(processed, CommitProcessed)
            self.members[index] = Group.from_bytes(processed.group.to_bytes())
        followed = self.follower.process(P, commit)
        assert isinstance(followed, PublicCommitProcessed)
        followed.group.check_group_info(P, group_info)
        self.follower = PublicGroup.from_bytes(followed.group.to_bytes())

    def check(self) -> None:
        assert len({secret(group) for group in self.members}) == 1
        assert len({group.epoch_authenticator for group in self.members}) == 1
        for group in self.members:
            assert group.tree_hash == self.follower.tree_hash
            assert group.interim_transcript_hash == self.follower.interim_transcript_hash
            assert group.members() == self.follower.members()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_random_histories_agree(seed: int):
    dice = random.Random(seed)
    world = World.of(dice.randint(1, 5))
    for _ in range(8):
        size = len(world.members)
        who, other = dice.randrange(size), dice.randrange(size)
        match dice.randrange(6):
            case 0:
                world.commit(who, add=dice.randint(1, 3))
            case 1 if who != other:
                world.commit(who, remove=(other,))
            case 2 if who != other and size < 10:
                world.commit(who, add=1, remove=(other,))
            case 3:
                world.enter()
            case 4 if size > 1:
                world.enter(replaced=who or None)
            case 5 if who != other:
                world.propose_and_commit(who, other)
            case _:
                world.commit(who)


def test_a_removed_member_is_told_and_left_behind():
    world = World.of(3)
    made = world.members[0].commit(P, remove=[world.members[2].own_index])
    processed = world.members[2].process(P, made.commit)
    assert isinstance(processed, CommitProcessed)
    assert processed.changes.self_removed
    assert processed.group.epoch == made.group.epoch - 1
    with pytest.raises(WrongEpoch):
        world.members[2].process(P, made.group.commit(P).commit)


def test_the_old_state_stays_usable():
    world = World.of(2)
    before = world.members[0].to_bytes()
    losing = world.members[0].commit(P)
    winning = world.members[1].commit(P)
    assert world.members[0].to_bytes() == before
    assert secret(world.members[0].process(P, winning.commit).group) == secret(winning.group)
    assert secret(losing.group) != secret(winning.group)


@pytest.mark.parametrize("place", [8, 30, 60, 120, 200, -1, -20, -40, -70])
def test_a_changed_byte_is_refused_and_changes_nothing(place: int):
    world = World.of(3)
    commit = bytearray(world.members[0].commit(P, add=[package("n")[1].key_package]).commit)
    commit[place] ^= 1
    before = world.members[1].to_bytes()
    with pytest.raises(MlsError):
        world.members[1].process(P, bytes(commit))
    assert world.members[1].to_bytes() == before


def test_proposals_by_reference_are_taken_up():
    world = World.of(3)
    _, bundle = package("n")
    add = world.members[0].propose_add(P, bundle.key_package)
    removal = add.group.propose_remove(P, world.members[2].own_index)
    committer = world.members[1].process(P, add.message).group.process(P, removal.message).group
    made = committer.commit(P)
    processed = removal.group.process(P, made.commit)
    assert isinstance(processed, CommitProcessed)
    assert secret(processed.group) == secret(made.group)
    assert [index for index, _ in processed.changes.removed] == [2]
    assert len(processed.changes.added) == 1
    with pytest.raises(CommitError, match="unknown proposal"):
        world.members[0].process(P, made.commit)


def test_psks_are_mixed_in():
    world = World.of(2)
    external = PskId(PskType.EXTERNAL, P.random(32), id=b"psk")
    resumed = PskId(
        PskType.RESUMPTION,
        P.random(32),
        usage=ResumptionUsage.APPLICATION,
        group_id=b"group",
        epoch=world.members[0].epoch,
    )
    made = world.members[0].commit(P, psks=[(external, b"k" * 32), (resumed, world.members[0].resumption_psk)])
    assert secret(world.members[1].process(P, made.commit, psks={b"psk": b"k" * 32}).group) == secret(made.group)
    for psks in ({}, {b"psk": b"other"}):
        with pytest.raises(CommitError):
            world.members[1].process(P, made.commit, psks=psks)


class Refusing:
    """A hook that refuses one name, or every commit."""

    def __init__(self, name: bytes = b"") -> None:
        self.name = name

    def check_leaf(self, leaf: LeafNode) -> None:
        if leaf.identity == self.name:
            raise PolicyRefused("not this one")

    def check_commit(self, before: PublicState, changes: Changes) -> None:
        if not self.name:
            raise PolicyRefused("no changes")


def test_the_hook_has_the_last_word():
    world = World.of(2)
    seed, bundle = package("mallory")
    made = world.members[0].commit(P, add=[bundle.key_package])
    for hook in (Refusing(b"mallory"), Refusing()):
        with pytest.raises(PolicyRefused):
            world.members[0].commit(P, add=[bundle.key_package], hook=hook)
        with pytest.raises(PolicyRefused):
            world.members[1].process(P, made.commit, hook=hook)
        with pytest.raises(PolicyRefused):
            world.follower.process(P, made.commit, hook=hook)
    with pytest.raises(PolicyRefused):
        Group.join(P, made.welcome or b"", bundle, seed, hook=Refusing(b"a"))
    with pytest.raises(PolicyRefused):
        Group.join_external(
            P,
            made.group_info,
            identity=b"e",
            signature_seed=seed,
            extension_types=[POLICY],
            hook=Refusing(b"mallory"),
        )


def test_a_newcomer_must_support_what_the_group_requires():
    world = World.of(1)
    _, bundle = package("plain", types=())
    with pytest.raises(CommitError, match="required capabilities"):
        world.members[0].commit(P, add=[bundle.key_package])


def test_one_signature_key_stands_once():
    world = World.of(1)
    _, bundle = package("n")
    with pytest.raises(CommitError, match="stands twice"):
        world.members[0].commit(P, add=[bundle.key_package, bundle.key_package])


def test_a_committer_cannot_remove_itself():
    world = World.of(2)
    with pytest.raises(CommitError, match="itself"):
        world.members[0].commit(P, remove=[0])


def test_extensions_change_by_commit():
    world = World.of(2)
    changed = [e for e in world.members[0].extensions if e.type != POLICY] + [Extension(POLICY, b"changed")]
    made = world.members[0].commit(P, extensions=changed, group_info_extensions=[Extension(ANCHOR, b"anchor")])
    processed = world.members[1].process(P, made.commit)
    assert isinstance(processed, CommitProcessed)
    assert processed.group.extensions == made.group.extensions
    assert Extension(POLICY, b"changed") in processed.changes.extensions_after
    assert Extension(POLICY, b"policy") in processed.changes.extensions_before
    assert Extension(ANCHOR, b"anchor") in group_info_extensions(made.group_info)


@pytest.mark.parametrize("kept", [True, False])
def test_one_may_enter_after_extensions_changed(kept: bool):
    world = World.of(2)
    before = [e for e in world.members[0].extensions if e.type != POLICY] if kept else []
    made = world.members[0].commit(P, extensions=[*before, Extension(POLICY, b"changed")])
    assert {e.type for e in made.group.extensions} == {e.type for e in world.members[0].extensions}
    seed, _ = generate_signature_key(P)
    entered = Group.join_external(P, made.group_info, identity=b"new", signature_seed=seed, extension_types=[POLICY])
    processed = made.group.process(P, entered.commit)
    assert isinstance(processed, CommitProcessed)
    assert processed.group.epoch_authenticator == entered.group.epoch_authenticator


def test_a_joiner_reads_the_extensions_of_its_group_info():
    seed, bundle = package("n", last_resort=True)
    made = founded().commit(P, add=[bundle.key_package], group_info_extensions=[Extension(ANCHOR, b"anchor")])
    assert made.welcome is not None
    joined = Group.join(P, made.welcome, bundle, seed)
    assert Extension(ANCHOR, b"anchor") in joined.join_group_info_extensions
    assert welcome_key_package_refs(made.welcome) == [bundle.key_package.ref(P)]


def test_a_welcome_opens_only_for_whom_it_was_made():
    _, invited = package("n")
    seed, other = package("o")
    made = founded().commit(P, add=[invited.key_package])
    with pytest.raises(WelcomeError, match="for others"):
        Group.join(P, made.welcome or b"", other, seed)
    stolen = KeyPackageBundle(invited.key_package, other.init_private, other.leaf_private)
    with pytest.raises(WelcomeError, match="does not open"):
        Group.join(P, made.welcome or b"", stolen, seed)


def test_a_group_info_of_another_epoch_is_refused():
    world = World.of(2)
    stale = world.members[0].group_info(P)
    world.commit(0)
    with pytest.raises(GroupInfoError, match="another epoch"):
        world.follower.check_group_info(P, stale)
    damaged = bytearray(world.members[0].group_info(P))
    damaged[-1] ^= 1
    with pytest.raises(GroupInfoError, match="signature"):
        PublicGroup.from_group_info(P, bytes(damaged))


def test_messages_for_another_group_are_refused():
    seed, _ = generate_signature_key(P)
    other = Group.create(P, group_id=b"other", identity=b"o", signature_seed=seed)
    with pytest.raises(FramingError, match="another group"):
        World.of(2).members[1].process(P, other.commit(P).commit)


def test_key_packages_are_validated():
    _, bundle = package("n")
    bundle.key_package.validate(P)
    assert KeyPackageBundle.from_bytes(bundle.to_bytes()) == bundle
    encoded = bytearray(bundle.key_package.to_bytes())
    for place in (-1, -80, 10):
        damaged = bytearray(encoded)
        damaged[place] ^= 1
        with pytest.raises(KeyPackageError):
            KeyPackage.from_bytes(bytes(damaged)).validate(P)


@pytest.mark.parametrize("size", [64])
def test_growing_and_shrinking_keeps_agreement(size: int):
    world = World.of(size)
    world.commit(3, remove=tuple(range(20, 64)))
    world.commit(1, add=5)
    world.enter(replaced=0)


# --- extensions of leaves


PUSH_KEY = 0xF0A3


def test_a_leaf_carries_its_extensions_and_supports_them():
    seed, _ = generate_signature_key(P)
    group = Group.create(
        P, group_id=b"leafy", identity=b"anna", signature_seed=seed, leaf_extensions=[Extension(PUSH_KEY, b"one")]
    )
    bundle_seed, _ = generate_signature_key(P)
    bundle = create_key_package(
        P,
        identity=b"berta",
        signature_seed=bundle_seed,
        lifetime=Lifetime(0, 2**40),
        leaf_extensions=[Extension(PUSH_KEY, b"two")],
    )
    bundle.key_package.validate(P)
    added = group.commit(P, add=[bundle.key_package], leaf_extensions=[Extension(PUSH_KEY, b"three")])
    assert added.welcome is not None
    berta = Group.join(P, added.welcome, bundle, bundle_seed)
    carried = [leaf.extensions for _, leaf in berta.members()]
    assert carried == [(Extension(PUSH_KEY, b"three"),), (Extension(PUSH_KEY, b"two"),)]
    kept = berta.commit(P)
    removed = berta.commit(P, leaf_extensions=())
    assert [leaf.extensions for _, leaf in kept.group.members()][1] == (Extension(PUSH_KEY, b"two"),)
    assert [leaf.extensions for _, leaf in removed.group.members()][1] == ()
    for result in (kept, removed):
        processed = added.group.process(P, result.commit)
        assert isinstance(processed, CommitProcessed)
        assert processed.group.members() == result.group.members()


def test_nobody_can_put_another_extension_into_a_leaf():
    """What a server would have to do to read along: change the key that a leaf carries."""
    seed, _ = generate_signature_key(P)
    group = Group.create(P, group_id=b"leafy", identity=b"anna", signature_seed=seed)
    bundle_seed, _ = generate_signature_key(P)
    bundle = create_key_package(P, identity=b"b", signature_seed=bundle_seed, lifetime=Lifetime(0, 2**40))
    added = group.commit(P, add=[bundle.key_package])
    assert added.welcome is not None
    berta = Group.join(P, added.welcome, bundle, bundle_seed)
    carried = b"a push key of thirty-two bytes.."
    update = berta.commit(P, leaf_extensions=[Extension(PUSH_KEY, carried)])
    assert update.commit.count(carried) == 1
    with pytest.raises(MlsError):
        added.group.process(P, update.commit.replace(carried, b"another key of thirty-two bytes."))
    package = create_key_package(
        P,
        identity=b"c",
        signature_seed=bundle_seed,
        lifetime=Lifetime(0, 2**40),
        leaf_extensions=[Extension(PUSH_KEY, carried)],
    ).key_package.to_bytes()
    with pytest.raises(MlsError):
        KeyPackage.from_bytes(package.replace(carried, b"another key of thirty-two bytes.")).validate(P)

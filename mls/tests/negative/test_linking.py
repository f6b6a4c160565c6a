"""RFC 9420 sections 11.2 and 11.3: groups that follow from others, and those that only say so."""

from dataclasses import replace

import pytest
from mls_cases import stage
from mls_forging import (
    EXTENSIONS,
    POLICY,
    THEME,
    Faults,
    P,
    Stage,
    Voice,
    forge,
    forged_proposal,
    invent,
    package,
    psk_id,
    seed_of,
)

from parley_mls import (
    CommitError,
    CommitProcessed,
    Extension,
    Group,
    KeyPackageBundle,
    Lifetime,
    PolicyRefused,
    Predecessor,
    PublicGroup,
    ReInit,
    ResumptionUsage,
    WelcomeError,
    branch_group,
    create_key_package,
    reinitialised_group,
)
from parley_mls.proposals import PreSharedKey
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.succession import same_credential
from parley_mls.suite import MLS_10, SUITE

BRANCH, REINITIALISED = ResumptionUsage.BRANCH, ResumptionUsage.REINIT
REINIT = ReInit(b"successor", MLS_10, SUITE, EXTENSIONS)


def fresh_package(on: Stage, index: int) -> tuple[bytes, KeyPackageBundle]:
    """A key package of a member's for another group: same credential, same key, as its device would have."""
    seed = seed_of(on.members[index])
    bundle = create_key_package(
        P,
        identity=b"m%d" % index,
        signature_seed=seed,
        lifetime=Lifetime(0, 2**40),
        extension_types=(POLICY, THEME),
    )
    return seed, bundle


def others(on: Stage, *indices: int) -> list[tuple[bytes, KeyPackageBundle]]:
    return [fresh_package(on, index) for index in indices]


def packages(fresh: list[tuple[bytes, KeyPackageBundle]]):
    return [bundle.key_package for _, bundle in fresh]


def ended(reinit: ReInit = REINIT, *, by_reference: bool = False) -> Stage:
    """The stage after a re-initialisation that everybody followed."""
    on = stage()
    if by_reference:
        made = on.members[2].propose_reinit(P, reinit)
        on = on.after(made.message, {2: made.group})
    committed = on.members[0].commit_reinit(P, reinit)
    return on.after(committed.commit, {0: committed.group})


# --- branches (11.3) ----------------------------------------------------------------------------------------------------


def branched(on: Stage, fresh, **how):
    return branch_group(
        P,
        on.members[0],
        group_id=b"branch",
        signature_seed=seed_of(on.members[0]),
        members=packages(fresh),
        **how,
    )


def test_a_branch_is_joined_by_members():
    on = stage()
    fresh = others(on, 2, 4)
    made = branched(on, fresh)
    for (seed, bundle), index in zip(fresh, (2, 4), strict=True):
        joined = Group.join(P, made.welcome, bundle, seed, predecessor=on.members[index].as_predecessor())
        assert (joined.epoch, joined.group_id) == (1, b"branch")
        assert joined.epoch_authenticator == made.group.epoch_authenticator
        assert joined.extensions == on.members[0].extensions
        assert isinstance(made.group.process(P, joined.commit(P).commit), CommitProcessed)


def test_a_branch_may_have_other_extensions():
    on = stage()
    fresh = others(on, 2)
    changed = (*EXTENSIONS[:2], Extension(THEME, b"another"))
    made = branched(on, fresh, extensions=changed)
    seed, bundle = fresh[0]
    assert Group.join(P, made.welcome, bundle, seed, predecessor=on.members[2].as_predecessor()).extensions == changed


def test_a_stranger_in_a_branch_is_found():
    """11.3: the members are a subset of the old group's."""
    on = stage()
    fresh = [*others(on, 2), package("stranger")]
    seed, bundle = fresh[0]
    with pytest.raises(WelcomeError, match="not one of the group"):
        Group.join(P, branched(on, fresh).welcome, bundle, seed, predecessor=on.members[2].as_predecessor())


def test_the_application_says_who_is_who():
    """11.3: which leaves match is the application's word."""
    on = stage()
    fresh = [*others(on, 2), package("stranger")]
    seed, bundle = fresh[0]
    predecessor = on.members[2].as_predecessor(lambda before, after: True)
    assert Group.join(P, branched(on, fresh).welcome, bundle, seed, predecessor=predecessor).epoch == 1


def test_a_branch_needs_its_predecessor():
    """12.4.3.1: without the group that it follows from, or with another epoch of it, its PSK is not at hand."""
    on = stage()
    fresh = others(on, 2)
    made = branched(on, fresh)
    seed, bundle = fresh[0]
    later = on.after((own := on.members[0].commit(P)).commit, {0: own.group})
    for predecessor in (None, later.members[2].as_predecessor(), Stage.build(2).members[0].as_predecessor()):
        with pytest.raises(WelcomeError, match=r"is missing|does not open"):
            Group.join(P, made.welcome, bundle, seed, predecessor=predecessor)


def test_who_has_gone_on_joins_a_branch_of_an_earlier_epoch():
    """11.3: by the PSK that is still at hand; the branch brings nobody back who was removed since."""
    on = stage()
    fresh = others(on, 2, 4)
    made = branched(on, fresh)
    epoch = on.follower.epoch
    renewed = on.after((own := on.members[0].commit(P)).commit, {0: own.group})
    removed = on.after((own := on.members[0].commit(P, remove=[4])).commit, {0: own.group})
    seed, bundle = fresh[0]
    for later, fits in ((renewed, True), (removed, False)):
        predecessor = later.members[2].as_predecessor_at(epoch, same_credential)
        if fits:
            assert Group.join(P, made.welcome, bundle, seed, predecessor=predecessor).epoch == 1
            continue
        with pytest.raises(WelcomeError, match="not one of the group"):
            Group.join(P, made.welcome, bundle, seed, predecessor=predecessor)
    assert renewed.members[2].as_predecessor_at(epoch + 9, same_credential) is None


def test_a_group_that_should_follow_from_another_does():
    """11.3: who expects a branch takes no group that shows no PSK."""
    on = stage()
    seed, bundle = fresh_package(on, 2)
    bare = Group.create(P, group_id=b"branch", identity=b"somebody", signature_seed=seed_of(on.members[0]))
    made = bare.commit(P, add=[bundle.key_package])
    assert Group.join(P, made.welcome, bundle, seed).epoch == 1
    with pytest.raises(WelcomeError, match="does not follow"):
        Group.join(P, made.welcome, bundle, seed, predecessor=on.members[2].as_predecessor())


def test_only_who_was_a_member_can_branch():
    """11.3: whoever has not the old epoch's PSK makes no branch of it."""
    on = stage()
    seed, bundle = fresh_package(on, 2)
    link = psk_id(ResumptionUsage.BRANCH, group_id=b"group", epoch=on.follower.epoch)
    made = invent(on, bundle, psks=[(link, P.random(32))])
    with pytest.raises(WelcomeError, match="does not open"):
        Group.join(P, made.welcome, bundle, seed, predecessor=on.members[2].as_predecessor())


def test_the_hook_judges_a_branch():
    class Refusing:
        def check_leaf(self, leaf):
            if leaf.identity == b"m2":
                raise PolicyRefused("not this one")

        def check_commit(self, before, changes):
            pass

    with pytest.raises(PolicyRefused):
        branched(stage(), others(stage(), 2), hook=Refusing())


def claimed(on: Stage, usage: ResumptionUsage, change=lambda context: context, *, members=range(5), more=()):
    """Member 2 joins an invented epoch that says, by a PSK that holds, that it follows from the stage's group."""
    fresh = [*others(on, *members), *more]

    def rebuilt(_):
        tree = RatchetTree([fresh[0][1].key_package.leaf])
        for _, bundle in fresh[1:]:
            tree.add(bundle.key_package.leaf)
        return tree

    seed, bundle = fresh[2]
    link = psk_id(usage, group_id=b"group", epoch=on.follower.epoch)
    made = invent(
        on,
        bundle,
        tree=rebuilt,
        context=lambda context: change(replace(context, epoch=1, group_id=b"successor")),
        psks=[(link, on.members[2].resumption_psk)],
    )
    return Group.join(P, made.welcome, bundle, seed, predecessor=on.members[2].as_predecessor())


@pytest.mark.parametrize(
    ("usage", "change", "says"),
    [
        pytest.param(BRANCH, {"epoch": 2}, "in epoch 1", id="11.3-epoch"),
        pytest.param(BRANCH, {"epoch": 0}, "in epoch 1", id="11.3-epoch-of-the-beginning"),
        pytest.param(REINITIALISED, {"epoch": 2}, "in epoch 1", id="11.2-epoch"),
        pytest.param(REINITIALISED, {"group_id": b"other"}, "not the one that was announced", id="11.2-group-id"),
        pytest.param(REINITIALISED, {"extensions": EXTENSIONS[1:]}, "not the one", id="11.2-extensions"),
    ],
)
def test_a_group_that_does_not_follow_is_refused(usage, change, says):
    with pytest.raises(WelcomeError, match=says):
        claimed(ended(), usage, lambda context: replace(context, **change))


@pytest.mark.parametrize("usage", [ResumptionUsage.BRANCH, ResumptionUsage.REINIT])
def test_the_honest_ones_are_taken(usage):
    assert claimed(ended(), usage).epoch == 1


# --- re-initialisations (11.2) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_reference", [False, True])
def test_a_group_is_re_initialised(by_reference):
    on = ended(by_reference=by_reference)
    assert on.follower.public.reinit == REINIT
    fresh = others(on, 1, 2, 3, 4)
    made = reinitialised_group(P, on.members[0], signature_seed=seed_of(on.members[0]), members=packages(fresh))
    for (seed, bundle), index in zip(fresh, (1, 2, 3, 4), strict=True):
        joined = Group.join(P, made.welcome, bundle, seed, predecessor=on.members[index].as_predecessor())
        assert (joined.group_id, joined.epoch, joined.extensions) == (REINIT.group_id, 1, EXTENSIONS)
        assert joined.epoch_authenticator == made.group.epoch_authenticator


@pytest.mark.parametrize("case", ["one less", "one more"])
def test_members_stay_the_same(case):
    """11.2: the new group has the old one's members, all of them and nobody else."""
    on = ended()
    members, more = (range(4), ()) if case == "one less" else (range(5), [package("stranger")])
    with pytest.raises(WelcomeError, match="other members"):
        claimed(on, REINITIALISED, members=members, more=more)


def test_a_group_that_was_not_ended_has_no_successor():
    on = stage()
    with pytest.raises(WelcomeError, match="was not re-initialised"):
        claimed(on, REINITIALISED)
    with pytest.raises(CommitError, match="was not re-initialised"):
        reinitialised_group(P, on.members[0], signature_seed=P.random(32), members=[])


def test_a_successor_of_another_suite_is_not_made_here():
    on = ended(replace(REINIT, cipher_suite=2))
    with pytest.raises(CommitError, match="not ours"):
        reinitialised_group(P, on.members[0], signature_seed=P.random(32), members=[])


def test_an_ended_group_says_nothing_more():
    """12.4.2: after a commit with a ReInit nobody sends, and nobody listens; a stored state knows it."""
    on = ended()
    member = Group.from_bytes(on.members[1].to_bytes())
    follower = PublicGroup.from_bytes(on.follower.to_bytes())
    assert member.public.reinit == follower.public.reinit == REINIT
    for speak in (member.commit, member.propose_update):
        with pytest.raises(CommitError, match="was re-initialised"):
            speak(P)
    for message in (forge(Voice.member(on.members[2])), forged_proposal(Voice.member(on.members[2]), REINIT)):
        for group in (member, follower):
            with pytest.raises(CommitError, match="was re-initialised"):
                group.process(P, message)


def test_the_hook_is_told_of_the_end():
    """An application that wants no re-initialisation refuses the commit."""

    class Refusing:
        def check_leaf(self, leaf):
            pass

        def check_commit(self, before, changes):
            if changes.reinit is not None:
                raise PolicyRefused("the group goes on")

    on = stage()
    message = on.members[0].commit_reinit(P, REINIT).commit
    for group in (on.members[1], on.follower):
        with pytest.raises(PolicyRefused):
            group.process(P, message, hook=Refusing())
    with pytest.raises(PolicyRefused):
        on.members[0].commit_reinit(P, REINIT, hook=Refusing())


# --- where a link may stand (8.4, 12.1.4) --------------------------------------------------------------------------------


def alone(on: Stage) -> Group:
    return Group.create(P, group_id=b"successor", identity=b"m0", signature_seed=P.random(32), extensions=EXTENSIONS)


@pytest.mark.parametrize("usage", [BRANCH, REINITIALISED])
def test_a_link_stands_at_the_beginning_only(usage):
    """Whoever is alone in epoch 0 begins the group with it; a follower takes that commit, and no later one."""
    founder = alone(stage())
    psk = psk_id(usage, group_id=b"group", epoch=1)
    made = founder.commit(P, psks=[(psk, b"k" * 32)])
    assert founder.follower().process(P, made.commit).group.epoch == 1
    with pytest.raises(CommitError, match="group of their own"):
        made.group.commit(P, psks=[(psk, b"k" * 32)])
    faults = Faults(psks=[(psk, b"k" * 32)])
    with pytest.raises(CommitError, match="group of their own"):
        made.group.follower().process(P, forge(Voice.member(made.group), [PreSharedKey(psk)], faults))


def test_a_group_follows_from_one_other():
    psks = [(psk_id(usage, group_id=b"group", epoch=1), b"k" * 32) for usage in (BRANCH, REINITIALISED)]
    with pytest.raises(CommitError, match="one other at most"):
        alone(stage()).commit(P, psks=psks)


def test_a_predecessor_names_one_epoch():
    """11.3: only the epoch's own PSK links to it."""
    member = stage().members[1]
    predecessor = member.as_predecessor()
    assert isinstance(predecessor, Predecessor)
    assert dict(predecessor.resumption_psks) == {(b"group", member.epoch): member.resumption_psk}

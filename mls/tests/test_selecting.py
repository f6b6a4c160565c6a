"""What a commit takes up of the proposals that wait: all that go together, and nothing that would stop the group."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mls_cases import stage
from mls_forging import EXTENSIONS, THEME, P, Stage, leaf_in_package, package, psk_id, seed_of

from parley_mls import CommitProcessed, Extension, PolicyRefused, ReInit, ResumptionUsage
from parley_mls.extensions import RequiredCapabilities
from parley_mls.proposals import Add, GroupContextExtensions, PreSharedKey, Proposal, Remove
from parley_mls.suite import MLS_10, SUITE

OTHER_THEME = GroupContextExtensions((*EXTENSIONS[:2], Extension(THEME, b"other")))
UNMET = GroupContextExtensions((RequiredCapabilities(proposals=(0xF0C1,)).to_extension(), *EXTENSIONS[1:]))
DAMAGED = GroupContextExtensions((Extension(3, b"\x09"), *EXTENSIONS[1:]))
REINIT = ReInit(b"successor", MLS_10, SUITE, EXTENSIONS)


def told(*proposals: tuple[int, Proposal]) -> Stage:
    on = stage()
    for index, proposal in proposals:
        on, _ = on.proposed(index, proposal)
    return on


def add(name: str = "n") -> Add:
    return Add(package(name)[1].key_package)


def test_what_goes_together_is_taken_up():
    on = told((2, stage().update(2)), (3, Remove(4)), (0, add()), (0, OTHER_THEME))
    changes = on.members[1].commit(P).changes
    assert [index for index, _ in changes.removed] == [4]
    assert [leaf.identity for _, leaf in changes.added] == [b"n"]
    assert sorted(index for index, *_ in changes.updated) == [1, 2]
    assert changes.extensions_after == OTHER_THEME.extensions


def test_removals_come_before_updates_and_the_last_update_before_others():
    """12.2: the committer prefers any removal, or the last update."""
    first, second = stage().update(2), stage().update(2)
    on = told((2, first), (2, second), (3, stage().update(3)), (0, Remove(3)), (2, Remove(3)))
    made = on.members[1].commit(P)
    assert [index for index, _ in made.changes.removed] == [3]
    assert second.leaf in [new for _, _, new in made.changes.updated]
    assert on.members[0].process(P, made.commit).group.epoch_authenticator == made.group.epoch_authenticator


def twin(on: Stage) -> Add:
    """A key package with a member's signature key."""
    seed, bundle = seed_of(on.members[3]), package("m3")[1]
    return Add(leaf_in_package(seed, bundle, lambda leaf: replace(leaf, signature_key=P.ed25519_public(seed))))


STOPPING = {
    "a re-initialisation": lambda on: [(2, REINIT)],
    "two removals of one": lambda on: [(2, Remove(3)), (0, Remove(3))],
    "the committer's removal": lambda on: [(2, Remove(1))],
    "the committer's update": lambda on: [(1, on.update(1))],
    "extensions twice": lambda on: [(2, OTHER_THEME), (3, OTHER_THEME)],
    "extensions that nobody supports": lambda on: [(2, UNMET)],
    "extensions that cannot be read": lambda on: [(2, DAMAGED)],
    "a client who is there": lambda on: [(2, twin(on))],
    "one client twice": lambda on: [(2, bundle := add()), (3, bundle)],
    "a newcomer who lacks what is required": lambda on: [(2, Add(package("n", types=())[1].key_package))],
    "an unknown PSK": lambda on: [(2, PreSharedKey(psk_id(id=b"unknown")))],
    "a PSK of another epoch": lambda on: [
        (2, PreSharedKey(psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=99)))
    ],
}


@pytest.mark.parametrize("name", STOPPING)
def test_nobody_can_stop_a_group_by_proposals(name):
    """Each of these made every commit of the epoch invalid, if it were taken up as it came."""
    on = told(*STOPPING[name](stage()), (3, Remove(4)))
    made = on.members[1].commit(P)
    for index in (0, 2, 3):
        assert isinstance(on.members[index].process(P, made.commit), CommitProcessed)
    on.follower.process(P, made.commit)
    assert 4 in [index for index, _ in made.changes.removed]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_any_proposals_leave_a_commit_possible(seed: int):
    """Whatever members propose, the commit of another is one that all take."""
    dice = random.Random(seed)
    on = stage()
    kinds = [
        lambda index: Remove(dice.randrange(5)),
        lambda index: add(f"n{dice.randrange(3)}"),
        lambda _: dice.choice([OTHER_THEME, UNMET, DAMAGED]),
        lambda index: REINIT,
        lambda index: PreSharedKey(
            psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=dice.choice([5, 6, 99]))
        ),
        lambda index: twin(on),
    ]
    for _ in range(dice.randint(1, 7)):
        index = dice.randrange(5)
        if dice.randrange(3):
            on, _ = on.proposed(index, dice.choice(kinds)(index))
        else:
            update = on.members[index].propose_update(P)
            on = on.after(update.message, {index: update.group})
    made = on.members[1].commit(P)
    for index in (0, 2, 3, 4):
        processed = on.members[index].process(P, made.commit)
        assert isinstance(processed, CommitProcessed)
        assert processed.changes.self_removed or processed.group.epoch_authenticator == made.group.epoch_authenticator
    assert on.follower.process(P, made.commit).group.tree_hash == made.group.tree_hash


def test_psks_by_reference_are_mixed_in():
    external = psk_id(id=b"k")
    resumed = psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=stage().follower.epoch - 1)
    on, _ = stage().proposed(2, PreSharedKey(external))
    on, _ = on.proposed(3, PreSharedKey(resumed))
    known = {b"k": b"secret" * 6}
    made = on.members[1].commit(P, known_psks=known)
    processed = on.members[0].process(P, made.commit, psks=known)
    assert processed.group.epoch_authenticator == made.group.epoch_authenticator
    without = on.members[1].commit(P)
    assert on.members[0].process(P, without.commit).group.epoch_authenticator == without.group.epoch_authenticator


def test_proposals_by_members_own_words():
    """Every kind that a member may propose, by its function, taken up by another."""
    on = stage()
    psk = psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=on.follower.epoch)
    speaker = on.members[2]
    for made in (
        speaker.propose_add(P, add().key_package),
        speaker.propose_remove(P, 4),
        speaker.propose_update(P),
        speaker.propose_psk(P, psk),
        speaker.propose_extensions(P, OTHER_THEME.extensions),
        speaker.propose_reinit(P, REINIT),
    ):
        after = on.after(made.message, {2: made.group})
        assert after.members[0].public.proposals.keys() == made.group.public.proposals.keys()
        assert after.follower.public.proposals == after.members[1].public.proposals


def test_a_proposed_leaf_is_shown_to_the_hook_at_once():
    """5.3.1: a credential is checked when the proposal comes, not only when it is committed."""

    class Refusing:
        def check_leaf(self, leaf):
            raise PolicyRefused(leaf.identity.decode())

        def check_commit(self, before, changes):
            raise AssertionError

    on = stage()
    for made in (on.members[2].propose_add(P, add("mallory").key_package), on.members[2].propose_update(P)):
        for group in (on.members[0], on.follower):
            with pytest.raises(PolicyRefused, match=r"mallory|m2"):
                group.process(P, made.message, hook=Refusing())

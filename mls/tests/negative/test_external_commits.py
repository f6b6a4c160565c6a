"""RFC 9420 sections 12.2 and 12.4.3.2: external commits that break one rule."""

from dataclasses import replace

import pytest
from mls_cases import Case, check_refused, stage, table
from mls_forging import (
    EXTENSIONS,
    POLICY,
    Faults,
    P,
    Voice,
    forge,
    package,
    psk_id,
    seed_of,
)

from parley_mls import CommitError, CommitProcessed, FramingError, Group, ReInit, ResumptionUsage
from parley_mls.framing import Sender, SenderType
from parley_mls.leaf_node import LeafNodeSource
from parley_mls.proposals import Add, ExternalInit, GroupContextExtensions, PreSharedKey, Remove
from parley_mls.suite import MLS_10, SUITE


def entering(*items, faults=Faults(), first=None):  # noqa: B008 - frozen
    """An external commit with these proposals after its external init, or with `first` in the init's place."""

    def build(on):
        voice, init = Voice.outside(on.members[0].group_info(P))
        listed = [init, *items] if first is None else [*first(init), *items]
        return forge(voice, [item(on) if callable(item) else item for item in listed], faults)

    return build


def added(on):
    return Add(package("n")[1].key_package)


def psk(usage):
    return PreSharedKey(psk_id(usage, group_id=b"group", epoch=stage().follower.epoch))


def key_of(leaf_index):
    key = dict(stage().members[0].members())[leaf_index].encryption_key
    return Faults(leaf=lambda leaf: replace(leaf, encryption_key=key))


def signature_key_of_a_member(on):
    """Who enters has a key that is in the group already, and does not remove it."""
    other = on.members[3]
    key = dict(other.members())[3].signature_key
    faults = Faults(leaf=lambda leaf: replace(leaf, signature_key=key), leaf_seed=seed_of(other), seed=seed_of(other))
    return entering(faults=faults)(on)


def said_to_be_a_member(on):
    voice, init = Voice.outside(on.members[0].group_info(P))
    member = replace(Voice.member(on.members[1]), init_secret=voice.init_secret)
    return forge(member, [init])


def by_reference(on):
    voice, init = Voice.outside(on.members[0].group_info(P))
    return forge(voice, [init, next(iter(on.follower.public.proposals))])


def without_path(on):
    voice, init = Voice.outside(on.members[0].group_info(P))
    return forge(voice, [init], Faults(with_path=False))


def signed_by_another(on):
    return entering(faults=Faults(seed=seed_of(on.members[1])))(on)


def changed_data(on):
    message = entering(faults=Faults(content=lambda c: replace(c, authenticated_data=b"data")))(on)
    return message.replace(b"\x04data", b"\x04dada", 1)


def update_source(leaf):
    return replace(leaf, source=LeafNodeSource.UPDATE, parent_hash=b"")


REINIT = ReInit(b"successor", MLS_10, SUITE, EXTENSIONS)
CASES = [
    Case("12.2-no-external-init", entering(first=lambda _: []), CommitError, "exactly one external init"),
    Case("12.2-two-external-inits", entering(first=lambda i: [i, i]), CommitError, "exactly one external init"),
    Case("12.2-two-removes", entering(Remove(3), Remove(4)), CommitError, "at most one leaf"),
    Case("12.2-add", entering(added), CommitError, "only members may make"),
    Case("12.2-update", entering(lambda on: on.update(2)), CommitError, "only members may make"),
    Case("12.2-extensions", entering(GroupContextExtensions(EXTENSIONS)), CommitError, "only members may make"),
    Case("12.2-reinit", entering(REINIT, first=lambda _: []), CommitError, "exactly one external init"),
    Case("12.2-reinit-beside", entering(REINIT), CommitError, "beside other proposals"),
    Case("12.2-removes-nobody", entering(Remove(6)), CommitError, "no such member"),
    Case("12.2-key-of-the-removed", entering(Remove(3), faults=key_of(3)), CommitError, "no fresh key"),
    Case("12.4.2-key-of-a-member", entering(faults=key_of(3)), CommitError, "no fresh key"),
    Case("12.1.4-usage-branch", entering(psk(ResumptionUsage.BRANCH)), CommitError, "group of their own"),
    Case("12.1.4-usage-reinit", entering(psk(ResumptionUsage.REINIT)), CommitError, "group of their own"),
    Case("12.4.3.2-no-path", without_path, FramingError, "no such sender"),
    Case("12.4.3.2-signature-of-another", signed_by_another, FramingError, "signature of the message"),
    Case("12.4.3.2-signature", changed_data, FramingError, "signature of the message"),
    Case("12.4.3.2-sender-is-a-member", said_to_be_a_member, CommitError, "only an external commit"),
    Case("7.3-signature-key-of-a-member", signature_key_of_a_member, CommitError, "signature key stands twice"),
    Case("7.3-source", entering(faults=Faults(leaf=update_source)), CommitError, "parent hash of the new leaf"),
    Case("7.2-place", entering(faults=Faults(leaf_place={"leaf_index": 6})), CommitError, "committer's leaf"),
    Case(
        "13.4-extension-of-the-group",
        entering(faults=Faults(leaf=lambda x: replace(x, capabilities=replace(x.capabilities, extensions=(POLICY,))))),
        CommitError,
        "extension of the group",
    ),
    Case(
        "8.3-kem-output",
        entering(first=lambda _: [ExternalInit(b"k" * 31)]),
        CommitError,
        "wrong size",
        follower_sees=False,
    ),
    Case(
        "8.3-kem-output-small-order",
        entering(first=lambda _: [ExternalInit(bytes(32))]),
        CommitError,
        "gave no secret",
        follower_sees=False,
    ),
    Case(
        "8.3-kem-output-of-another",
        entering(first=lambda _: [ExternalInit(P.x25519_public(P.random(32)))]),
        CommitError,
        "confirmation tag",
        follower_sees=False,
    ),
    Case(
        "12.4.3.2-psk-unknown",
        entering(PreSharedKey(psk_id(id=b"unknown"))),
        CommitError,
        "is missing",
        follower_sees=False,
    ),
]


@table(CASES)
def test_refused(case):
    check_refused(case)


def test_proposals_by_reference_are_refused():
    """12.4.3.2: a joiner cannot know whether what was sent within the group is valid."""
    on, _ = stage().proposed(2, Remove(3))
    check_refused(Case("", by_reference, CommitError, "by value"), on=on)


def test_an_external_commit_may_not_come_from_a_member():
    """12.4.3.2: an external sender's or a newcomer's proposal type makes no commit."""
    voice, init = Voice.outside(stage().members[0].group_info(P))
    for kind in (SenderType.EXTERNAL, SenderType.NEW_MEMBER_PROPOSAL):
        message = forge(
            replace(voice, sender=Sender(SenderType.NEW_MEMBER_COMMIT)),
            [init],
            Faults(content=lambda content, kind=kind: replace(content, sender=Sender(kind))),
        )
        with pytest.raises(FramingError, match="from outside"):
            stage().members[0].process(P, message)


@pytest.mark.parametrize("items", [(), (Remove(3),)])
def test_the_honest_ones_are_taken(items):
    processed = stage().members[0].process(P, entering(*items)(stage()))
    assert isinstance(processed, CommitProcessed)
    assert processed.changes.external == (3 if items else 5)


def test_the_leftmost_blank_leaf_is_taken():
    """12.4.3.2: where a leaf is free, the joiner sits there."""
    removed = stage().members[0].commit(P, remove=[2])
    on = stage().after(removed.commit, {0: removed.group})
    processed = on.members[0].process(P, entering()(on))
    assert isinstance(processed, CommitProcessed)
    assert processed.changes.external == 2


def test_a_resumption_psk_shows_a_past_membership():
    """12.4.3.2: who comes back may show the PSK of an epoch that all still have."""
    on = stage()
    seed = seed_of(on.members[3])
    shown = psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=on.follower.epoch)
    made = Group.join_external(
        P,
        on.members[0].group_info(P),
        identity=b"m3",
        signature_seed=seed,
        extension_types=[e.type for e in EXTENSIONS],
        remove_prior=3,
        psks=[(shown, on.members[3].resumption_psk)],
    )
    processed = on.members[0].process(P, made.commit)
    assert isinstance(processed, CommitProcessed)
    assert processed.group.epoch_authenticator == made.group.epoch_authenticator

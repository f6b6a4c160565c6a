"""RFC 9420 sections 12.1 and 12.2: proposals that are not valid, alone and beside one another."""

from dataclasses import replace

import pytest
from mls_cases import Case, check_refused, committed, stage, table
from mls_forging import (
    EXTENSIONS,
    POLICY,
    P,
    Voice,
    forge,
    forged_proposal,
    leaf_in_package,
    package,
    psk_id,
    seed_of,
)

from parley_mls import (
    CommitError,
    CommitProcessed,
    Extension,
    FramingError,
    ProposalError,
    ReInit,
    ResumptionUsage,
    public_group,
    transition,
)
from parley_mls.extensions import RequiredCapabilities
from parley_mls.framing import Sender, SenderType
from parley_mls.proposals import Add, ExternalInit, GroupContextExtensions, PreSharedKey, Remove
from parley_mls.suite import MLS_10, SUITE

TWICE = (Extension(POLICY, b"1"), Extension(POLICY, b"2"))
REINIT = ReInit(b"successor", MLS_10, SUITE, EXTENSIONS)


def required(**types):
    """The group's extensions with other required capabilities."""
    return GroupContextExtensions((RequiredCapabilities(**types).to_extension(), *EXTENSIONS[1:]))


def proposed(proposal):
    """A proposal by reference of member 2's."""
    return lambda on: forged_proposal(Voice.member(on.members[2]), proposal() if callable(proposal) else proposal)


def linking(usage):
    return PreSharedKey(psk_id(usage, group_id=b"group", epoch=3))


def short_nonce(**named):
    return PreSharedKey(replace(psk_id(id=b"k", **named), nonce=b"n" * 31))


DAMAGED = GroupContextExtensions((replace(EXTENSIONS[0], data=b"\x05"), *EXTENSIONS[1:]))
MORE = GroupContextExtensions((*EXTENSIONS, Extension(0xF0E1, b"")))
REQUIRED_EXTENSION = required(extensions=(0xF0E1,))
REQUIRED_PROPOSAL = required(proposals=(0xF0C1,))
REQUIRED_CREDENTIAL = required(credentials=(2,))
#: id, the proposal, what is said, and whether it is seen when it comes by reference, before a commit.
ALONE = [
    ("12.1.3-remove-blank", Remove(6), "no such member", True),
    ("12.1.3-remove-outside", Remove(4_000_000_000), "no such member", True),
    ("12.1.4-nonce-short", short_nonce(), "nonce", True),
    ("12.1.4-nonce-empty", PreSharedKey(replace(psk_id(id=b"k"), nonce=b"")), "nonce", True),
    ("12.1.4-usage-reinit", linking(ResumptionUsage.REINIT), "group of their own", True),
    ("12.1.4-usage-branch", linking(ResumptionUsage.BRANCH), "group of their own", True),
    ("12.1.5-older-version", replace(REINIT, version=0), "older version", True),
    ("13.4-extension-twice-in-reinit", replace(REINIT, extensions=TWICE), "stands twice", True),
    ("13.4-extension-twice-in-group", GroupContextExtensions(TWICE), "stands twice", True),
    ("12.1.7-required-extension", REQUIRED_EXTENSION, "required capabilities", False),
    ("12.1.7-required-proposal", REQUIRED_PROPOSAL, "required capabilities", False),
    ("12.1.7-required-credential", REQUIRED_CREDENTIAL, "required capabilities", False),
    ("12.1.7-required-damaged", DAMAGED, "damaged", False),
    ("13.4-extension-unsupported", MORE, "extension of the group", False),
]


def unknown_type(number):
    """A proposal of another type, in a message whose framing is sound."""

    def build(on):
        message = forged_proposal(Voice.member(on.members[2]), Remove(3))
        place = 4 + 1 + len(on.follower.group_id) + 8 + 5 + 1 + 1
        assert message[place : place + 2] == b"\x00\x03"
        return message[:place] + number.to_bytes(2, "big") + message[place + 2 :]

    return build


def unknown_psk_type(on):
    message = forged_proposal(Voice.member(on.members[2]), PreSharedKey(psk_id(id=b"k")))
    return message.replace(b"\x00\x04\x01\x01k", b"\x00\x04\x03\x01k")


@table(
    [Case(f"{name}-committed", committed(body), CommitError, says) for name, body, says, _ in ALONE]
    + [Case(f"{name}-proposed", proposed(body), ProposalError, says) for name, body, says, early in ALONE if early]
    + [
        Case("12.1.6-external-init-proposed", proposed(ExternalInit(b"k" * 32)), ProposalError, "external init"),
        Case("13.2-unknown-type", unknown_type(0xF0C1), FramingError, "type of proposal"),
        Case("13.5-grease-type", unknown_type(0x0A0A), FramingError, "type of proposal"),
        Case("12.1-reserved-type", unknown_type(0), FramingError, "type of proposal"),
        Case("8.4-psk-type", unknown_psk_type, FramingError, "kind of pre-shared key"),
    ]
)
def test_refused(case):
    check_refused(case)


# --- lists (12.2) -------------------------------------------------------------------------------------------------------


def by_reference(*told):
    """Everybody gets these proposals, each of a member's, then member 1 commits them all by reference."""

    def build(case_stage):
        on, references = case_stage, []
        for index, proposal in told:
            on, reference = on.proposed(index, proposal(on) if callable(proposal) else proposal)
            references.append(reference)
        return on, forge(Voice.member(on.members[1]), references)

    return build


def added(name="n"):
    return Add(package(name)[1].key_package)


def same_client(on):
    """Two key packages of one client's."""
    seed, one = package("n")
    two = package("n")[1]
    second = leaf_in_package(seed, two, lambda leaf: replace(leaf, signature_key=one.key_package.leaf.signature_key))
    return committed(Add(one.key_package), Add(second))(on)


def same_encryption_key(on):
    _, one = package("n")
    seed, two = package("o")
    key = one.key_package.leaf.encryption_key
    return committed(
        Add(one.key_package), Add(leaf_in_package(seed, two, lambda leaf: replace(leaf, encryption_key=key)))
    )(on)


def present_client(on):
    """A key package of a member's."""
    return committed(again(on))(on)


def again(on):
    seed = seed_of(on.members[3])
    bundle = package("m3")[1]
    key = P.ed25519_public(seed)
    return Add(leaf_in_package(seed, bundle, lambda leaf: replace(leaf, signature_key=key)))


def psk_twice(on):
    psk = psk_id(id=b"k")
    return committed(PreSharedKey(psk), PreSharedKey(psk))(on)


def psk_twice_with_other_nonces(on):
    return committed(PreSharedKey(psk_id(id=b"k")), PreSharedKey(psk_id(id=b"k")))(on)


def many_psks(on):
    return committed(*(PreSharedKey(psk_id(id=bytes([i]))) for i in range(65)))(on)


def many_proposals(on):
    message = committed(*[Remove(9)] * (transition.COMMIT_PROPOSALS_MAX + 1))
    return message(on)


SAME_EXTENSIONS = GroupContextExtensions(EXTENSIONS)
LISTS = [
    Case("12.2-removes-committer", committed(Remove(1)), CommitError, "cannot remove itself"),
    Case("12.2-own-update-by-value", lambda on: committed(on.update(1))(on), CommitError, "own update"),
    Case("12.2-two-removes", committed(Remove(3), Remove(3)), CommitError, "updated or removed twice"),
    Case("12.2-same-client-twice", same_client, CommitError, "signature key stands twice"),
    Case("12.2-same-encryption-key-twice", same_encryption_key, CommitError, "encryption key stands twice"),
    Case("12.2-client-present", present_client, CommitError, "signature key stands twice"),
    Case("12.2-psk-twice", psk_twice, CommitError, "pre-shared key stands twice"),
    Case("12.2-psk-twice-with-other-nonces", psk_twice_with_other_nonces, CommitError, "pre-shared key stands twice"),
    Case("8.4-psks-too-many", many_psks, CommitError, "too many pre-shared keys"),
    Case("12.2-extensions-twice", committed(SAME_EXTENSIONS, SAME_EXTENSIONS), CommitError, "change twice"),
    Case("12.2-reinit-beside-remove", committed(REINIT, Remove(3)), CommitError, "beside other proposals"),
    Case("12.2-reinit-beside-add", committed(added(), REINIT), CommitError, "beside other proposals"),
    Case("12.2-reinit-twice", committed(REINIT, REINIT), CommitError, "beside other proposals"),
    Case("12.2-external-init", committed(ExternalInit(b"k" * 32)), CommitError, "only an external commit"),
    Case("12.2-too-many", many_proposals, CommitError, "too many proposals"),
    Case("12.4.2-unknown-reference", committed(b"r" * 32), CommitError, "unknown proposal"),
    Case("12.4.2-empty-reference", committed(b""), CommitError, "unknown proposal"),
]


@table(LISTS)
def test_lists_are_refused(case):
    check_refused(case)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        pytest.param([(1, lambda on: on.update(1))], "own update", id="12.2-own-update"),
        pytest.param([(2, lambda on: on.update(2)), (3, Remove(2))], "removed twice", id="12.2-update-and-remove"),
        pytest.param([(2, lambda on: on.update(2))] * 2, "removed twice", id="12.2-two-updates"),
        pytest.param([(2, Remove(3)), (0, Remove(3))], "removed twice", id="12.2-two-removes-of-others"),
        pytest.param([(2, Remove(1))], "cannot remove itself", id="12.2-removes-committer-by-reference"),
        pytest.param([(2, SAME_EXTENSIONS), (3, MORE)], "change twice", id="12.2-extensions-twice-by-reference"),
        pytest.param([(2, REINIT), (3, Remove(0))], "beside other", id="12.2-reinit-beside-others-by-reference"),
        pytest.param([(2, MORE)], "extension of the group", id="12.1.7-extension-unsupported-by-reference"),
        pytest.param([(2, REQUIRED_PROPOSAL)], "required", id="12.1.7-required-proposal-by-reference"),
        pytest.param([(2, again)], "stands twice", id="12.2-client-present-by-reference"),
    ],
)
def test_references_are_refused(told, says):
    """A list may break a rule with proposals that were valid when each came."""
    on, message = by_reference(*told)(stage())
    check_refused(Case("", lambda _: message, CommitError, says), on=on)


@pytest.mark.parametrize("told", [[(2, Remove(3))], [(2, lambda on: on.update(2)), (3, Remove(4))]])
def test_an_honest_list_is_taken(told):
    on, message = by_reference(*told)(stage())
    assert isinstance(on.members[0].process(P, message), CommitProcessed)
    on.follower.process(P, message)


def test_a_reference_stands_once():
    """12.2: the same reference twice is two proposals."""
    on, reference = stage().proposed(2, added())
    message = forge(Voice.member(on.members[1]), [reference, reference])
    check_refused(Case("", lambda _: message, CommitError, "stands twice"), on=on)


def test_who_is_removed_may_come_again():
    """12.2: an Add of a client in the group is valid where the same commit removes it."""
    on = stage()
    message = committed(Remove(3), again(on))(on)
    processed = on.members[0].process(P, message)
    assert isinstance(processed, CommitProcessed)
    assert [index for index, _ in processed.changes.added] == [3]


def test_proposals_wait_in_bounded_number(monkeypatch):
    """What a member keeps of others' proposals has an end; the next epoch begins anew."""
    monkeypatch.setattr(public_group, "PENDING_PROPOSALS_MAX", 2)
    on = stage().proposed(2, Remove(3))[0].proposed(2, Remove(4))[0]
    check_refused(Case("", proposed(Remove(0)), ProposalError, "too many"), on=on)
    made = on.members[1].commit(P)
    assert made.group.public.proposals == {}


def test_senders_other_than_members_propose_nothing():
    """12.1.8: neither external senders nor newcomers may propose here."""
    for kind in (SenderType.EXTERNAL, SenderType.NEW_MEMBER_PROPOSAL):
        message = forged_proposal(Voice.member(stage().members[2]), added(), Sender(kind, 0))
        with pytest.raises(FramingError, match="from outside"):
            stage().members[0].process(P, message)


def lacking_theme(name="n"):
    return Add(package(name, types=(POLICY,))[1].key_package)


def test_extensions_change_before_all_else():
    """12.3: what is added in a commit is held to the extensions after it, wherever the change stands in the list."""
    gone, asked = GroupContextExtensions(EXTENSIONS[:2]), required(extensions=(POLICY, 0xF0B1, 0xF0B2))
    for items in ((lacking_theme(), gone), (gone, lacking_theme())):
        assert isinstance(stage().members[0].process(P, committed(*items)(stage())), CommitProcessed)
    for items in ((added(), asked), (asked, added())):
        check_refused(Case("", committed(*items), CommitError, "required capabilities"))


def test_who_leaves_need_not_support_what_comes():
    """12.1.7: those who are removed in the same commit are not asked."""
    plain = package("plain", types=(POLICY,))[1]
    without = stage().members[1].commit(P, extensions=EXTENSIONS[:2], add=[plain.key_package])
    group = without.group
    again = group.commit(P, remove=[5], extensions=EXTENSIONS)
    assert again.group.extensions == EXTENSIONS
    with pytest.raises(CommitError, match="extension of the group"):
        group.commit(P, extensions=EXTENSIONS)

"""RFC 9420 sections 7.6, 12.4 and 12.4.2: commits whose path or key schedule breaks one rule."""

from dataclasses import replace

import pytest
from mls_cases import Case, check_refused, committed, stage, table
from mls_forging import (
    EXTENSIONS,
    SMALL_ORDER_KEY,
    THEME,
    Faults,
    P,
    Voice,
    forge,
    generate_hpke_key,
    package,
    psk_id,
)

from parley_mls import CommitError, CommitProcessed, Extension, Group, PublicCommitProcessed
from parley_mls.member_state import RESUMPTION_EPOCHS_MAX
from parley_mls.proposals import Add, GroupContextExtensions, PreSharedKey, Remove
from parley_mls.psk import ResumptionUsage
from parley_mls.transition import EPOCH_MAX
from parley_mls.treekem import HpkeCiphertext

NO_PATH = Faults(with_path=False)
CHANGED = GroupContextExtensions((*EXTENSIONS[:2], Extension(THEME, b"other")))
#: Member 1's path: node 1 above leaf 0, node 3 above leaves 2 and 3, node 7 above leaf 4.
LOW, MIDDLE, HIGH = 0, 1, 2


def path_of(change):
    """A commit whose sealed path was changed."""
    return committed(faults=Faults(path=change))


def nodes(change):
    return path_of(lambda path: replace(path, nodes=tuple(change(list(path.nodes)))))


def node(place, change):
    def act(listed):
        listed[place] = change(listed[place])
        return listed

    return nodes(act)


def ciphertexts(place, change):
    return node(place, lambda n: replace(n, encrypted_path_secrets=tuple(change(list(n.encrypted_path_secrets)))))


def garbage(sealed):
    return [HpkeCiphertext(s.kem_output, P.random(len(s.ciphertext))) for s in sealed]


def keyed(place, key):
    """A commit one of whose path's keys is another from the beginning: parent hashes fit it."""
    return lambda on: committed(faults=Faults(keys={place: key(on) if callable(key) else key}))(on)


def key_of_node(index):
    return lambda on: on.follower.public.tree.node(index).encryption_key


def twice_in_path(on):
    _, key = generate_hpke_key(P)
    return committed(faults=Faults(keys={LOW: key, HIGH: key}))(on)


def kept_key(on):
    key = dict(on.members[1].members())[1].encryption_key
    return committed(faults=Faults(leaf=lambda leaf: replace(leaf, encryption_key=key)))(on)


def key_of_leaf_in_path(on):
    """The committer's own leaf key stands again above it."""
    _, key = generate_hpke_key(P)
    return committed(faults=Faults(leaf=lambda leaf: replace(leaf, encryption_key=key), keys={HIGH: key}))(on)


def parent_hash(value):
    return committed(faults=Faults(leaf=lambda leaf: replace(leaf, parent_hash=value)))


def sealed_to_newcomer(on):
    """A path secret more than there are old members: one for the newcomer, who has the Welcome."""
    _, bundle = package("n")
    more = Faults(path=lambda path: replace(path, nodes=(*path.nodes[:-1], _one_more(path.nodes[-1]))))
    return committed(Add(bundle.key_package), faults=more)(on)


def _one_more(last):
    return replace(last, encrypted_path_secrets=(*last.encrypted_path_secrets, last.encrypted_path_secrets[0]))


def psk_unknown(on):
    psk = psk_id(id=b"unknown")
    return committed(PreSharedKey(psk), faults=Faults(psks=[(psk, b"k" * 32)]))(on)


def psk_of_epoch(epoch):
    def build(on):
        psk = psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=epoch)
        return committed(PreSharedKey(psk), faults=Faults(psks=[(psk, b"k" * 32)]))(on)

    return build


def psk_left_out(on):
    """The committer names a PSK that all have, and derives without it."""
    member = on.members[1]
    psk = psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=member.epoch)
    return committed(PreSharedKey(psk))(on)


def psks_in_another_order(on):
    member = on.members[1]
    known = [
        (psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=epoch), member._state.resumption_psks[epoch])
        for epoch in (member.epoch, member.epoch - 1)
    ]
    items = [PreSharedKey(psk) for psk, _ in known]
    return committed(*items, faults=Faults(psks=known[::-1]))(on)


def other_init(on):
    return forge(replace(Voice.member(on.members[1]), init_secret=P.random(32)))


CASES = [
    Case("12.4-path-missing-in-empty-commit", committed(faults=NO_PATH), CommitError, "lacks a path"),
    Case("12.4-path-missing-with-remove", committed(Remove(3), faults=NO_PATH), CommitError, "lacks a path"),
    Case("12.4-path-missing-with-extensions", committed(CHANGED, faults=NO_PATH), CommitError, "lacks a path"),
    Case("12.4.2-leaf-key-kept", kept_key, CommitError, "no fresh key"),
    Case("12.4.2-path-key-of-a-leaf", keyed(LOW, key_of_node(8)), CommitError, "again"),
    Case("12.4.2-path-key-of-a-parent", keyed(HIGH, key_of_node(5)), CommitError, "again"),
    Case("12.4.2-path-key-kept", keyed(HIGH, key_of_node(7)), CommitError, "again"),
    Case("12.4.2-path-key-of-own-leaf-before", keyed(LOW, key_of_node(2)), CommitError, "again"),
    Case("12.4.2-path-key-twice", twice_in_path, CommitError, "encryption key stands twice"),
    Case("12.4.2-path-key-of-own-leaf", key_of_leaf_in_path, CommitError, "encryption key stands twice"),
    Case("10-path-key-short", keyed(MIDDLE, b"k" * 31), CommitError, "not one of this suite"),
    Case("10-path-key-small-order", keyed(MIDDLE, SMALL_ORDER_KEY), CommitError, "not one of this suite"),
    Case("7.5-path-too-short", nodes(lambda listed: listed[:-1]), CommitError, "wrong length"),
    Case("7.5-path-too-long", nodes(lambda listed: [*listed, listed[-1]]), CommitError, "wrong length"),
    Case("7.5-path-empty", nodes(lambda _: []), CommitError, "wrong length"),
    Case("7.9.2-parent-hash", parent_hash(P.hash(b"other")), CommitError, "parent hash"),
    Case("7.9.2-parent-hash-empty", parent_hash(b""), CommitError, "parent hash"),
    Case(
        "7.9.2-key-changed-in-path",
        node(HIGH, lambda n: replace(n, encryption_key=b"k" * 32)),
        CommitError,
        "parent hash",
    ),
    Case("7.6-one-ciphertext-less", ciphertexts(LOW, lambda sealed: sealed[:-1]), CommitError, "wrong number"),
    Case("7.6-one-ciphertext-less-for-others", ciphertexts(HIGH, lambda s: s[:-1]), CommitError, "wrong number"),
    Case("7.6-one-ciphertext-more", ciphertexts(MIDDLE, lambda s: [*s, s[0]]), CommitError, "wrong number"),
    Case("7.6-ciphertext-for-a-newcomer", sealed_to_newcomer, CommitError, "wrong number"),
    Case("7.6-ciphertext", ciphertexts(LOW, garbage), CommitError, "does not open", follower_sees=False),
    Case(
        "7.6-kem-output",
        ciphertexts(LOW, lambda sealed: [replace(s, kem_output=b"") for s in sealed]),
        CommitError,
        "does not open",
        follower_sees=False,
    ),
    Case(
        "7.6-sealed-under-another-context",
        committed(faults=Faults(seal_context=lambda context: replace(context, tree_hash=P.random(32)))),
        CommitError,
        "does not open",
        follower_sees=False,
    ),
    Case(
        "7.5-path-secret-gives-another-key",
        keyed(HIGH, lambda _: generate_hpke_key(P)[1]),
        CommitError,
        "does not give the key",
        follower_sees=False,
    ),
    Case("12.4.2-psk-unknown", psk_unknown, CommitError, "is missing", follower_sees=False),
    Case("12.4.2-psk-of-another-epoch", psk_of_epoch(99), CommitError, "is missing", follower_sees=False),
    Case("8.4-psk-left-out", psk_left_out, CommitError, "confirmation tag", follower_sees=False),
    Case("8.4-psks-in-another-order", psks_in_another_order, CommitError, "confirmation tag", follower_sees=False),
    Case("8-another-init-secret", other_init, CommitError, "confirmation tag", follower_sees=False),
]


@table(CASES)
def test_refused(case):
    check_refused(case)


def test_a_path_without_update_is_asked_for():
    """12.4: an Update by reference needs a path."""
    on, reference = stage().proposed(2, stage().update(2))
    message = forge(Voice.member(on.members[1]), [reference], NO_PATH)
    check_refused(Case("", lambda _: message, CommitError, "lacks a path"), on=on)


@pytest.mark.parametrize("kind", ["add", "psk"])
def test_what_needs_no_path_may_come_without(kind):
    """12.4: the path may be left out where nothing asks for it."""
    on = stage()
    member = on.members[1]
    psk = psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=member.epoch)
    item = Add(package("n")[1].key_package) if kind == "add" else PreSharedKey(psk)
    psks = [] if kind == "add" else [(psk, member.resumption_psk)]
    message = forge(Voice.member(member), [item], Faults(with_path=False, psks=psks))
    assert isinstance(on.members[0].process(P, message), CommitProcessed)
    assert isinstance(on.follower.process(P, message), PublicCommitProcessed)


def test_the_honest_ones_are_taken():
    on = stage()
    member = on.members[1]
    known = [
        (psk_id(ResumptionUsage.APPLICATION, group_id=b"group", epoch=epoch), member._state.resumption_psks[epoch])
        for epoch in (member.epoch, member.epoch - 1)
    ]
    items = [PreSharedKey(psk) for psk, _ in known]
    for message in (
        committed(CHANGED)(on),
        committed(Remove(3), Add(package("n")[1].key_package))(on),
        committed(*items, faults=Faults(psks=known))(on),
    ):
        assert isinstance(on.members[0].process(P, message), CommitProcessed)


def test_our_own_commit_is_not_processed():
    """12.4.2: who made a commit holds its state already."""
    message = stage().members[0].commit(P).commit
    with pytest.raises(CommitError, match="our own"):
        stage().members[0].process(P, message)


def test_there_is_no_epoch_after_the_last():
    """An epoch's number ends with the wire's: a group led there says so, and nothing else breaks."""
    group = stage().members[0]
    context = replace(group.public.context, epoch=EPOCH_MAX)
    state = replace(group._state, public=replace(group.public, context=context))
    with pytest.raises(CommitError, match="no further epoch"):
        Group(state).commit(P)
    with pytest.raises(CommitError, match="no further epoch"):
        Group(replace(state, own_index=2)).process(P, forge(replace(Voice.member(Group(state)), state=state.public)))


def test_secrets_of_an_epoch_are_gone_after_it():
    """9.2: no secret that a commit consumed stands in the state after it, nor any that only PrivateMessages need."""
    before = stage().members[0]
    secrets = before._state.secrets
    assert secrets.sender_data == secrets.encryption == b""
    processed = before.process(P, stage().members[1].commit(P).commit)
    own = before.commit(P)
    for after in (processed.group, own.group):
        stored = after.to_bytes()
        for name in ("init", "exporter", "external", "confirmation", "membership"):
            assert getattr(secrets, name) not in stored
        kept = after._state.private_keys.values()
        replaced = set(before._state.private_keys.values()) - set(kept)
        assert replaced
        assert not any(key in stored for key in replaced)


def test_past_epochs_are_kept_in_bounded_number():
    """8.6: the resumption PSKs of so many past epochs, and nothing else of them."""
    group = Group.create(P, group_id=b"g", identity=b"a", signature_seed=P.random(32))
    for _ in range(RESUMPTION_EPOCHS_MAX + 4):
        group = group.commit(P).group
    assert sorted(group._state.resumption_psks) == list(range(group.epoch - RESUMPTION_EPOCHS_MAX + 1, group.epoch + 1))

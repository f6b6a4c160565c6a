"""Whatever bytes a server sends, they end as one of our own errors, and nothing of them is applied."""

import asyncio

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_client.errors import UntrustedGroup
from parley_client.groups.anchors import anchor_extension, read_anchor
from parley_client.groups.judgement import (
    judge_commit,
    judge_group_id,
    judge_lifetimes,
    leaf_of,
    new_group_id,
    policy_extension,
)
from parley_client.store.conversations import load_conversation
from parley_client.sync.applier import Applier, SequenceGap
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import chain_start
from parley_contracts.ids import ConversationId, new_uuid7
from parley_contracts.limits import LEAF_LIFETIME_S_MAX
from parley_contracts.policy import ANCHOR_EXTENSION_TYPE
from parley_mls import Changes, Extension, Group, Lifetime, ReInit, default_primitives
from parley_mls.key_package import new_leaf

PRIMITIVES = default_primitives()
CONVERSATION = ConversationId(new_uuid7())
PARTS = ("header", "ciphertext", "signature", "commit", "policy", "group_info")


@given(sequence=st.integers(0, 2**64 - 1), chain_hash=st.binary(min_size=32, max_size=32))
def test_anchors_come_back(sequence, chain_hash):
    assert read_anchor([anchor_extension(sequence, chain_hash)], CONVERSATION) == (sequence, chain_hash)


@given(st.binary(max_size=64))
def test_strange_anchors_are_refused(data):
    try:
        sequence, chain_hash = read_anchor([Extension(ANCHOR_EXTENSION_TYPE, data)], CONVERSATION)
    except UntrustedGroup:
        return
    assert sequence >= 0 and len(chain_hash) == 32


def test_no_anchor_is_the_start_of_the_log():
    assert read_anchor([policy_extension(b"{}")], CONVERSATION) == (0, chain_start(CONVERSATION))


@given(st.binary(max_size=300))
def test_strange_leaves_are_refused(identity):
    leaf = type("Leaf", (), {"identity": identity, "signature_key": b"k" * 32})()
    with pytest.raises(UntrustedGroup):
        leaf_of(leaf)


def test_nobody_ends_a_group():
    """A commit that re-initialises the group is judged before anything else of it."""
    reinit = ReInit(b"another", 1, 1, ())
    changes = Changes(0, None, [], [], [], (), (), reinit=reinit)
    with pytest.raises(UntrustedGroup, match="end the group"):
        judge_commit(None, None, None, changes, policy_before=None, unverified_policy_after=b"", author=(None, None))


def test_groups_of_two_conversations_never_share_an_id():
    """RFC 9420 section 12.4.3: whose group this is, its id says; what could be another conversation's is refused."""

    def group(group_id):
        return Group.create(PRIMITIVES, group_id=group_id, identity=b"a", signature_seed=b"s" * 32)

    own, other = new_group_id(CONVERSATION), new_group_id(ConversationId(new_uuid7()))
    assert new_group_id(CONVERSATION) != own
    judge_group_id(group(own), CONVERSATION)
    for group_id in (other, b"", own[1:]):
        with pytest.raises(UntrustedGroup, match="not one of this conversation's"):
            judge_group_id(group(group_id), CONVERSATION)


@pytest.mark.parametrize("not_before", [0, 2**40])
def test_a_leaf_that_lives_too_long_is_refused(not_before):
    """RFC 9420 section 7.2: there is a longest total lifetime, and it is no question of the hour."""

    def leaf(total_s):
        leaf, _ = new_leaf(
            PRIMITIVES, identity=b"n", signature_seed=b"s" * 32, lifetime=Lifetime(not_before, not_before + total_s)
        )
        return leaf

    judge_lifetimes([leaf(LEAF_LIFETIME_S_MAX)])
    with pytest.raises(UntrustedGroup, match="lives too long"):
        judge_lifetimes([leaf(60), leaf(LEAF_LIFETIME_S_MAX + 1)])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_strange_entries_change_nothing_or_are_counted(joined, data):
    """Real entries with a part replaced, cut or flipped."""
    session, row, entries = joined
    entry = data.draw(st.sampled_from(entries))
    part = data.draw(st.sampled_from(PARTS))
    present = getattr(entry, part)
    changed = data.draw(
        st.one_of(
            st.none(),
            st.text(max_size=20),
            st.binary(max_size=200).map(b64encode),
            *([flipped(present)] if present else []),
        )
    )
    kind = data.draw(st.sampled_from([entry.type, entry.type, "message.created", "commit.created", "poll.created"]))
    applier = Applier(session, row)
    strange = msgspec.structs.replace(entry, sequence=row.cursor + 1, type=kind, **{part: changed})
    try:
        applier.apply(strange)
    except (UntrustedGroup, SequenceGap):
        assert applier.row == row
    else:
        assert applier.row.cursor == row.cursor + 1


def flipped(text):
    raw = b64decode(text)

    def flip(place):
        changed = bytearray(raw)
        changed[place[0]] ^= 1 << place[1]
        return b64encode(bytes(changed))

    return st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 7)).map(flip)


@pytest.fixture(scope="module")
def joined(tmp_path_factory, request):
    """A device just before entries that it has not applied: a message, a commit, and a creation from elsewhere."""
    module = next(p for p in request.config.pluginmanager.get_plugins() if hasattr(p, "FakeServer"))

    async def prepare():
        people = module.People(module.FakeServer(), tmp_path_factory.mktemp("strange"))
        alice, bob = await people.register("alice"), await people.register("bob")
        await people.register("carol")
        made = await alice.group_create("Trip", ["@bob"])
        await bob.sync()
        row = load_conversation(bob.session.store, made.conversation_id)
        await alice.send(made.conversation_id, "hello")
        await alice.group_add(made.conversation_id, ["@carol"])
        log = people.server.logs[made.conversation_id].entries
        await bob.session.directory.fetch([alice.whoami().user_id])
        carol = next(u["id"] for u in people.server.users.values() if u["username"] == "carol")
        await bob.session.directory.fetch([carol])
        return people, bob.session, row, [log[0], *log[row.cursor :]]

    people, session, row, entries = asyncio.run(prepare())
    yield session, row, entries
    asyncio.run(people.close())

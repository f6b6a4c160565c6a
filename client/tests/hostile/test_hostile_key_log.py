"""A server that cheats with the log of people's keys (H12): found by what devices keep, and nothing new is believed then."""

import dataclasses
import time

import pytest
from fake_key_log import ORIGIN, P, SignedLog
from hostile_people import notices, shown, user

from parley_client.errors import UntrustedIdentity, UntrustedLog
from parley_client.store import key_log as kept
from parley_client.store.people import load_person
from parley_contracts import problems
from parley_contracts.checkpoints import Checkpoint, NoteKey, sign_head, write_note
from parley_contracts.key_log import Leaf, label_of, leaf_of
from parley_contracts.limits import KEY_LOG_HEAD_STALE_S, KEY_LOG_HEADS_WAITING_MAX

DAY = 24 * 3600
GHOST = b"a statement that nobody made"


@pytest.fixture
async def trio(people, no_pauses):
    """Alice and Bob, who talk, and Carol, whom neither has met; all have followed the log."""
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    await alice.send("@bob", "hello")
    for client in (alice, bob, carol):
        await client.sync()
        await client.follow_key_log()
    return alice, bob, carol


def codes(client):
    """What the device has kept against the log."""
    return [alarm.code for alarm in client.key_log().alarms]


def split(server, client, log):
    """From now on this client alone is shown that log."""
    plain = server._auth_key_log

    def route(session, method, rest, body, query):
        if session["user"] != user(client):
            return plain(session, method, rest, body, query)
        return log.answer() if rest == ["head"] else log.page(int(query["first"]), int(query["size"]))

    server._auth_key_log = route


def later(client, seconds):
    """Let time pass on a device."""
    client.session.directory.log.clock = lambda: time.time() + seconds


async def meets_nobody(client, name):
    """Nobody new is believed, and nothing is stored of them."""
    with pytest.raises(UntrustedIdentity):
        await client.session.directory.identity(user(name))
    assert load_person(client.store, user(name)) is None


async def test_a_sound_log_is_followed_and_self_audited(trio, server):
    alice, _, carol = trio
    assert [client.key_log().size for client in trio] == [3, 3, 3]
    assert alice.key_log().state == "self_audited" and alice.key_log().key == server.key_log.signer.text()
    assert kept.load_followed(alice.store).own == 1
    await alice.send("@carol", "and you")
    await carol.sync()
    assert await shown(carol) == ["and you"]
    assert [codes(client) for client in trio] == [[], [], []]


async def test_a_lookup_without_inclusion_is_refused(trio, people, server):
    """A ghost statement that is shown to Alice and is in no log."""
    alice, _, carol = trio
    dora = await people.register("dora")
    leaves = [leaf for leaf in server.log_statements().leaves if leaf.label != label_of(user(dora))]
    split(server, alice, SignedLog(leaves))
    await meets_nobody(alice, dora)
    await alice.send("@carol", "she is in it")
    assert load_person(alice.store, user(carol)).version == 1


async def test_a_withheld_statement_is_missed(trio, people, server):
    """The log has a second statement of Carol's; the server shows the first one only."""
    alice, _, carol = trio
    server.key_log.leaves.append(leaf_of(user(carol), 2, GHOST))
    later(alice, DAY)
    await meets_nobody(alice, carol)


async def test_a_withheld_statement_of_somebody_known_is_missed(trio, server):
    alice, bob, _ = trio
    server.key_log.leaves.append(leaf_of(user(bob), 2, GHOST))
    later(alice, DAY)
    with pytest.raises(UntrustedLog):
        await alice.session.directory.identity(user(bob))
    assert load_person(alice.store, user(bob)).version == 1


async def test_a_ghost_statement_in_one_s_own_name_is_noticed(trio, server):
    """H12: whoever it was shown to, the one whose name it bears sees it."""
    alice, _, carol = trio
    server.key_log.leaves.append(leaf_of(user(alice), 2, GHOST))
    status = await alice.follow_key_log()
    assert status.state == "alarm" and codes(alice) == ["own_keys"]
    assert kept.load_followed(alice.store).own == 1
    await meets_nobody(alice, carol)


async def test_a_log_without_one_s_own_keys_is_noticed(people, server, no_pauses):
    alice = await people.register("alice")
    server.key_log.leaves.clear()
    server.log_statements = lambda: server.key_log
    assert (await alice.follow_key_log()).state == "alarm"
    assert codes(alice) == ["own_keys"]


async def test_a_forged_head_is_refused(trio, server):
    alice, _, carol = trio
    before = kept.load_followed(alice.store)
    forged = SignedLog([*server.key_log.leaves, leaf_of(user(carol), 2, GHOST)], seed=bytes(32))
    answer = forged.answer() | {"key": server.key_log.signer.text()}
    forged.answer = lambda: answer
    split(server, alice, forged)
    later(alice, DAY)
    await meets_nobody(alice, carol)
    assert codes(alice) == ["forged"] and kept.load_followed(alice.store) == before


async def test_another_key_of_the_log_is_refused(trio, server):
    alice, _, carol = trio
    split(server, alice, SignedLog(server.key_log.leaves, seed=bytes(32)))
    later(alice, DAY)
    await meets_nobody(alice, carol)
    assert codes(alice) == ["other_key"]


@pytest.mark.parametrize("wrong", ["changed", "missing", "doubled", "swapped"])
async def test_leaves_that_do_not_lead_to_the_head_are_refused(trio, people, server, wrong):
    alice, dora = trio[0], await people.register("dora")
    leaves = list(server.log_statements().leaves)
    shown_leaves = {
        "changed": [*leaves[:-1], dataclasses.replace(leaves[-1], digest=bytes(32))],
        "missing": leaves[:-1],
        "doubled": [*leaves[:-1], leaves[0]],
        "swapped": [*leaves[:-2], leaves[-1], leaves[-2]],
    }[wrong]
    false = SignedLog(leaves)
    false.page = SignedLog(shown_leaves).page
    split(server, alice, false)
    status = await alice.follow_key_log()
    assert ([alarm.code for alarm in status.alarms], status.size) == (["forged"], 3)
    await meets_nobody(alice, dora)


async def test_a_rolled_back_log_is_refused_for_good(trio, people, server):
    """The server signs a log that has lost Carol: proof, also after it comes back."""
    alice, _, carol = trio
    split(server, alice, SignedLog(server.key_log.leaves[:2]))
    later(alice, DAY)
    await meets_nobody(alice, carol)
    assert codes(alice) == ["rolled_back"] and kept.load_followed(alice.store).size == 3
    split(server, alice, server.key_log)
    await meets_nobody(alice, carol)
    evidence = kept.alarms(alice.store)[0].evidence
    assert len(evidence) == 2 * 112
    await alice.send("@bob", "whom I know already")
    await alice.start_key_log_anew()
    await alice.send("@carol", "the operator has explained it")
    assert codes(alice) == []


async def test_another_log_of_the_same_size_is_refused_for_good(trio, server):
    alice, _, carol = trio
    leaves = list(server.key_log.leaves)
    split(server, alice, SignedLog([*leaves[:-1], leaf_of(user(carol), 1, GHOST)]))
    later(alice, DAY)
    await meets_nobody(alice, carol)
    assert codes(alice) == ["rolled_back"]


async def test_an_old_head_is_refused_and_a_frozen_one_grows_stale(trio, server):
    alice, _, carol = trio
    old = SignedLog(server.key_log.leaves[:2])
    old.behind = 3600
    split(server, alice, old)
    later(alice, DAY / 2)
    await meets_nobody(alice, carol)
    assert codes(alice) == ["replayed"]
    frozen = SignedLog(server.key_log.leaves)
    frozen.behind = 2
    split(server, alice, frozen)
    frozen_answer = frozen.answer()
    frozen.answer = lambda: frozen_answer
    await alice.session.directory.log.start_anew()
    later(alice, 0)
    assert (await alice.follow_key_log()).state == "self_audited"
    later(alice, KEY_LOG_HEAD_STALE_S + 60)
    assert (await alice.follow_key_log()).state == "stale"


async def test_a_split_view_is_found_by_a_message(trio, people, server):
    """H12: Bob alone is shown a ghost of Carol; what Alice writes him carries the head that she was shown."""
    alice, bob, carol = trio
    ghostly = SignedLog([*server.key_log.leaves, leaf_of(user(carol), 2, GHOST)])
    split(server, bob, ghostly)
    later(bob, DAY)
    await bob.follow_key_log()
    assert codes(bob) == [] and bob.key_log().size == 4
    await people.register("dora")
    await alice.follow_key_log()
    await alice.send("@bob", "what do you see?")
    await bob.sync()
    assert await shown(bob) == ["hello", "what do you see?"]
    assert codes(bob) == ["split_view"] and "other_key_log" in notices(bob)
    await meets_nobody(bob, carol)
    ours, theirs = (kept.alarms(bob.store)[0].evidence[at : at + 112] for at in (0, 112))
    assert ours != theirs


async def test_a_split_view_is_found_by_one_s_own_devices(trio, people, server):
    alice, _, carol = trio
    await alice.settle()
    phone = await people.restore("alice", "phone")
    assert kept.load_followed(phone.store).own == 1
    await phone.follow_key_log()
    ghostly = SignedLog([*server.key_log.leaves, leaf_of(user(carol), 2, GHOST)])
    plain = server._auth_key_log

    def route(session, method, rest, body, query):
        if session["device"] != phone.whoami().device_id:
            return plain(session, method, rest, body, query)
        return ghostly.answer() if rest == ["head"] else ghostly.page(int(query["first"]), int(query["size"]))

    server._auth_key_log = route
    await phone.follow_key_log()
    assert phone.key_log().size == 4
    await people.register("dora")
    await alice.follow_key_log()
    await alice.send("@alice", "note to self")
    await phone.sync()
    assert codes(phone) == ["split_view"]


async def test_a_restored_device_refuses_another_key_of_the_log(trio, people, server):
    """The key that the person's devices pinned is in the sealed settings, which only an own device writes."""
    alice, _, carol = trio
    await alice.settle()
    true, server.key_log = server.key_log, SignedLog(server.key_log.leaves, seed=bytes(32))
    phone = await people.restore("alice", "phone")
    await phone.follow_key_log()
    assert codes(phone) == ["other_key"]
    await meets_nobody(phone, carol)
    server.key_log = true
    await alice.send("@carol", "hello")
    assert codes(alice) == []


async def test_leaves_that_are_kept_from_one_device_are_missed(trio, people, server):
    """A head of another's waits; once this device's log is later and smaller, the server has signed a contradiction."""
    alice, bob, _ = trio
    small = SignedLog(server.key_log.leaves)
    split(server, bob, small)
    await people.register("dora")
    await alice.follow_key_log()
    await alice.send("@bob", "we are four")
    await bob.sync()
    assert codes(bob) == [] and len(kept.waiting_heads(bob.store)) == 1
    small.behind = -2 * 3600
    later(bob, 2 * 3600)
    await bob.follow_key_log()
    assert codes(bob) == ["split_view"] and kept.waiting_heads(bob.store) == []


async def test_heads_that_come_too_early_wait_and_are_let_go(trio, people, server):
    alice, bob, _ = trio
    await people.register("dora")
    await alice.follow_key_log()
    await alice.send("@bob", "we are four")
    await bob.sync()
    assert len(kept.waiting_heads(bob.store)) == 1
    await bob.follow_key_log()
    assert kept.waiting_heads(bob.store) == [] and codes(bob) == []


async def test_a_member_s_own_inventions_stop_nobody(trio, server):
    """A head that the log never signed is told of, and proves nothing."""
    alice, bob, carol = trio
    invented = SignedLog([leaf_of(user(carol), 1, GHOST)] * 9, seed=bytes(32))
    for size in (2, 9):
        followed = kept.load_followed(alice.store)
        kept.save_followed(alice.store, type(followed)(followed.key, followed.size, invented.head(size).encode()))
        await alice.send("@bob", "look at this")
        kept.save_followed(alice.store, followed)
    await bob.sync()
    assert codes(bob) == ["unproven"] and "other_key_log" in notices(bob)
    await bob.send("@carol", "nothing has stopped")


async def test_many_heads_of_others_take_no_more_room_than_is_theirs(trio, server):
    _, bob, _ = trio
    for size in range(10, 10 + 2 * KEY_LOG_HEADS_WAITING_MAX):
        head = server.key_log.signed(Checkpoint(ORIGIN, size, bytes(32)))
        assert bob.session.directory.log.hear(head) == ""
    assert len(kept.waiting_heads(bob.store)) == KEY_LOG_HEADS_WAITING_MAX


async def test_a_server_without_a_log_introduces_nobody(trio, server):
    alice, _, carol = trio

    def nothing(*_):
        raise problems.NotFound

    server._auth_key_log = nothing
    later(alice, DAY)
    with pytest.raises(problems.NotFound):
        await alice.session.directory.identity(user(carol))
    assert load_person(alice.store, user(carol)) is None


# --- invitations


@pytest.mark.parametrize("lie", ["another key", "another tree", "a rolled back tree"])
async def test_a_link_shows_what_the_inviter_was_shown(trio, server, lie):
    """H13: the fragment names the log's key and the inviter's head; who was shown another log does not go in."""
    alice, bob, carol = trio
    where = (await alice.group_create("Garden", [])).conversation_id
    link = await alice.group_link_create(where)
    leaves = list(server.key_log.leaves)
    other = {
        "another key": SignedLog(leaves, seed=bytes(32)),
        "another tree": SignedLog([*leaves[:-1], leaf_of(user(carol), 1, GHOST)]),
        "a rolled back tree": SignedLog(leaves[:2]),
    }[lie]
    await bob.session.directory.log.start_anew()
    split(server, bob, other)
    other.behind = -2 * 3600  # later than the link: the smaller tree is a contradiction
    await bob.follow_key_log()
    with pytest.raises(UntrustedLog):
        await bob.group_join(link.url)
    assert codes(bob) == ["other_key" if lie == "another key" else "split_view"]
    if lie != "another key":  # whoever made the link could have invented it
        await meets_nobody(bob, carol)


async def test_a_link_pins_the_log_of_a_device_that_knows_none(trio, people, server):
    alice, _, _ = trio
    where = (await alice.group_create("Garden", [])).conversation_id
    link = await alice.group_link_create(where)
    dora = await people.register("dora")
    split(server, dora, SignedLog(server.log_statements().leaves, seed=bytes(32)))
    with pytest.raises(UntrustedLog):
        await dora.group_join(link.url)
    assert codes(dora) == ["other_key"]
    assert kept.load_followed(dora.store).key == server.key_log.signer.text()


# --- witnesses


class Watcher:
    """A witness with a key of its own, who signs what it is shown."""

    def __init__(self, number) -> None:
        self.seed = bytes([number]) * 32
        self.key = NoteKey(f"witness{number}.example", P.ed25519_public(self.seed))

    def sign(self, checkpoint, *, behind=0):
        head = sign_head(checkpoint, int(time.time()) - behind, lambda message: P.sign(self.seed, message))
        return write_note(checkpoint, self.key, head)


@pytest.fixture
def watchers():
    return [Watcher(number) for number in (1, 2, 3)]


async def test_two_of_three_witnesses_must_have_signed(trio, server, watchers):
    alice, bob, carol = trio
    server.key_log.witnessed = [watchers[0].sign(server.key_log.checkpoint())]
    status = await alice.demand_witnesses([w.key.text() for w in watchers], 2)
    assert status.state == "self_audited" and [w.size for w in status.witnesses] == [3, 0, 0]
    await meets_nobody(alice, carol)
    await alice.send("@bob", "whom I know, whoever has signed")
    assert (await alice.safety_number("@bob")).user_id == user(bob)
    server.key_log.witnessed.append(watchers[2].sign(server.key_log.checkpoint()))
    assert (await alice.follow_key_log()).state == "witnessed"
    await alice.send("@carol", "two have seen you")


@pytest.mark.parametrize("why", ["smaller", "old", "of tomorrow", "stranger", "twice"])
async def test_what_does_not_count_as_witnessed(trio, server, watchers, why):
    alice, _, carol = trio
    log, second = server.key_log, watchers[1]
    notes = {
        "smaller": second.sign(log.checkpoint(2)),
        "old": second.sign(log.checkpoint(), behind=2 * DAY),
        "of tomorrow": second.sign(log.checkpoint(), behind=-2 * DAY),
        "stranger": Watcher(9).sign(log.checkpoint()),
        "twice": watchers[0].sign(log.checkpoint()),
    }
    log.witnessed = [watchers[0].sign(log.checkpoint()), notes[why]]
    await alice.demand_witnesses([w.key.text() for w in watchers], 2)
    await meets_nobody(alice, carol)
    assert codes(alice) == []


async def test_a_witness_that_saw_another_log_is_an_alarm(trio, server, watchers):
    alice, _, carol = trio
    other = SignedLog([*server.key_log.leaves[:2], Leaf(bytes(32), 1, bytes(32))])
    server.key_log.witnessed = [watchers[0].sign(other.checkpoint())]
    await alice.demand_witnesses([watchers[0].key.text()], 1)
    assert codes(alice) == ["split_view"]
    await meets_nobody(alice, carol)


@pytest.mark.parametrize(("keys", "at_least"), [(["x"], 1), ([], 1), ([Watcher(1).key.text()], 2)])
async def test_demands_that_make_no_sense_are_refused(trio, keys, at_least):
    with pytest.raises(Exception, match="witness"):
        await trio[0].demand_witnesses(keys, at_least)

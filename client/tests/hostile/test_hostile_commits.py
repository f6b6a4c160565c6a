"""Members whose commits nobody can use, or not everybody: reported, gone around, and nothing is lost or given away."""

import asyncio
import contextlib
from unittest import mock

import msgspec
import pytest
from hostile_people import (
    P,
    all_sync,
    append_commit,
    commits,
    device_of,
    epoch_at,
    read_by,
    reports_by_force,
    shown,
    signing_seed,
    spoilt_paths,
    standing,
    user,
)

from parley_client import timeline
from parley_client.api import messaging
from parley_client.crypto.message import epoch_secret
from parley_client.errors import ClientError, UsageError
from parley_client.groups.judgement import leaf_of, new_group_id, policy_extension
from parley_client.store import resets
from parley_client.store.conversations import load_conversation
from parley_client.sync.catch_up import catch_up
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.messaging_api import ResetUpload
from parley_contracts.policy import ANCHOR_EXTENSION_TYPE, POLICY_EXTENSION_TYPE, decode_policy
from parley_contracts.problems import Problem
from parley_mls import Group, KeyPackage, Lifetime, branch_group, create_key_package


async def resets_by_force(server, client, where, sequence, *, policy=None, others=(), bare=False):
    """A reset by a device that has the last good epoch, with another policy, with others, or with no PSK."""
    member, _ = client.session.groups.load(where)
    log = server.logs[where]
    changed = {"generation": log.generation + 1} | (policy or {})
    document = msgspec.structs.replace(decode_policy(log.policy), **changed).encode()
    device = client.session.device
    packages = [(c.session.device.device_id, package_of(server, c)) for c in others]
    with mock.patch.object(Group, "commit", without_psks(Group.commit)) if bare else contextlib.nullcontext():
        made = branch_group(
            P,
            member,
            group_id=new_group_id(where),
            signature_seed=device.device_secret,
            members=[package for _, package in packages],
            extensions=[policy_extension(document)],
        )
    upload = ResetUpload(
        unusable=sequence,
        group_info=b64encode(made.group_info),
        policy=b64encode(document),
        welcome=b64encode(made.welcome) if made.welcome else None,
        welcome_devices=[device_id for device_id, _ in packages],
    )
    await messaging.put_reset(client.session.api, where, new_uuid7(), upload)


def takes_any_reset(monkeypatch):
    """Let the server lie: it judges no reset."""
    monkeypatch.setattr("fake_resets.check_reset", lambda *states, **what: None)


def without_psks(plain):
    return lambda self, p, **given: plain(self, p, **given | {"psks": ()})


def brings_in_a_ghost(log, where, mallory, someone):
    """A commit of Mallory's with a device of her own that somebody else certified, which no server can see; the ghost's group."""
    ghost, seed = device_of(user(mallory), signing_seed(someone))
    bundle = create_key_package(
        P,
        identity=ghost.encode(),
        signature_seed=seed,
        lifetime=Lifetime(0, 60),
        extension_types=[POLICY_EXTENSION_TYPE, ANCHOR_EXTENSION_TYPE],
    )
    made = mallory.session.groups.load(where)[0].commit(P, add=[bundle.key_package])
    append_commit(log, where, (user(mallory), mallory.session.device.device_id), made.commit)
    log.states[log.epoch] = (len(log.entries), b64encode(made.group_info), log.policy)
    return ghost, Group.join(P, made.welcome, bundle, seed)


def shows_other_rules(log, banned):
    """Beside the present group, to whoever is about to come in: they name somebody who is put out."""
    sequence, group_info, policy = log.states[log.epoch]
    forged = msgspec.structs.replace(decode_policy(policy), banned=(banned,), roster=decode_policy(policy).roster[1:])
    log.states[log.epoch] = (sequence, group_info, forged.encode())


def says_as_the_ghost(log, where, ghost, group, policy=None):
    """A further commit, by the ghost, of other rules where some are given."""
    made = group.commit(P, extensions=[policy_extension(policy)] if policy else None)
    append_commit(log, where, (ghost.user_id, ghost.device_id), made.commit, policy)
    log.states[log.epoch] = (len(log.entries), b64encode(made.group_info), policy or log.policy)


def package_of(server, client):
    return KeyPackage.from_bytes(b64decode(server.key_packages[client.session.device.device_id].pop(0)))


async def refuses(client, where, why):
    """The client stands before the reset, says why, and shows nothing of it."""
    with contextlib.suppress(ClientError, Problem):
        await client.sync()
    assert load_conversation(client.store, where).generation == 0
    assert any(why in notice.detail for notice in client.notices() if notice.code == "commit_unusable")


async def test_a_group_goes_around_a_commit_that_nobody_can_use(choir, server):
    """H10, H9: two people report it; one of them branches from the last good epoch; everybody goes on, and reads all of before."""
    mallory, alice, bob, carol, where = choir
    secret = epoch_secret(P, mallory.session.groups.load(where)[0], 0)
    with spoilt_paths():
        await commits(mallory, where)
    await all_sync(alice, bob, carol, mallory)
    assert {standing(client, where) for client in (mallory, alice, bob, carol)} == {(1, 1, "member")}
    types = [entry.type for entry in server.logs[where].entries]
    assert types.count("conversation.reset") == 1 and types.count("commit.unusable") >= 2
    await carol.send(where, "after")
    await mallory.send(where, "sorry")
    await all_sync(alice, bob, carol, mallory)
    for client in (mallory, alice, bob, carol):
        assert await shown(client) == ["after", "before", "sorry"]
        assert client.unopened() == {}
    assert read_by(server.logs[where], [secret], [alice, bob, carol, mallory]) == ["before"]
    said = [item for item in timeline.page(alice.session, where).items if item.kind == "reset"]
    assert [item.text for item in said] == ["mallory"]


async def test_in_a_direct_conversation_one_is_enough(people, no_pauses, small_stock, server):
    """H10: nobody else could report it there."""
    mallory, bob = [await people.register(name) for name in ("mallory", "bob")]
    where = (await mallory.send("@bob", "before")).conversation_id
    await bob.sync()
    with spoilt_paths():
        await commits(mallory, where)
    await bob.sync()
    await bob.send("@mallory", "after")
    await all_sync(mallory, bob)
    assert await shown(mallory) == await shown(bob) == ["after", "before"]
    assert {standing(client, where) for client in (mallory, bob)} == {(1, 1, "member")}


async def test_who_alone_cannot_use_a_commit_comes_in_again(choir, server):
    """H10, H11: only Carol was left out of it. She waits until another than its author is there, and shows the PSK of before."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths((carol, where)):
        await commits(mallory, where)
    await carol.sync()
    await mallory.send(where, "come in, Carol")
    await all_sync(carol, rounds=3)
    assert standing(carol, where) == (0, epoch_at(mallory, where), "stuck")  # its author's word leads nobody anywhere
    await alice.sync()  # who can use it, and answers her report
    shows_other_rules(server.logs[where], user(mallory))
    await all_sync(carol, alice, bob, mallory)
    assert {standing(client, where)[::2] for client in (mallory, alice, bob, carol)} == {(0, "member")}
    assert load_conversation(carol.store, where).policy == load_conversation(alice.store, where).policy
    assert "conversation.reset" not in [entry.type for entry in server.logs[where].entries]
    await carol.send(where, "here again")
    await all_sync(mallory, alice, bob, carol)
    assert await shown(alice) == ["before", "come in, Carol", "here again"]
    assert await shown(carol) == ["before", "here again"]
    assert carol.unopened() == {"epoch_key_missing": 1}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("later", [16, 17, 20])
async def test_who_was_left_out_of_a_commit_long_ago_comes_in_again(choir, server, number, later):
    """No reset goes back so far, for nobody has the PSK of before any more; Alice answers their reports."""
    mallory, alice, bob, carol, where = choir
    victims = (bob, carol)[:number]
    with spoilt_paths(*[(victim, where) for victim in victims]):
        await commits(mallory, where)
    for _ in range(later - 1):
        await commits(mallory, where)
    await all_sync(*victims, mallory, alice, bob, carol)
    assert {standing(client, where)[::2] for client in (mallory, alice, bob, carol)} == {(0, "member")}
    assert [client.notices() for client in (mallory, alice)] == [[], []]


@pytest.mark.parametrize("certificate", ["its own", "that of another coming in"])
async def test_a_device_does_not_come_in_again_by_its_signature_key_alone(choir, people, server, certificate):
    """H11: a thief of that key, with the server's help, has no PSK; a certificate for one coming in is of no use for another."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths((bob, where)):
        await commits(mallory, where)
    await people.register("eve")
    await mallory.group_add(where, ["@eve"])  # who has no PSK of before: Bob is certified for coming in
    await all_sync(alice, carol)
    await alice.send(where, "it works here")
    await all_sync(bob, alice, carol, mallory)
    log = server.logs[where]
    ((prior, bound),) = [(index, leaf) for index, leaf in log.public.members() if leaf_of(leaf).user_id == user(bob)]
    device = bob.session.device
    assert standing(bob, where) == standing(alice, where) and bound.identity != device.certificate
    made = Group.join_external(
        P,
        b64decode(log.states[log.epoch][1]),
        identity=device.certificate if certificate == "its own" else bound.identity,
        signature_seed=device.device_secret,
        remove_prior=prior,
        extension_types=(POLICY_EXTENSION_TYPE, ANCHOR_EXTENSION_TYPE),
    )
    append_commit(log, where, (device.user_id, device.device_id), made.commit)
    before = epoch_at(alice, where)
    await alice.sync()
    assert epoch_at(alice, where) == before
    assert "neither that it was there" in alice.notices()[-1].detail
    with contextlib.suppress(ClientError, Problem):
        await alice.send(where, "secret")
    assert read_by(log, [epoch_secret(P, made.group, 0)], [alice]) == []


async def test_one_person_s_word_resets_no_group(choir, server, monkeypatch):
    """H9: the server takes a reset that only Mallory asks for; nobody follows."""
    mallory, alice, bob, _, where = choir
    log = server.logs[where]
    await commits(alice, where)
    await all_sync(bob, mallory)
    takes_any_reset(monkeypatch)
    await resets_by_force(server, mallory, where, len(log.entries))
    await refuses(alice, where, "enough people")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("policy", "a reset changes nothing"),
        ("newcomer", "nobody in the roster"),
        ("removed", "nobody in the roster"),
        ("late", "a reset brings nobody in"),
        ("author", "does not lead the group around it"),
    ],
)
async def test_a_reset_that_breaks_a_rule_is_refused(choir, people, server, monkeypatch, wrong, why):
    """H9: no downgrade: the same policy, and nobody who was not there or was put out."""
    takes_any_reset(monkeypatch)
    mallory, alice, bob, carol, where = choir
    log = server.logs[where]
    if wrong == "removed":
        await mallory.group_remove(where, ["@carol"])
        await all_sync(alice, bob)
    elif wrong == "late":
        eve = await people.register("eve")
        await mallory.group_add(where, ["@eve"])
        await all_sync(alice, bob)
    else:
        with spoilt_paths():
            await commits(mallory, where)
    sequence = max(entry.sequence for entry in log.entries if entry.type == "commit.created")
    for client in (alice, bob):
        await reports_by_force(client, where, sequence)
    changes = {}
    if wrong == "policy":
        roster = tuple(
            msgspec.structs.replace(e, role="owner") if e.user_id == user(bob) else e
            for e in decode_policy(log.policy).roster
        )
        changes = {"policy": {"roster": roster}}
    elif wrong == "newcomer":
        eve = await people.register("eve")
        changes = {"others": [eve]}
    elif wrong == "removed":
        changes = {"others": [carol]}
    elif wrong == "late":
        changes = {"others": [eve]}
    await resets_by_force(server, mallory if wrong == "author" else bob, where, sequence, **changes)
    await refuses(alice, where, why)


@pytest.mark.parametrize("with_alice", [True, False])
async def test_a_bare_group_pauses_until_a_person_confirms(choir, server, with_alice):
    """H9: a thief of Bob's signature key has no PSK. Whose device cannot check a reset sends nothing before its person says so."""
    mallory, alice, bob, _, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    sequence = len(server.logs[where].entries)
    for client in (alice, bob):
        await reports_by_force(client, where, sequence)
    await resets_by_force(server, bob, where, sequence, bare=True, others=[alice] if with_alice else [])
    await all_sync(alice)
    assert standing(alice, where) == (1, 1, "paused")
    assert await shown(alice) == ["before"]
    await alice.reset_confirm(where)
    assert standing(alice, where) == (1, 2, "member")
    with pytest.raises(UsageError):
        await alice.reset_confirm(where)


async def test_a_report_in_another_s_name_counts_for_nothing(choir, server):
    """H10: Alice's device signs for itself alone; the server cannot make a second person of it."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    log = server.logs[where]
    sequence = len(log.entries)
    await reports_by_force(alice, where, sequence)
    true = msgspec.structs.asdict(log.entries[-1])
    report = {name: true[name] for name in ("type", "conversation_id", "client_id", "unusable", "signature")}
    for other in (bob, mallory):
        named = {"user_id": user(other), "device_id": other.session.device.device_id}
        log.append(**report | named)
    await catch_up(carol.session, where)
    assert resets.reports_on(carol.store, where, sequence) == [(user(alice), alice.session.device.device_id)]


async def test_a_group_goes_around_a_commit_that_only_devices_can_refuse(choir, people, server):
    """I12, C1: a forged certificate; nobody enters with the ghost, whatever it does next; a restored device waits for the reset, too."""
    mallory, alice, bob, carol, where = choir
    log = server.logs[where]
    await alice.settle()
    ghost, group = brings_in_a_ghost(log, where, mallory, alice)
    says_as_the_ghost(log, where, ghost, group)
    tablet = await people.restore("alice", "tablet")
    assert standing(tablet, where) == (0, log.epoch, "outside")
    await all_sync(alice)
    assert standing(alice, where) == (0, log.epoch, "stuck")
    assert "does not lead to its person" in alice.notices()[0].detail
    await all_sync(bob, carol, alice, tablet)
    assert {standing(client, where)[::2] for client in (alice, bob, carol, tablet)} == {(1, "member")}
    await carol.send(where, "after")
    await all_sync(alice, bob, carol, tablet)
    for client in (alice, bob, carol, tablet):
        assert (await shown(client), client.unopened()) == (["after", "before"], {})
    assert read_by(log, [epoch_secret(P, group, 0)], [alice, bob, carol]) == []
    assert ghost.device_id not in {leaf_of(leaf).device_id for _, leaf in log.public.members()}
    said = [item for item in timeline.page(alice.session, where).items if item.kind == "reset"]
    assert [item.text for item in said] == ["mallory"]


async def test_a_ghost_changes_no_rules(choir, server):
    """I12: a reset keeps the policy in force, so nobody who came in by a refused commit has a say in it."""
    mallory, alice, bob, _, where = choir
    log = server.logs[where]
    ghost, group = brings_in_a_ghost(log, where, mallory, alice)
    before = load_conversation(alice.store, where).policy
    roster = tuple(
        msgspec.structs.replace(e, role="owner") if e.user_id == user(bob) else e for e in decode_policy(before).roster
    )
    says_as_the_ghost(log, where, ghost, group, msgspec.structs.replace(decode_policy(before), roster=roster).encode())
    await refuses(alice, where, "changes its rules")
    assert load_conversation(alice.store, where).policy == before


async def test_nobody_is_led_into_a_group_with_a_ghost(choir, server):
    """H10, C1: Bob is with Mallory and says that her commit is good; Carol's device judges every leaf before it comes in again."""
    mallory, alice, bob, carol, where = choir
    log = server.logs[where]
    brings_in_a_ghost(log, where, mallory, alice)
    await all_sync(carol, rounds=1)
    processed = bob.session.groups.load(where)[0].process(P, b64decode(log.entries[-2].commit))
    made = processed.group.commit(P)
    append_commit(log, where, (user(bob), bob.session.device.device_id), made.commit)
    log.states[log.epoch] = (len(log.entries), b64encode(made.group_info), log.policy)
    head = len(log.entries)
    await all_sync(carol)
    assert resets.load_stuck(carol.store, where).confirmed
    assert (standing(carol, where), len(log.entries)) == ((0, log.epoch, "stuck"), head)
    await all_sync(alice, carol)
    assert {standing(client, where) for client in (alice, carol)} == {(1, 1, "member")}


async def test_a_reset_waits_for_nobody_who_is_not_shown(choir, server):
    """Carol was suspended by an operator, and the server gives no keys of hers: the others go on, and she comes in later."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    hidden, server.statements[user(carol)] = server.statements[user(carol)], []
    await all_sync(alice, bob)
    assert {standing(client, where) for client in (alice, bob)} == {(1, 1, "member")}
    server.statements[user(carol)] = hidden
    await all_sync(carol)
    await carol.reset_confirm(where)  # she has no Welcome, so nothing tells her device who made the group
    assert standing(carol, where) == (1, 2, "member")


async def test_what_was_sealed_before_a_reset_is_sent_after_it_once(choir, server):
    """A message waits while its device is stuck, and its sealed copy of the old generation is of no use any more."""
    mallory, alice, bob, carol, where = choir
    sealed = asyncio.Event()

    def lose_messages(request):
        if "/messages/" not in request.path:
            return None
        sealed.set()
        return "lose_request"

    server.fault = lose_messages
    waiting = asyncio.create_task(bob.send(where, "late"))
    await sealed.wait()
    with spoilt_paths():
        await commits(mallory, where)
    await all_sync(alice, bob, carol, mallory)
    server.fault = lambda request: None
    await waiting
    await all_sync(alice, carol, mallory)
    assert await shown(alice) == await shown(mallory) == ["before", "late"]


async def test_a_restored_device_reads_both_generations(choir, people):
    """The archive and the log lead across a reset."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    await all_sync(alice, bob, carol, mallory)
    await carol.send(where, "after")
    await alice.sync()
    await alice.settle()
    tablet = await people.restore("alice", "tablet")
    assert await shown(tablet) == ["after", "before"]
    assert standing(tablet, where)[::2] == (1, "member")
    assert tablet.unopened() == {}

"""A server that lies about groups and their logs, with members who help it: detected or harmless, and never a word read."""

import contextlib

import msgspec
import pytest
from hostile_people import (
    P,
    append_commit,
    certificate,
    device_of,
    enter_by_force,
    epoch_at,
    notices,
    read_by,
    shown,
    signing_seed,
    user,
    with_roster,
)

from parley_client.crypto.message import epoch_secret
from parley_client.errors import ClientError, NetworkError, UntrustedGroup, UntrustedIdentity
from parley_client.groups.judgement import leaf_of, leaves_of, policy_extension
from parley_client.store.conversations import load_conversation
from parley_client.sync.hashing import entry_hash
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.policy import RosterEntry, decode_policy
from parley_contracts.problems import Problem
from parley_mls import Lifetime, create_key_package, generate_signature_key

SECRET = "what nobody else may read"


@pytest.fixture
async def garden(people, no_pauses):
    """Alice's group with Bob; Mallory has an account and is in it only where a test says so."""
    alice, bob, mallory = [await people.register(name) for name in ("alice", "bob", "mallory")]
    where = (await alice.group_create("Garden", ["@bob"])).conversation_id
    await alice.send(where, "hello")
    await alice.sync()
    await bob.sync()
    return alice, bob, mallory, where


async def goes_on_sealed(server, alice, bob, where, secrets):
    """Whatever Alice says after the attack, the attacker's secrets open none of it."""
    with contextlib.suppress(ClientError, Problem):
        await alice.send(where, SECRET)
    with contextlib.suppress(ClientError, Problem):
        await bob.sync()
    assert read_by(server.logs[where], secrets, [alice, bob]) == []


async def is_refused(server, alice, bob, where, secrets, why):
    """Alice's device refuses the newest entry for that reason: it stays in its epoch, says so, and shows nothing of it."""
    before, texts = epoch_at(alice, where), await shown(alice)
    await alice.sync()
    assert epoch_at(alice, where) == before
    said = [notice.detail for notice in alice.notices() if notice.code == "commit_unusable"]
    assert len(said) == 1 and why in said[0]
    assert await shown(alice) == texts
    assert {person.username for person in alice.group_info(where).members} == {"alice", "bob"}
    await goes_on_sealed(server, alice, bob, where, secrets)


async def is_gone_around(server, alice, where, secret, why):
    """Alice's device refuses the newest entry for that reason, which no server can see, and goes on in a group without the ghost."""
    log, known = server.logs[where], {leaf.device_id for leaf in leaves_of(alice.session.groups.load(where)[0])}
    await alice.sync()
    said = [notice.detail for notice in alice.notices() if notice.code == "commit_unusable"]
    assert len(said) == 1 and why in said[0]
    row = load_conversation(alice.store, where)
    assert (row.generation, row.status) == (1, "member")
    assert {leaf_of(leaf).device_id for _, leaf in log.public.members()} <= known
    await alice.send(where, SECRET)
    assert SECRET not in read_by(log, [secret], [alice])


# --- who gets in


async def test_a_ghost_device_with_a_forged_certificate_stays_out(garden, server):
    """C1: nobody but the account signing key certifies a device."""
    alice, bob, mallory, where = garden
    ghost, seed = device_of(user(bob), signing_seed(mallory))
    secret = enter_by_force(server.logs[where], where, ghost, seed)
    await is_gone_around(server, alice, where, secret, "does not lead to its person")
    await bob.sync()
    assert await shown(bob) == sorted(["hello", SECRET])


async def test_a_ghost_device_of_a_statement_that_was_never_made_stays_out(garden, server):
    """M24: a certificate is judged by the statement that it names, and by no clock."""
    alice, bob, _mallory, where = garden
    seed, key = generate_signature_key(P)
    ghost = certificate(signing_seed(bob), user_id=user(bob), device_key=key, version=2)
    secret = enter_by_force(server.logs[where], where, ghost, seed)
    await is_gone_around(server, alice, where, secret, "a statement that its person never made")


async def test_a_member_does_not_renew_a_leaf_by_a_false_certificate(garden, server):
    """C1: Bob's own device says that his account certified it, which it did not."""
    alice, bob, mallory, where = garden
    device = bob.session.device
    key = P.ed25519_public(device.device_secret)
    forged = certificate(signing_seed(mallory), user_id=user(bob), device_key=key, device_id=device.device_id)
    made = bob.session.groups.load(where)[0].commit(P, identity=forged.encode())
    append_commit(server.logs[where], where, (user(bob), device.device_id), made.commit)
    await is_gone_around(server, alice, where, epoch_secret(P, made.group, 0), "does not lead to its person")


async def test_somebody_outside_the_roster_does_not_enter_by_force(garden, server):
    """C2: the server lets a real person with real keys in, who is in no roster."""
    alice, bob, mallory, where = garden
    device, seed = device_of(user(mallory), signing_seed(mallory))
    secret = enter_by_force(server.logs[where], where, device, seed)
    await is_refused(server, alice, bob, where, [secret], "only members may change the group")


async def test_a_person_with_a_new_root_key_does_not_come_back_by_force(garden, server):
    """C3: the server makes Bob anew, with a root key of its own; the roster pins the old one."""
    alice, bob, mallory, where = garden
    server.statements[user(bob)] = server.statements[user(mallory)]
    ghost, seed = device_of(user(bob), signing_seed(mallory))
    secret = enter_by_force(server.logs[where], where, ghost, seed)
    await is_gone_around(server, alice, where, secret, "does not lead to its person")
    with pytest.raises(UntrustedIdentity):
        await alice.session.directory.identity(user(bob))


async def test_nobody_replaces_the_leaf_of_another(garden, server):
    """H11: a device that may enter takes another's leaf away with it."""
    alice, bob, _mallory, where = garden
    log = server.logs[where]
    (prior,) = [index for index, leaf in log.public.members() if leaf_of(leaf).user_id == user(alice)]
    device, seed = device_of(user(bob), signing_seed(bob))
    secret = enter_by_force(log, where, device, seed, remove_prior=prior)
    await is_refused(server, alice, bob, where, [secret], "only its own device")


@pytest.mark.parametrize("grown", ["roster", "rules"])
async def test_a_forged_policy_beside_a_real_commit_is_refused(garden, server, grown):
    """C2: roster and rules are the group's; the server's copy of them must be the one that the group hashes."""
    alice, bob, mallory, where = garden
    log = server.logs[where]
    await alice.group_describe(where, topic="roses")
    await alice.group_permissions(where, {"name": "member"})
    entry = log.entries[-1]
    if grown == "roster":
        forged = with_roster(log.policy, RosterEntry(user(mallory), b64encode(bytes(32)), "admin"))
    else:
        forged = msgspec.structs.replace(decode_policy(log.policy), history_sharing=True).encode()
    log.entries[-1] = msgspec.structs.replace(entry, policy=b64encode(forged))
    before = load_conversation(bob.store, where)
    await bob.sync()
    row = load_conversation(bob.store, where)
    assert (row.epoch, row.policy) == (before.epoch, before.policy)
    assert "commit_unusable" in notices(bob)


async def test_a_member_without_the_role_lets_nobody_in(garden, server):
    """C2: Bob, a plain member, and the server, which should have refused it: the commit carries a roster with Mallory."""
    alice, bob, mallory, where = garden
    log = server.logs[where]
    member, _ = bob.session.groups.load(where)
    identity = await bob.session.directory.identity(user(mallory))
    entry = RosterEntry(user(mallory), b64encode(identity.root_fingerprint), "member")
    policy = with_roster(log.policy, entry)
    made = member.commit(P, extensions=[policy_extension(policy)])
    append_commit(log, where, (user(bob), bob.whoami().device_id), made.commit, policy)
    await is_refused(server, alice, bob, where, [], "permission 'add'")


async def test_a_member_without_the_role_puts_nobody_out(garden, people, server):
    """C2: Carol is put out by Bob, who may not: her device does not believe it."""
    alice, bob, _, where = garden
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await carol.sync()
    await bob.sync()
    log = server.logs[where]
    member, _ = bob.session.groups.load(where)
    document = decode_policy(log.policy)
    roster = tuple(entry for entry in document.roster if entry.user_id != user(carol))
    policy = msgspec.structs.replace(document, roster=roster).encode()
    (index,) = [index for index, leaf in member.members() if leaf_of(leaf).user_id == user(carol)]
    made = member.commit(P, remove=[index], extensions=[policy_extension(policy)])
    append_commit(log, where, (user(bob), bob.whoami().device_id), made.commit, policy)
    await carol.sync()
    assert "commit_unusable" in notices(carol)
    assert [c.status for c in carol.conversations()] == ["member"]


async def test_who_is_put_out_is_told_what_really_happened(garden, people, server):
    """The server puts another document beside the commit that puts Bob out: it tells him nothing."""
    alice, bob, mallory, where = garden
    log = server.logs[where]
    await alice.group_remove(where, ["@bob"])
    forged = with_roster(log.policy, RosterEntry(user(mallory), b64encode(bytes(32)), "admin"))
    for policy in (forged, b"no document"):
        log.entries[-1] = msgspec.structs.replace(log.entries[-1], policy=b64encode(policy))
        await bob.sync()
        assert "commit_unusable" in notices(bob)
        assert decode_policy(load_conversation(bob.store, where).policy).role_of(user(mallory)) is None


async def test_a_swapped_key_package_is_refused(garden, server):
    """The server gives its own keys, or another person's, in place of those of who is added."""
    alice, bob, mallory, where = garden
    claimed = server._claim
    ghost, seed = device_of(user(bob), signing_seed(mallory))
    package = create_key_package(
        P, identity=ghost.encode(), signature_seed=seed, lifetime=Lifetime(0, 2**40), extension_types=[0xF0A1, 0xF0A2]
    ).key_package
    real = server.key_packages[mallory.whoami().device_id][0]
    device_id = bob.whoami().device_id
    for false in (b64encode(package.to_bytes()), real, b64encode(b"none"), "!"):
        server._claim = lambda user_id, claimer, false=false: [
            {"device_id": device_id, "key_package": false, "last_resort": False}
        ]
        with pytest.raises(UntrustedGroup):
            await alice.group_create("Secret garden", ["@bob"])
    server._claim = claimed
    assert all(len(log.public.members()) == 1 for where_, log in server.logs.items() if where_ != where)


async def test_a_ghost_in_the_list_of_devices_is_given_nothing(garden, people, server):
    """C1: a device in the server's list whose certificate leads nowhere gets into no group."""
    alice, bob, mallory, where = garden
    ghost, _ = device_of(user(bob), signing_seed(mallory))
    server.devices[user(bob)][ghost.device_id] = b64encode(ghost.encode())
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await alice.send(where, SECRET)
    await carol.sync()
    assert await shown(carol) == [SECRET]
    assert ghost.device_id not in {leaf_of(leaf).device_id for _, leaf in server.logs[where].public.members()}


# --- how one comes in


async def test_a_forged_roster_in_a_welcome_is_refused(garden, people, server):
    """C2: who comes in holds the server's document to the group's hash."""
    alice, _, mallory, where = garden
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    welcome = server.logs[where].welcomes[carol.whoami().device_id]
    forged = with_roster(b64decode(welcome["policy"]), RosterEntry(user(mallory), b64encode(bytes(32)), "owner"))
    welcome["policy"] = b64encode(forged)
    await carol.sync()
    assert carol.conversations() == []


async def test_a_welcome_into_a_group_of_the_server_is_refused(garden, server):
    """The server makes a group of its own under the id of a direct conversation, and welcomes Bob into it."""
    alice, bob, mallory, _ = garden
    sent = await mallory.send("@bob", "hi")
    log = server.logs[sent.conversation_id]
    stolen = (await alice.send("@bob", "first")).conversation_id
    server.logs[stolen] = log
    server.logs.pop(sent.conversation_id)
    await bob.sync()
    assert stolen not in {c.conversation_id for c in bob.conversations() if c.status == "member"}


async def test_a_wrong_group_info_is_refused(garden, people, server):
    """H10: a new device of Bob is shown another group, an older one, or one that is no group at all."""
    _, bob, mallory, where = garden
    await bob.settle()
    other = (await mallory.group_create("Trap", ["@bob"])).conversation_id
    log = server.logs[where]
    true = log.states[log.epoch]
    for number, false in enumerate((server.logs[other].states[1][1], log.states[0][1], b64encode(b"none"), "!")):
        log.states[log.epoch] = (true[0], false, true[2])
        phone = await people.restore("bob", f"phone {number}")
        assert where not in {c.conversation_id for c in phone.conversations() if c.status == "member"}
        assert "hello" not in await shown(phone)
    log.states[log.epoch] = true
    tablet = await people.restore("bob", "tablet")
    assert await shown(tablet) == ["hello"]


async def test_a_second_beginning_is_refused(garden, server):
    """H9: no server begins a group anew."""
    alice, bob, _, where = garden
    log = server.logs[where]
    log.entries.append(msgspec.structs.replace(log.entries[0], sequence=len(log.entries) + 1))
    log.hashes.append(entry_hash(log.entries[-1]))
    await is_refused(server, alice, bob, where, [], "a conversation begins")


async def test_a_policy_of_another_generation_is_refused(garden, server):
    """H9: what would be a reset is none: generations never change in a commit."""
    alice, bob, _, where = garden
    await bob.sync()
    log = server.logs[where]
    member, _ = alice.session.groups.load(where)
    policy = msgspec.structs.replace(decode_policy(log.policy), generation=1).encode()
    made = member.commit(P, extensions=[policy_extension(policy)])
    append_commit(log, where, (user(alice), alice.whoami().device_id), made.commit, policy)
    before = epoch_at(bob, where)
    await bob.sync()
    assert (epoch_at(bob, where), notices(bob)) == (before, {"commit_unusable"})


# --- what the log says


async def test_who_was_put_out_reads_and_says_nothing_more(garden, server):
    """H8: the server withholds from Bob that he was put out, takes what he says, and has his old secrets."""
    alice, bob, _, where = garden
    log = server.logs[where]
    secret = epoch_secret(P, bob.session.groups.load(where)[0], 0)
    old, policy = log.public, log.policy
    await alice.group_remove(where, ["@bob"])
    new, withheld = log.public, log.entries.pop()
    log.public, log.policy = old, policy
    log.last_visible.clear()
    await bob.send(where, "still here")
    said = log.entries.pop()
    log.public = new
    log.entries += [withheld, msgspec.structs.replace(said, sequence=withheld.sequence + 1)]
    await alice.sync()
    assert await shown(alice) == ["hello"]
    assert alice.unopened() == {"not_permitted": 1}
    await alice.send(where, SECRET)
    assert sorted(read_by(log, [secret], [alice, bob])) == ["hello", "still here"]


@pytest.mark.parametrize("lie", ["conversation", "person", "device", "client id"])
async def test_a_message_that_is_moved_is_not_shown(garden, server, lie):
    """H7: into another conversation, or into the mouth of another person."""
    alice, bob, _, where = garden
    other = (await alice.group_create("Other", ["@bob"])).conversation_id
    await bob.sync()
    await alice.send(where, "moved")
    source, log = server.logs[where], server.logs[other]
    said = source.entries[-1]
    who = {"person": {"user_id": user(bob)}, "device": {"device_id": bob.whoami().device_id}}
    changed = who.get(lie, {"client_id": new_uuid7()} if lie == "client id" else {})
    target = log if lie == "conversation" else source
    source.entries.pop()
    place = {"conversation_id": other if lie == "conversation" else where, "sequence": len(target.entries) + 1}
    target.entries.append(msgspec.structs.replace(said, **place, **changed))
    await bob.sync()
    assert "moved" not in await shown(bob)
    assert set(bob.unopened()) <= {"corrupted", "sender_not_in_epoch", "fork"} and bob.unopened()


async def test_messages_in_another_order_are_reported(garden, server):
    """H7: what one device said counts up, and names what it had seen."""
    alice, bob, _, where = garden
    for word in ("one", "two"):
        await alice.send(where, word)
        await alice.sync()
    log = server.logs[where]
    one, two = log.entries[-2:]
    log.entries[-2:] = [
        msgspec.structs.replace(two, sequence=one.sequence),
        msgspec.structs.replace(one, sequence=two.sequence),
    ]
    await bob.sync()
    assert {"counter_gap", "fork"} & notices(bob)
    assert bob.conversations()[0].status == "forked"


async def test_two_members_who_see_different_logs_find_out(garden, people, server):
    """H7: the server tells Bob something that it does not tell Carol; the next one who speaks tells it."""
    alice, bob, _, where = garden
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await bob.sync()
    await carol.sync()
    log = server.logs[where]
    await alice.send(where, "for Bob alone")
    hidden = log.entries.pop()
    await bob.session.directory.fetch([user(alice)])
    log.entries.append(hidden)
    await bob.sync()
    await bob.send(where, "I saw it")
    said = log.entries[-1]
    log.entries[-2:] = [msgspec.structs.replace(said, sequence=hidden.sequence)]
    await carol.sync()
    assert "fork" in notices(carol)
    assert "for Bob alone" not in await shown(carol)


@pytest.mark.parametrize("gap", ["left out", "twice", "from the end"])
async def test_a_page_out_of_order_applies_nothing_wrong(garden, server, gap):
    alice, bob, _, where = garden
    await alice.send(where, "one")
    await alice.send(where, "two")
    log, plain = server.logs[where], server._page

    def page(session, found, after, limit):
        answer = plain(session, found, after, limit)
        entries = answer["entries"]
        changed = {"left out": entries[1:], "twice": [entries[0], *entries], "from the end": entries[::-1]}[gap]
        return answer | {"entries": changed}

    server._page = page
    with pytest.raises(NetworkError):
        await bob.sync()
    del server._page
    await bob.sync()
    assert await shown(bob) == ["hello", "one", "two"]
    assert notices(bob) == set() and len(log.entries) > 3


async def test_who_has_the_secret_reads(garden, server):
    """The oracle of these tests: a right secret opens what is there, so an attack that gave one would be seen."""
    alice, bob, _, where = garden
    secret = epoch_secret(P, bob.session.groups.load(where)[0], 0)
    assert read_by(server.logs[where], [bytes(32), secret], [alice]) == ["hello"]

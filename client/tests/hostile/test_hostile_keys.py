"""A server that lies about a person's own keys, and members who hand false ones on: refused before anything is sealed by them."""

import dataclasses
import hashlib

import msgspec
import pytest
from hostile_people import P, notices, shown, signing_seed, user

from parley_client import outbox
from parley_client.content.handing import encode_handed_key
from parley_client.content.kinds import KIND_HISTORY_KEY
from parley_client.crypto.account import VaultContent, open_vault, seal_vault
from parley_client.crypto.history import HistoryKey, HistoryKeySigner, seal_history_key
from parley_client.crypto.recovery import parse_recovery_key
from parley_client.errors import RecoveryKeyRefused, UntrustedGroup, UntrustedIdentity
from parley_client.store.history import load_history_keys
from parley_client.store.people import load_person
from parley_client.store.queues import OutboxRow
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.identity import STATEMENT_LABEL, AccountStatement
from parley_contracts.ids import ClientId, new_uuid7
from parley_mls import generate_hpke_key, generate_signature_key, hpke_seal, sign_with_label

SERVER = "parley.test"


@pytest.fixture
async def pair(people, no_pauses):
    """Alice, who has said something to Bob; all that she archives is on the server."""
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "hello")
    await alice.settle()
    await bob.sync()
    return alice, bob


def stated(server, client):
    """What the server has as the person's newest statement."""
    return AccountStatement.decode(b64decode(server.statements[user(client)][-1]["statement"]))


def opened_vault(people, server, client, name):
    """The keys in a person's vault, as the person has them."""
    statement = stated(server, client)
    return open_vault(
        P,
        sealed=b64decode(server.vaults[user(client)]),
        recovery_key=parse_recovery_key(people.recovery_keys[name]),
        server_name=SERVER,
        user_id=user(client),
        version=statement.version,
        expected_hash=statement.vault_hash,
    )


def state(server, statement, root_seed):
    """Make the server hold a statement, signed by that root key, as the newest."""
    signature = sign_with_label(P, root_seed, STATEMENT_LABEL, statement.encode())
    signed = {"statement": b64encode(statement.encode()), "signature": b64encode(signature)}
    server.statements[statement.user_id].append({"version": statement.version, **signed})


def second_statement(people, server, client, name):
    """The person opens the vault and makes a second statement, with a vault of its own."""
    keys = opened_vault(people, server, client, name)
    vault = seal_vault(
        P,
        dataclasses.replace(keys, history_version=max(server.history_keys[user(client)])),
        recovery_key=parse_recovery_key(people.recovery_keys[name]),
        server_name=SERVER,
        user_id=user(client),
        version=2,
    )
    digest = hashlib.sha256(vault).digest()
    state(server, dataclasses.replace(stated(server, client), version=2, vault_hash=digest), keys.root_seed)
    old, server.vaults[user(client)] = server.vaults[user(client)], b64encode(vault)
    return old


# --- one's own account


async def test_a_history_key_of_the_server_is_refused(pair, people, server):
    """Everybody knows the recovery public key; a restored device takes only what the account signed."""
    alice, bob = pair
    place = {"user_id": user(alice), "server_name": SERVER}
    public = stated(server, alice).recovery_key
    own = HistoryKey(2, bytes(32))
    stranger = HistoryKeySigner(1, generate_signature_key(P)[0])
    for number, forged in enumerate(
        (
            seal_history_key(P, own, public, signer=stranger, **place),
            seal_history_key(P, own, public, signer=HistoryKeySigner(1, signing_seed(bob)), **place),
            hpke_seal(P, public, b"Parley History Key 1", b"", bytes(32)),
        )
    ):
        server.history_keys[user(alice)][2] = b64encode(forged)
        archived = dict(server.archive)
        with pytest.raises(UntrustedIdentity):
            await people.restore("alice", f"phone {number}")
        assert server.archive == archived
    del server.history_keys[user(alice)][2]
    tablet = await people.restore("alice", "tablet")
    assert await shown(tablet) == ["hello"]


async def test_a_statement_of_the_server_around_the_real_vault_is_refused(pair, people, server):
    """The server's own root and recovery key, the real signing key and vault: the vault says which keys are the account's."""
    alice, _ = pair
    true = stated(server, alice)
    root_seed, root_key = generate_signature_key(P)
    for false in (
        {"root_key": root_key},
        {"root_key": root_key, "recovery_key": generate_hpke_key(P)[1]},
        {"root_key": root_key, "signing_key": generate_signature_key(P)[1]},
    ):
        server.statements[user(alice)].clear()
        server.key_log.leaves.clear()  # a new device does not know what the log had
        state(server, dataclasses.replace(true, **false), root_seed)
        phone = f"phone {len(false)} {'signing_key' in false}"
        with pytest.raises(UntrustedIdentity):
            await people.restore("alice", phone)


async def test_an_old_vault_is_refused(pair, people, server):
    """H16: the newest statement names its vault by hash."""
    alice, bob = pair
    old = second_statement(people, server, alice, "alice")
    new, server.vaults[user(alice)] = server.vaults[user(alice)], old
    with pytest.raises(RecoveryKeyRefused):
        await people.restore("alice", "phone")
    server.vaults[user(alice)] = server.vaults[user(bob)]
    with pytest.raises(RecoveryKeyRefused):
        await people.restore("alice", "tablet")
    server.vaults[user(alice)] = new
    assert await shown(await people.restore("alice", "desk")) == ["hello"]


async def test_a_rolled_back_statement_is_refused(pair, people, server):
    """C1: nobody goes below the version that was seen."""
    alice, bob = pair
    second_statement(people, server, alice, "alice")
    await bob.session.directory.identity(user(alice))
    assert load_person(bob.store, user(alice)).version == 2
    newest = server.statements[user(alice)].pop()
    with pytest.raises(UntrustedIdentity):
        await bob.session.directory.identity(user(alice))
    with pytest.raises(UntrustedIdentity):
        await bob.group_create("Trip", ["@alice"])
    server.statements[user(alice)].append(newest)
    await bob.group_create("Trip", ["@alice"])


async def test_statements_that_skip_or_repeat_a_version_are_refused(pair, people, server):
    alice, bob = pair
    keys = opened_vault(people, server, alice, "alice")
    assert isinstance(keys, VaultContent)
    true = list(server.statements[user(alice)])
    for version in (1, 3):
        server.statements[user(alice)] = list(true)
        state(server, dataclasses.replace(stated(server, alice), version=version), keys.root_seed)
        with pytest.raises(UntrustedIdentity):
            await bob.session.directory.identity(user(alice))


async def test_one_person_s_keys_stop_no_other_conversation(pair, people, server):
    """A forged statement where a commit asks for it is a typed refusal of that group alone."""
    alice, bob = pair
    trip = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await bob.sync()
    carol, mallory = await people.register("carol"), await people.register("mallory")
    await alice.group_add(trip, ["@carol"])
    server.statements[user(carol)] = server.statements[user(mallory)]
    await alice.send("@bob", "and yet")
    await bob.sync()
    assert await shown(bob) == ["and yet", "hello"]
    assert {person.username for person in bob.group_info(trip).members} == {"alice", "bob"}


# --- what the server keeps


async def test_archive_records_in_another_place_open_nothing(pair, people, server):
    """H8: each record is sealed to its person, conversation, generation and epoch."""
    alice, _bob = pair
    await alice.send((await alice.group_create("Trip", ["@bob"])).conversation_id, "in the group")
    await alice.settle()
    own = [key for key in server.archive if key[0] == user(alice)]
    kept = {key: server.archive[key] for key in own}
    server.archive.update(zip(own, [kept[key] for key in own[1:] + own[:1]], strict=True))
    phone = await people.restore("alice", "phone")
    assert await shown(phone) == []
    assert "history_incomplete" in notices(phone)
    server.archive.update(kept)
    assert await shown(await people.restore("alice", "tablet")) == ["hello", "in the group"]


async def test_a_withheld_archive_hides_and_forges_nothing(pair, people, server):
    _alice, _ = pair
    kept, server.archive = server.archive, {}
    phone = await people.restore("alice", "phone")
    assert await shown(phone) == []
    server.archive |= kept
    assert await shown(await people.restore("alice", "tablet")) == ["hello"]


async def test_a_contradiction_in_the_archive_is_an_alarm(pair, server):
    """H8: another record of the same epoch than this device made."""
    alice, _ = pair
    made = (await alice.group_create("Trip", [])).conversation_id
    for epoch in range(3):
        server.archive[user(alice), made, "0", str(epoch), "1"] = {"sealed": b64encode(b"another")}
    await alice.settle()
    assert "archive_conflict" in notices(alice)


async def test_a_changed_tag_of_a_commit_stops_a_restored_device(pair, people, server):
    """Who follows without secrets cannot check a commit's tags, and holds the log to the archive instead."""
    alice, _ = pair
    trip = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await alice.send(trip, "before")
    await alice.group_permissions(trip, {"name": "member"})
    await alice.send(trip, "after")
    await alice.settle()
    log = server.logs[trip]
    at = max(number for number, entry in enumerate(log.entries) if entry.type == "commit.created")
    changed = bytearray(b64decode(log.entries[at].commit))
    changed[-1] ^= 1
    log.entries[at] = msgspec.structs.replace(log.entries[at], commit=b64encode(bytes(changed)))
    phone = await people.restore("alice", "phone")
    assert "fork" in notices(phone)
    assert [c.status for c in phone.conversations() if c.conversation_id == trip] == ["forked"]


async def test_an_account_index_of_another_version_or_person_is_refused(pair, people, server):
    """H18: the list of what is private is sealed to its person and version."""
    alice, bob = pair
    await bob.settle()
    true = server.indexes[user(alice)]
    for number, false in enumerate(
        (server.indexes[user(bob)], {**true, "version": true["version"] + 1}, {**true, "sealed": "AAAA"})
    ):
        server.indexes[user(alice)] = false
        with pytest.raises(UntrustedGroup):
            await people.restore("alice", f"phone {number}")


# --- what members say


async def test_a_history_key_of_somebody_else_is_no_history_key(pair, people):
    """Own devices hand history keys on in note-to-self, and nobody does anywhere else."""
    alice, bob = pair
    where = alice.conversations()[0].conversation_id
    body = encode_handed_key(HistoryKey(9, bytes(32)))
    row = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=where, kind=KIND_HISTORY_KEY, body=body)
    await outbox.deliver_message(bob.session, row)
    await alice.sync()
    assert list(load_history_keys(alice.store)) == [1]

"""A lost device is locked out: what it and whoever copied its keys can still do, and what everybody else goes on doing."""

import asyncio
import contextlib
import time

import pytest
from hostile_people import P, certificate, device_of, enter_by_force, read_by, shown, signing_seed, user

from parley_client import outbox, upkeep
from parley_client.content.bodies import TextBody, encode
from parley_client.content.handing import encode_handed_key
from parley_client.content.kinds import KIND_SIGNING_KEY, KIND_TEXT
from parley_client.crypto.history import HistoryKey, HistoryKeySigner, new_history_key, seal_history_key
from parley_client.errors import (
    LockOutFailed,
    NetworkError,
    NotSignedIn,
    RecoveryKeyRefused,
    UntrustedIdentity,
    UsageError,
)
from parley_client.groups.judgement import certificate_in, leaves_of
from parley_client.lockout import following
from parley_client.store.conversations import load_conversation
from parley_client.store.documents import load_account
from parley_client.store.history import load_history_keys, save_handed_signing_key
from parley_client.store.queues import OutboxRow
from parley_client.sync.catch_up import catch_up
from parley_contracts.auth_api import Tokens
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7, self_conversation_id
from parley_contracts.policy import ANCHOR_EXTENSION_TYPE, POLICY_EXTENSION_TYPE
from parley_mls import Lifetime, PublicGroup, create_key_package, generate_signature_key


@pytest.fixture
async def home(people, no_pauses):
    """Alice with a laptop, a tablet and a phone that she loses, Bob, and their group and chat."""
    laptop, bob = await people.register("alice"), await people.register("bob")
    tablet, phone = await people.restore("alice", "tablet"), await people.restore("alice", "phone")
    where = (await laptop.group_create("Garden", ["@bob"])).conversation_id
    await laptop.send("@bob", "hello Bob")
    await laptop.send("@alice", "note")
    for client in (tablet, phone, bob, laptop):
        await client.sync()
    return laptop, tablet, phone, bob, where


async def lose(people, laptop, phone):
    await laptop.lock_out(phone.whoami().device_id, people.recovery_keys["alice"])
    await laptop.settle()


def groups_of(client):
    return {row.conversation_id: client.session.groups.load(row.conversation_id)[0] for row in rows(client)}


def rows(client):
    return [load_conversation(client.store, c.conversation_id) for c in client.conversations()]


def devices_in(client, where):
    return {leaf.device_id for leaf in leaves_of(groups_of(client)[where])}


def versions(client, where, user_id):
    certificates = [certificate_in(node.identity) for _, node in groups_of(client)[where].members()]
    return {c.device_id: c.statement_version for c in certificates if c.user_id == user_id}


async def test_the_lost_device_leaves_every_group_at_once(home, people, server):
    laptop, tablet, phone, bob, where = home
    assert all(phone.whoami().device_id in devices_in(laptop, each) for each in groups_of(laptop))
    await lose(people, laptop, phone)
    assert len(groups_of(laptop)) == 3
    for each in groups_of(laptop):
        assert phone.whoami().device_id not in devices_in(laptop, each)
    await asyncio.gather(bob.sync(), tablet.sync())
    assert phone.whoami().device_id not in devices_in(bob, where)
    with pytest.raises(NotSignedIn):
        await phone.sync()


async def test_everybody_else_goes_on(home, people, server):
    laptop, tablet, phone, bob, where = home
    await lose(people, laptop, phone)
    await tablet.sync()
    await tablet.settle()
    for speaker, text in ((laptop, "laptop"), (tablet, "tablet"), (bob, "bob")):
        await speaker.sync()
        await speaker.send(where, text)
        await speaker.send("@alice", f"direct {text}")
    everybody = (laptop, tablet, bob)
    for client in everybody:
        await client.sync()
        assert client.unopened() == {}
        assert {"laptop", "tablet", "bob", "hello Bob", "direct bob"} <= set(await shown(client))
    assert [notice for client in everybody for notice in client.notices()] == []


async def test_the_devices_kept_get_the_new_signing_key_and_the_lost_one_does_not(home, people, server):
    laptop, tablet, phone, bob, where = home
    before = signing_seed(laptop)
    await lose(people, laptop, phone)
    await tablet.sync()
    await tablet.settle()
    fresh = signing_seed(laptop)
    assert fresh != before == signing_seed(phone)
    assert signing_seed(tablet) == fresh
    assert load_account(tablet.store).statement_version == 2
    await tablet.group_permissions(where, {"name": "member"})
    await bob.sync()
    assert versions(bob, where, user(laptop)) == {laptop.whoami().device_id: 2, tablet.whoami().device_id: 2}
    newest = max(load_history_keys(laptop.store))
    assert newest in load_history_keys(tablet.store) and newest not in load_history_keys(phone.store)


async def test_a_device_comes_by_the_recovery_key_afterwards(home, people, server):
    laptop, tablet, phone, bob, where = home
    await lose(people, laptop, phone)
    await bob.send(where, "after the loss")
    await laptop.sync()
    await laptop.settle()
    found = await people.restore("alice", "new phone")
    await found.sync()
    assert {"after the loss", "hello Bob", "note"} <= set(await shown(found))
    await found.send(where, "from the new phone")
    for client in (bob, laptop, tablet):
        await client.sync()
        assert "from the new phone" in await shown(client)
    assert signing_seed(found) == signing_seed(laptop)


async def test_a_second_device_is_locked_out_by_another_one(home, people, server):
    laptop, tablet, phone, bob, where = home
    await lose(people, laptop, phone)
    await tablet.sync()
    await tablet.settle()
    await tablet.lock_out(laptop.whoami().device_id, people.recovery_keys["alice"])
    await tablet.settle()
    await bob.sync()
    assert devices_in(bob, where) == {tablet.whoami().device_id, bob.whoami().device_id}
    assert load_account(tablet.store).statement_version == 3
    found = await people.restore("alice", "third")
    assert await shown(found) == await shown(tablet)


# --- what a thief tries, with the server's help


async def ghosts_stay_out(server, bob, laptop, where, ghost, seed):
    log = server.logs[where]
    secret = enter_by_force(log, where, ghost, seed)
    await catch_up(bob.session, where)
    assert load_conversation(bob.store, where).status == "stuck"
    assert any(n.code == "commit_unusable" and "locked out" in n.detail for n in bob.notices())
    await bob.send(where, "without the ghost")
    assert ghost.device_id not in {leaf.device_id for leaf in leaves_of(groups_of(bob)[where])}
    assert load_conversation(bob.store, where).status == "member"
    assert read_by(log, [secret], [bob, laptop]) == []


async def test_a_ghost_by_the_stolen_signing_key_stays_out(home, people, server):
    """C1: whoever copied the phone's keys certifies a device of their own, and the server lets it in."""
    laptop, _tablet, phone, bob, where = home
    await lose(people, laptop, phone)
    await bob.sync()
    ghost, seed = device_of(user(laptop), signing_seed(phone))
    await ghosts_stay_out(server, bob, laptop, where, ghost, seed)


async def test_the_lost_device_does_not_come_back(home, people, server):
    laptop, _tablet, phone, bob, where = home
    await lose(people, laptop, phone)
    await bob.sync()
    lost = certificate_in(phone.session.device.certificate)
    await ghosts_stay_out(server, bob, laptop, where, lost, phone.session.device.device_secret)


async def test_what_the_lost_device_still_says_is_not_shown(home, people, server):
    laptop, _tablet, phone, bob, where = home
    session = next(s for s in server.sessions.values() if s["device"] == phone.whoami().device_id)
    await lose(people, laptop, phone)
    server.sessions |= {"stolen": session}
    phone.session.api.keep_tokens(Tokens("stolen", "r", 600))
    epoch = server.logs[where].epoch
    row = OutboxRow(client_id=new_uuid7(), conversation_id=where, kind=KIND_TEXT, body=encode(TextBody(text="ghost")))
    upload = outbox.seal(phone.session, load_conversation(phone.store, where), row, 99)
    server.logs[where].append(
        conversation_id=where,
        client_id=row.client_id,
        type="message.created",
        user_id=user(phone),
        device_id=phone.whoami().device_id,
        header=upload.header,
        ciphertext=upload.ciphertext,
        signature=upload.signature,
    )
    await bob.sync()
    assert "ghost" not in await shown(bob)
    assert bob.unopened() == {"sender_not_in_epoch": 1}
    assert server.logs[where].epoch == epoch


async def test_a_server_that_goes_on_listing_the_lost_device_changes_nothing(home, people, server):
    laptop, _tablet, phone, bob, _where = home
    listed = server.devices[user(laptop)][phone.whoami().device_id]
    server.end_device = lambda user_id, device_id: None
    await lose(people, laptop, phone)
    assert server.devices[user(laptop)][phone.whoami().device_id] == listed
    await bob.sync()
    made = (await bob.group_create("Another", ["@alice"])).conversation_id
    assert phone.whoami().device_id not in devices_in(bob, made)
    assert laptop.whoami().device_id in devices_in(bob, made)
    for each in groups_of(laptop):
        assert phone.whoami().device_id not in devices_in(laptop, each)


async def test_a_ghost_s_key_package_is_given_nothing(home, people, server):
    laptop, _tablet, phone, bob, _where = home
    await lose(people, laptop, phone)
    seed, key = generate_signature_key(P)
    ghost = certificate(signing_seed(phone), user_id=user(laptop), device_key=key)
    package = create_key_package(
        P,
        identity=ghost.encode(),
        signature_seed=seed,
        lifetime=Lifetime(int(time.time()) - 60, int(time.time()) + 24 * 3600),
        extension_types=[POLICY_EXTENSION_TYPE, ANCHOR_EXTENSION_TYPE],
    )
    listed = certificate(seed, user_id=user(laptop), device_key=key, device_id=ghost.device_id, version=2)
    server.devices[user(laptop)][ghost.device_id] = b64encode(listed.encode())
    server.key_packages[ghost.device_id] = [b64encode(package.key_package.to_bytes())]
    await bob.sync()
    made = (await bob.group_create("Another", ["@alice"])).conversation_id
    for _, group_info, _ in server.logs[made].states.values():
        leaves = leaves_of(PublicGroup.from_group_info(P, b64decode(group_info)))
        assert ghost.device_id not in {leaf.device_id for leaf in leaves}


async def test_a_history_key_by_the_stolen_signing_key_is_not_taken(home, people, server):
    """The server and the thief make the next history key, and wait for somebody to restore a device."""
    laptop, _tablet, phone, _bob, _where = home
    await lose(people, laptop, phone)
    statement = (await laptop.session.directory.identity(user(laptop))).statement
    keys = server.history_keys[user(laptop)]
    forged = new_history_key(max(keys) + 1)
    keys[forged.version] = b64encode(
        seal_history_key(
            P,
            forged,
            statement.recovery_key,
            signer=HistoryKeySigner(1, signing_seed(phone)),
            user_id=user(laptop),
            server_name="parley.test",
        )
    )
    found = await people.restore("alice", "new phone")
    assert forged.version not in load_history_keys(found.store)
    assert "hello Bob" in await shown(found)


async def test_the_old_vault_is_refused(home, people, server):
    laptop, _tablet, phone, _bob, _where = home
    old = server.vaults[user(laptop)]
    await lose(people, laptop, phone)
    server.vaults[user(laptop)] = old
    with pytest.raises(RecoveryKeyRefused):
        await people.restore("alice", "new phone")


async def test_a_statement_that_is_withheld_is_noticed(home, people, server):
    laptop, _tablet, phone, bob, _where = home
    await lose(people, laptop, phone)
    await bob.sync()
    server.statements[user(laptop)] = server.statements[user(laptop)][:1]
    for client in (laptop, bob):
        with pytest.raises(UntrustedIdentity):
            await client.session.directory.identity(user(laptop))


async def test_a_signing_key_that_no_statement_names_is_not_taken_up(home, people, server):
    """The phone, before it is locked out, hands a signing key of its own to the others."""
    laptop, tablet, phone, _bob, _where = home
    before = load_account(tablet.store)
    own = self_conversation_id(user(laptop))
    body = encode_handed_key(HistoryKey(2, bytes(32)))
    row = OutboxRow(client_id=new_uuid7(), conversation_id=own, kind=KIND_SIGNING_KEY, body=body)
    await outbox.deliver_message(phone.session, row)
    await tablet.sync()
    await tablet.settle()
    assert load_account(tablet.store) == before


async def test_a_signing_key_that_is_not_the_statement_s_is_not_taken_up(home, people, server):
    laptop, tablet, phone, _, _ = home
    await lose(people, laptop, phone)
    before = load_account(tablet.store)
    for version, secret in ((2, bytes(32)), (2, signing_seed(phone)), (3, signing_seed(laptop))):
        save_handed_signing_key(tablet.store, version, secret)
        await following._take_up(tablet.session)
        assert load_account(tablet.store) == before
    await tablet.sync()
    assert signing_seed(tablet) == signing_seed(laptop)


# --- what goes wrong on the way


async def test_a_wrong_recovery_key_changes_nothing(home, people, server):
    laptop, _tablet, phone, _bob, _where = home
    bobs = people.recovery_keys["bob"]
    for key in ("PARLEY-0000", bobs):
        with pytest.raises(RecoveryKeyRefused):
            await laptop.lock_out(phone.whoami().device_id, key)
    for device in (laptop.whoami().device_id, "phone"):
        with pytest.raises(UsageError):
            await laptop.lock_out(device, people.recovery_keys["alice"])
    assert len(server.statements[user(laptop)]) == 1
    await phone.sync()


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("/me/statements/", "lose_request"),
        ("/me/statements/", "lose_answer"),
        ("/me/devices/", "lose_answer"),
        ("/key-packages", "lose_request"),
        ("/commits/", "lose_answer"),
        ("/messages/", "lose_request"),
    ],
)
async def test_it_goes_on_after_a_crash(home, people, server, step, fault):
    laptop, tablet, phone, bob, where = home
    server.fault = lambda request: fault if step in request.path and request.method != "GET" else None
    with contextlib.suppress(NetworkError, TimeoutError):
        async with asyncio.timeout(0.5):
            await laptop.lock_out(phone.whoami().device_id, people.recovery_keys["alice"])
    server.fault = lambda request: None
    laptop = await people.reopen("alice", laptop)
    await laptop.sync()
    await upkeep.settle(laptop.session)
    await tablet.sync()
    await tablet.settle()
    await bob.sync()
    assert phone.whoami().device_id not in devices_in(bob, where)
    assert len(server.statements[user(laptop)]) == 2
    assert signing_seed(tablet) == signing_seed(laptop) != signing_seed(phone)
    await laptop.send(where, "goes on")
    await bob.sync()
    assert "goes on" in await shown(bob)


async def test_it_leaves_groups_too_of_which_the_others_hear_later(home, people, server):
    laptop, _, phone, bob, _ = home
    made = (await phone.group_create("Made on the phone", ["@bob"])).conversation_id
    await lose(people, laptop, phone)
    await laptop.sync()
    await bob.sync()
    assert phone.whoami().device_id not in devices_in(bob, made)
    assert versions(bob, made, user(laptop))[laptop.whoami().device_id] == 2


async def test_the_others_put_it_out_where_the_device_that_locked_it_out_is_gone_itself(home, people, server):
    laptop, tablet, phone, bob, where = home
    server.fault = lambda request: "lose_request" if "/commits/" in request.path else None
    with contextlib.suppress(NetworkError, TimeoutError):
        async with asyncio.timeout(0.5):
            await lose(people, laptop, phone)
    server.fault = lambda request: None
    server.end_device(user(laptop), laptop.whoami().device_id)
    await tablet.sync()
    await bob.sync()
    assert phone.whoami().device_id not in devices_in(bob, where)
    await tablet.lock_out(laptop.whoami().device_id, people.recovery_keys["alice"])
    assert load_account(tablet.store).statement_version == 3


async def test_devices_come_in_before_the_lost_one_is_out_of_the_group(home, people, server):
    """The device that locks out dies once the statement is made: who comes in from outside can put nobody out."""
    laptop, _, phone, bob, where = home
    server.fault = lambda request: "lose_request" if "/commits/" in request.path else None
    with contextlib.suppress(NetworkError, TimeoutError):
        async with asyncio.timeout(0.5):
            await lose(people, laptop, phone)
    server.fault = lambda request: None
    for profile in ("new phone", "new tablet"):
        found = await people.restore("alice", profile)
        await found.session.directory.fetch([user(laptop)])
    await bob.sync()
    assert bob.notices() == [] and versions(bob, where, user(laptop))[found.whoami().device_id] == 2
    await found.send(where, "from the new tablet")
    await bob.sync()
    assert phone.whoami().device_id not in devices_in(bob, where)
    assert "from the new tablet" in await shown(bob)


async def test_two_devices_lock_out_at_once(home, people, server):
    laptop, tablet, phone, bob, where = home
    key = people.recovery_keys["alice"]
    outcomes = await asyncio.gather(
        laptop.lock_out(phone.whoami().device_id, key),
        tablet.lock_out(phone.whoami().device_id, key),
        return_exceptions=True,
    )
    assert [type(o) for o in outcomes].count(LockOutFailed) <= 1
    for client in (laptop, tablet, laptop, bob):
        await client.sync()
        await client.settle()
    assert phone.whoami().device_id not in devices_in(bob, where)
    assert signing_seed(laptop) == signing_seed(tablet)

"""Somebody has lost every device and the recovery key: what they get back, by whose hand, and what stays closed."""

import asyncio

import msgspec
import pytest
from hostile_people import P, append_commit, enter_by_force, read_by, shown, user

from parley_client.errors import (
    AlreadySignedIn,
    IdentityChanged,
    NetworkError,
    NotLetInYet,
    NotSignedIn,
    RecoveryKeyRefused,
    SafetyNumberDiffers,
    UntrustedIdentity,
    UsageError,
)
from parley_client.groups.judgement import leaf_of, leaves_of, policy_extension
from parley_client.store.conversations import load_conversation
from parley_client.store.documents import load_account
from parley_client.store.history import load_history_keys
from parley_client.store.key_log import alarms
from parley_client.timeline import summary
from parley_contracts.encoding import b64encode
from parley_contracts.identity import DeviceCertificate
from parley_contracts.ids import direct_conversation_id, self_conversation_id
from parley_contracts.messaging_api import CLOSE_REVOKED
from parley_contracts.policy import RosterEntry, decode_policy
from parley_contracts.problems import PolicyRefused

WORDS = {"server": "https://parley.test", "ca_file": None, "password": "a long enough password"}


@pytest.fixture
async def home(people, no_pauses):
    """Alice with a group and a chat with Bob, Carol in the group, and a note that Bob wrote to himself."""
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    where = (await alice.group_create("Garden", ["@bob", "@carol"])).conversation_id
    await alice.send("@bob", "hello Bob")
    await alice.send(where, "hello all")
    for client in (bob, carol):
        await client.sync()
    await bob.send("@bob", "a note of before")
    await bob.send("@alice", "hello Alice")
    await alice.sync()
    return alice, bob, carol, where


async def lose_everything(people, name="bob"):
    """The person signs in on a new profile and begins anew."""
    client = people.open(f"{name} anew")
    answer = await client.begin_anew(username=name, **WORDS)
    people.recovery_keys[name] = answer.recovery_key
    client.forget_recovery_key()
    await client.sync()
    return client


async def notice(*clients):
    """They hear of it by the log of people's keys."""
    for client in clients:
        await client.session.directory.log.follow()
        await client.sync()


def people_in(client, where):
    member, _ = client.session.groups.load(where)
    return {leaf.user_id for leaf in leaves_of(member)}


def direct(one, other):
    return direct_conversation_id(user(one), user(other))


async def test_the_account_begins_anew_with_nothing_of_before(home, people, server):
    alice, bob, _, where = home
    before = people.recovery_keys["bob"]
    anew = await lose_everything(people)
    assert user(anew) == user(bob)
    assert anew.conversations() == [] and await shown(anew) == [] and anew.notices() == []
    assert set(anew.awaiting()) >= {where, direct(alice, bob)}
    assert set(load_history_keys(anew.store)) == {2 << 16}
    with pytest.raises(NotSignedIn):
        await bob.sync()
    for name in (where, direct(alice, bob)):
        assert server.logs[name].epoch == load_conversation(alice.store, name).epoch, "nobody came in by force"
    with pytest.raises(NotLetInYet):
        await anew.send("@alice", "it is me")
    await anew.send("@bob", "a new note")
    notes = self_conversation_id(user(anew), (await anew.session.directory.identity(user(anew))).later_root)
    assert [c.conversation_id for c in anew.conversations()] == [notes]
    people.recovery_keys["bob"], fresh = before, people.recovery_keys["bob"]
    with pytest.raises(RecoveryKeyRefused, match="begun anew"):
        await people.restore("bob", "by the old key")
    people.recovery_keys["bob"] = fresh
    tablet = await people.restore("bob", "tablet")
    await anew.sync()
    await anew.settle()
    await tablet.sync()
    assert await shown(tablet) == ["a new note"] and tablet.notices() == []
    await tablet.send("@bob", "by the tablet")
    await anew.sync()
    assert await shown(anew) == ["a new note", "by the tablet"] and anew.unopened() == {}


async def test_others_are_told_and_let_the_person_in_again_one_by_one(home, people):
    alice, bob, carol, where = home
    number = (await alice.safety_number("@bob")).number
    anew = await lose_everything(people)
    await notice(alice, carol)
    for client, place in ((alice, where), (alice, direct(alice, bob)), (carol, where)):
        assert user(bob) not in people_in(client, place), "the lost devices are out"
        assert summary(client.session, place).renewed == [user(bob)]
        assert "identity_changed" in {n.code for n in client.notices() if n.conversation_id == place}
    # In the group people go on; in the direct conversation nobody is there to read.
    await alice.send(where, "who is this?")
    with pytest.raises(IdentityChanged):
        await alice.send("@bob", "are you there?")
    with pytest.raises(IdentityChanged):
        await alice.let_in_again(where, "@bob")
    present = await alice.safety_number("@bob")
    assert present.changed and present.number != number
    with pytest.raises(SafetyNumberDiffers):
        await alice.accept_keys("@bob", number)
    assert not (await alice.accept_keys("@bob", present.number)).changed
    await anew.sync()
    assert [c.conversation_id for c in anew.conversations()] == [direct(alice, bob)]
    await alice.send("@bob", "welcome back")
    await alice.let_in_again(where, "@bob")
    await anew.sync()
    assert {c.name for c in anew.conversations()} == {"", "Garden"}
    assert not {where, direct(alice, bob)} & set(anew.awaiting())
    await anew.send(where, "here I am")
    await asyncio.gather(alice.sync(), carol.sync(), anew.sync())
    for client in (alice, carol):
        assert "here I am" in await shown(client) and client.unopened() == {}
        assert summary(client.session, where).renewed == []
    assert await shown(anew) == ["here I am", "welcome back"], "and nothing of before"
    await asyncio.gather(alice.settle(), carol.settle(), anew.settle())
    await anew.sync()
    assert await shown(anew) == ["here I am", "welcome back"]
    with pytest.raises(UsageError):
        await alice.let_in_again(where, "@bob")


async def test_who_looks_at_the_number_hears_of_new_keys_at_once(home, people):
    """Somebody was told by telephone; the log of people's keys would be asked within ten minutes."""
    alice, bob, _, where = home
    await alice.settle()
    anew, told = await lose_everything(people), []
    alice.subscribe(lambda event: told.append((event.name, event.params)))
    assert (await alice.safety_number("@bob")).changed
    for place in (where, direct(alice, bob)):
        assert ("conversation.changed", {"conversation_id": place}) in told
        assert user(bob) not in people_in(alice, place), "the lost devices are out"
    assert summary(alice.session, direct(alice, bob)).doubted == [user(bob)]
    assert (await anew.safety_number("@alice")).changed is False


async def test_comparing_lets_somebody_into_the_direct_conversation_again(home, people):
    alice, bob, _, where = home
    await alice.verify("@bob", (await bob.safety_number("@alice")).number)
    anew = await lose_everything(people)
    await notice(alice)
    assert (await alice.verify("@bob", (await anew.safety_number("@alice")).number)).verified
    await alice.send("@bob", "it is you")
    await anew.sync()
    await anew.send("@alice", "it is me")
    await asyncio.gather(alice.sync(), anew.sync())
    assert await shown(anew) == ["it is me", "it is you"] and "it is me" in await shown(alice)
    assert summary(alice.session, where).renewed == [user(bob)], "into the group by a word of its own"


async def test_only_who_may_add_people_lets_somebody_in_again(home, people, server):
    alice, bob, carol, where = home
    anew = await lose_everything(people)
    await notice(alice, carol)
    await carol.verify("@bob", (await anew.safety_number("@carol")).number)
    assert summary(carol.session, where).doubted == [], "whom she knows by now is not there yet"
    with pytest.raises(PolicyRefused):
        await carol.let_in_again(where, "@bob")
    await alice.accept_keys("@bob")
    await alice.let_in_again(where, "@bob")
    await carol.sync()
    assert user(bob) in people_in(carol, where)


async def test_who_was_verified_must_be_compared_or_taken_back_before_anything_is_written(home, people):
    alice, bob, carol, where = home
    await carol.verify("@bob", (await bob.safety_number("@carol")).number)
    anew = await lose_everything(people)
    await notice(alice, carol)
    await alice.accept_keys("@bob")
    await alice.let_in_again(where, "@bob")
    await carol.sync()
    assert summary(carol.session, where).doubted == [user(bob)]
    told = []
    carol.subscribe(lambda event: told.append((event.name, event.params)))
    with pytest.raises(IdentityChanged, match="bob has new keys"):
        await carol.send(where, "not to somebody else")
    other = await carol.safety_number("@bob")
    assert other.changed and not other.verified
    await anew.sync()
    theirs = (await anew.safety_number("@carol")).number
    assert theirs == other.number
    assert (await carol.verify("@bob", theirs)).verified
    assert summary(carol.session, where).doubted == []
    assert ("conversation.changed", {"conversation_id": where}) in told, "a screen that shows the group asks anew"
    await carol.send(where, "it is you")
    await anew.sync()
    assert "it is you" in await shown(anew)


async def test_what_one_device_accepted_the_others_of_the_person_know(home, people):
    alice, _, _, where = home
    tablet = await people.restore("alice", "tablet")
    await alice.sync()
    anew = await lose_everything(people)
    await notice(alice, tablet)
    await alice.accept_keys("@bob")
    await alice.sync_settings()
    await tablet.sync_settings()
    await tablet.sync()
    await tablet.send("@bob", "from the tablet")
    await tablet.let_in_again(where, "@bob")
    await anew.sync()
    assert await shown(anew) == ["from the tablet"]


async def test_a_device_that_is_new_asks_like_the_others(home, people):
    """It has never seen the old root key but in rosters; where it meets somebody for the first time, it asks nothing."""
    alice, *_ = home
    stranger = await people.register("dora")
    await alice.settle()
    await lose_everything(people)
    tablet = await people.restore("alice", "tablet")
    with pytest.raises(IdentityChanged):
        await tablet.group_create("Other", ["@bob"])
    assert (await tablet.safety_number("@bob")).changed
    await tablet.accept_keys("@bob")
    await tablet.group_create("Other", ["@bob"])
    await stranger.send("@bob", "a new friend")


async def test_it_goes_on_after_lost_answers(home, people, server):
    """Whichever answer is lost, the second try ends at the same keys."""
    alice, *_ = home
    client, lost = people.open("bob anew"), []

    def lose_each_once(request):
        place = (request.method, request.path.split("?")[0])
        if request.method in {"PUT", "POST"} and "/flows/" not in request.path and place not in lost:
            lost.append(place)
            return "lose_answer"
        return None

    server.fault = lose_each_once
    for _ in range(20):
        try:
            answer = await client.begin_anew(username="bob", **WORDS)
            break
        except NetworkError:
            client = await people.reopen("bob anew", client)
    server.fault = lambda request: None
    assert len(lost) >= 5 and ("POST", "/api/v1/auth/me/new-root") in lost
    assert len(server.statements[user(client)]) == 2, "one new root"
    assert client.pending_recovery_key() == answer.recovery_key
    await notice(alice)
    await alice.accept_keys("@bob")
    await client.sync()
    assert len(client.conversations()) == 1


async def test_a_device_that_has_the_keys_does_not_begin_anew(people, server):
    bob = await people.register("bob")
    with pytest.raises(AlreadySignedIn):
        await bob.begin_anew(username="bob", **WORDS)
    assert len(server.statements[user(bob)]) == 1
    await bob.sync()


async def test_on_a_device_that_was_signed_out_nothing_of_before_is_left(home, people, server):
    alice, bob, *_ = home
    bob.connect()
    await bob.connected()
    server.end_device(user(bob), bob.whoami().device_id)
    for socket in server.sockets[user(bob)]:
        socket.push(CLOSE_REVOKED)
    with pytest.raises(NotSignedIn):
        await bob.disconnected()
    assert "hello Bob" in await shown(bob)
    await bob.begin_anew(username="bob", **WORDS)
    await bob.sync()
    assert await shown(bob) == [] and bob.conversations() == []
    await notice(alice)
    await alice.accept_keys("@bob")
    bob.connect()
    await bob.connected()
    await alice.send("@bob", "again")
    async with asyncio.timeout(10):
        while "again" not in await shown(bob):
            await bob.sync()


async def test_the_recovery_key_is_found_after_all(home, people, server):
    """Nothing had been published yet: the profile becomes a device of the account as it was."""
    client = people.open("bob anew")
    server.fault = lambda request: "lose_request" if request.path.endswith("/new-root") else None
    with pytest.raises(NetworkError):
        await client.begin_anew(username="bob", **WORDS)
    server.fault = lambda request: None
    await client.login(**WORDS, username="bob", recovery_key=people.recovery_keys["bob"])
    assert client.pending_recovery_key() is None and load_account(client.store).statement_version == 1
    assert "hello Bob" in await shown(client)


async def test_twice_and_a_device_is_locked_out_in_between(home, people):
    alice, _, _, where = home
    await lose_everything(people)
    await people.restore("bob", "phone")
    again = people.open("bob third")
    people.recovery_keys["bob"] = (await again.begin_anew(username="bob", **WORDS)).recovery_key
    await notice(alice)
    await alice.accept_keys("@bob")
    await alice.let_in_again(where, "@bob")
    await again.sync()
    await again.send(where, "for the third time")
    tablet = await people.restore("bob", "tablet")
    await again.lock_out(tablet.whoami().device_id, people.recovery_keys["bob"])
    await again.send(where, "and locked out")
    await alice.sync()
    assert {"for the third time", "and locked out"} <= set(await shown(alice)) and alice.unopened() == {}


# --- a server that lies


async def forge_new_root(people, server, bob):
    """The server begins Bob's account anew by itself, while his own device goes on."""
    sessions, devices = dict(server.sessions), dict(server.devices[user(bob)])
    ghost = await lose_everything(people)
    server.sessions |= sessions
    server.devices[user(bob)] |= devices
    return ghost


async def test_a_new_root_of_the_server_gets_nothing_and_its_person_notices(home, people, server):
    """C3, whole: nothing is sealed to it before people let it in, and Bob's own device finds it in the log."""
    alice, bob, carol, where = home
    ghost = await forge_new_root(people, server, bob)
    for name in (where, direct(alice, bob)):
        assert load_conversation(ghost.store, name) is None, "groups pin the root key"
    with pytest.raises(UntrustedIdentity):
        await bob.session.directory.log.follow()
    assert [alarm.code for alarm in alarms(bob.store)] == ["own_keys"]
    with pytest.raises(UntrustedIdentity):
        await bob.session.directory.identity(user(bob))
    await notice(alice, carol)
    with pytest.raises(IdentityChanged):
        await alice.send("@bob", "a secret")
    await alice.send(where, "another secret")
    await ghost.sync()
    assert await shown(ghost) == []


async def test_a_new_root_does_not_come_in_by_force(home, people, server):
    """C3: an external commit of the ghost, which the server puts into the log."""
    alice, bob, carol, where = home
    ghost = await forge_new_root(people, server, bob)
    account = load_account(ghost.store)
    certificate = DeviceCertificate.decode(account.certificate)
    for name in (where, direct(alice, bob)):
        secret = enter_by_force(server.logs[name], name, certificate, account.device_secret)
        await alice.sync()
        assert certificate.device_id not in {leaf.device_id for leaf in leaves_of(alice.session.groups.load(name)[0])}
        said = [n.detail for n in alice.notices() if n.code == "commit_unusable" and n.conversation_id == name]
        assert len(said) == 1 and "pins another root key" in said[0]
        assert read_by(server.logs[name], [secret], [alice, bob, carol]) == []


async def test_an_admin_does_not_pin_an_earlier_root_again(home, people, server):
    """A thief of a lost device has an admin's help: the roster goes from one root key to a later one only."""
    alice, bob, carol, where = home
    lost = carol.session.directory.known(user(bob)).root_fingerprint
    anew = await lose_everything(people)
    await notice(alice)
    await alice.accept_keys("@bob")
    await alice.let_in_again(where, "@bob")
    await anew.sync()
    await carol.sync()
    member, _ = alice.session.groups.load(where)
    policy = decode_policy(load_conversation(alice.store, where).policy)
    back = tuple(
        RosterEntry(e.user_id, b64encode(lost), e.role) if e.user_id == user(bob) else e for e in policy.roster
    )
    document = msgspec.structs.replace(policy, roster=back).encode()
    gone = [index for index, node in member.members() if leaf_of(node).user_id == user(bob)]
    made = member.commit(P, remove=gone, extensions=[policy_extension(document)])
    who = (user(alice), alice.whoami().device_id)
    append_commit(server.logs[where], where, who, made.commit, document)
    await carol.sync()
    said = [n.detail for n in carol.notices() if n.code == "commit_unusable"]
    assert len(said) == 1 and "not a later one" in said[0]


async def test_a_new_root_that_is_hidden_is_of_no_use(home, people, server):
    """The server shows others the account as it was: nobody is let in, and the log of people's keys says that something is kept back."""
    alice, bob, _, where = home
    before = list(server.statements[user(bob)])
    anew = await lose_everything(people)
    after = server.statements[user(bob)]
    server.log_statements()
    server.statements[user(bob)] = before
    with pytest.raises(UntrustedIdentity):
        await alice.session.directory.log.follow()
        await alice.session.directory.identity(user(bob))
    with pytest.raises(UsageError):
        await alice.let_in_again(where, "@bob")
    server.statements[user(bob)] = after
    await notice(alice)
    await alice.accept_keys("@bob")
    await anew.sync()
    assert len(anew.conversations()) == 1

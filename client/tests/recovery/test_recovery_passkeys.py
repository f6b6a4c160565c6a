"""A passkey that stands for the recovery key: what it opens, and what a server, a thief of its tables or another passkey can make of it."""

import os
import random

import pytest
from hostile_people import user
from locked_profiles import quick_stretch
from sign_in_words import sign_in_words
from soft_passkeys import given

from parley_client.crypto.passkeys import PasskeyWrap, PasskeyWrapping
from parley_client.crypto.sealing import place_of
from parley_client.errors import AlreadySignedIn, RecoveryKeyRefused, RecoveryPasskeyRefused, UsageError
from parley_client.rpc import CallError, Rpc
from parley_contracts.encoding import b64encode
from parley_contracts.problems import SignInAgain
from parley_mls import CryptoError, default_primitives

SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
WORDS = sign_in_words("alice")
P = default_primitives()
CREDENTIAL, INSIDE = b"a credential's id", b"inside the passkey"


@pytest.fixture
async def alice(people, no_pauses):
    client = await people.register("alice")
    client.forget_recovery_key()
    await client.send("@alice", "before")
    await client.settle()
    return client


async def keep(people, client, name="alice", *, credential=CREDENTIAL, inside=INSIDE):
    options = await client.recovery_passkey_begin(people.recovery_keys[name])
    await client.recovery_passkey_keep(credential, given(options, inside))


async def come_in(client, *, inside=INSIDE, words=WORDS):
    options = await client.recovery_passkey_ask(**words)
    return await client.recovery_passkey_restore(given(options, inside))


async def texts(client):
    return [m.text for c in client.conversations() for m in await client.history(c.conversation_id)]


def refused(code):
    return pytest.raises(RecoveryPasskeyRefused, check=lambda error: error.code == code)


async def test_a_passkey_brings_back_everything_in_place_of_the_key(people, alice):
    await keep(people, alice)
    phone = people.open("phone")
    asked = (await phone.recovery_passkey_ask(**WORDS))["publicKey"]
    assert asked["allowCredentials"] == [{"type": "public-key", "id": b64encode(CREDENTIAL)}]
    assert asked["userVerification"] == "required"
    await phone.recovery_passkey_restore(given({"publicKey": asked}, INSIDE))
    assert await texts(phone) == ["before"]
    await phone.send("@alice", "after")
    assert sorted(await texts(await people.restore("alice", "tablet"))) == [
        "after",
        "before",
    ]  # the key works as before


async def test_one_that_gives_its_secret_only_when_asked_is_kept_as_well(people, alice):
    made = await alice.recovery_passkey_begin(people.recovery_keys["alice"])
    asked = alice.recovery_passkey_question(CREDENTIAL)
    assert asked["publicKey"]["extensions"] == made["publicKey"]["extensions"]
    assert made["publicKey"]["user"]["name"] == "alice (recovery key)"
    await alice.recovery_passkey_keep(CREDENTIAL, given(asked, INSIDE))
    phone = people.open("phone")
    await come_in(phone)
    assert await texts(phone) == ["before"]


async def test_without_one_and_with_another_nobody_comes_in(people, alice):
    phone = people.open("phone")
    with refused("none"):
        await phone.recovery_passkey_ask(**WORDS)
    await keep(people, alice)
    with refused("unopened"):
        await come_in(phone, inside=b"inside another one")
    await phone.recovery_passkey_restore(given(await phone.recovery_passkey_ask(**WORDS), INSIDE))
    assert await texts(phone) == ["before"]


async def test_a_later_one_takes_its_place_and_a_forgotten_one_opens_nothing(people, alice):
    await keep(people, alice)
    await keep(people, alice, credential=b"another", inside=b"inside another one")
    phone = people.open("phone")
    with refused("unopened"):
        await come_in(phone)
    await alice.recovery_passkey_forget()
    with refused("none"):
        await phone.recovery_passkey_ask(**WORDS)


async def test_it_ends_with_the_recovery_key_that_it_stands_for(people, alice):
    """The server forgets it; one that keeps it back and gives it nevertheless helps nobody."""
    await keep(people, alice)
    phone = people.open("phone")
    options = await phone.recovery_passkey_ask(**WORDS)
    earlier, vault = dict(people.server.recovery_passkeys), people.server.vaults[user(alice)]
    people.recovery_keys["alice"] = await alice.recovery_key_replace(people.recovery_keys["alice"])
    alice.forget_recovery_key()
    assert people.server.recovery_passkeys == {}
    with refused("unopened"):
        await phone.recovery_passkey_restore(given(options, INSIDE))
    people.server.recovery_passkeys |= earlier
    with refused("unopened"):
        await come_in(phone)
    people.server.vaults[user(alice)] = vault  # nor does the vault of then, which the passkey once opened
    with refused("unopened"):
        await come_in(phone)


async def test_the_old_vault_is_refused_even_by_the_right_wrap(people, alice):
    """A lock-out leaves the recovery key, so the wrap holds; a vault of before it does not."""
    await keep(people, alice)
    lost = (await people.restore("alice", "lost")).whoami().device_id
    old = people.server.vaults[user(alice)]
    await alice.lock_out(lost, people.recovery_keys["alice"])
    new, people.server.vaults[user(alice)] = people.server.vaults[user(alice)], old
    phone = people.open("phone")
    with pytest.raises(RecoveryKeyRefused):
        await come_in(phone)
    people.server.vaults[user(alice)] = new
    await come_in(phone)
    assert await texts(phone) == ["before"]


async def test_another_person_s_wrap_opens_nothing_though_the_passkey_is_the_same(people, alice):
    bob = await people.register("bob")
    await keep(people, bob, "bob")
    people.server.recovery_passkeys[user(alice)] = people.server.recovery_passkeys[user(bob)]
    with refused("unopened"):
        await come_in(people.open("phone"))


async def test_a_wrap_of_the_server_s_own_opens_no_vault(people, alice):
    """Somebody who knew what the passkey gives, and wrapped a key of their own for this very statement."""
    statement = (await alice.session.directory.identity(user(alice))).statement
    place = place_of(statement.server_name, statement.user_id).raw(statement.recovery_key).finish()
    salt = bytes(32)
    secret = given({"publicKey": {"extensions": {"prf": {"eval": {"first": b64encode(salt)}}}}}, INSIDE)
    wrap = PasskeyWrapping(P, "Parley Recovery Passkey 1", place).wrap(b"k" * 32, secret, salt)
    kept = {"credential": CREDENTIAL, "salt": salt, "wrap": wrap}
    people.server.recovery_passkeys[user(alice)] = {name: b64encode(value) for name, value in kept.items()}
    with pytest.raises(RecoveryKeyRefused):
        await come_in(people.open("phone"))


async def test_another_credential_or_salt_is_harmless(people, alice):
    """The browser asks whom the server names, and what comes of it opens nothing and goes nowhere."""
    await keep(people, alice)
    kept = people.server.recovery_passkeys[user(alice)]
    for name, value in (("credential", b"of the app lock"), ("salt", bytes(32))):
        people.server.recovery_passkeys[user(alice)] = kept | {name: b64encode(value)}
        phone, before = people.open(f"phone for {name}"), len(people.server.requests)
        options = await phone.recovery_passkey_ask(**WORDS)
        secret = given(options, INSIDE + (b"" if name == "salt" else b" of the app lock"))
        with refused("unopened"):
            await phone.recovery_passkey_restore(secret)
        assert not told(people.server.requests[before:], secret)


def told(requests, *secrets):
    """Whether any of these bytes went to the server, plain or in base64url."""
    sent = b"".join(request.body + request.path.encode() for request in requests)
    return any(
        form in sent for secret in secrets for form in (secret, b64encode(secret).encode(), secret.hex().encode())
    )


async def test_nothing_of_key_or_secret_reaches_the_server(people, alice):
    before = len(people.server.requests)
    options = await alice.recovery_passkey_begin(people.recovery_keys["alice"])
    secret = given(options, INSIDE)
    await alice.recovery_passkey_keep(CREDENTIAL, secret)
    await come_in(people.open("phone"))
    key, _ = await alice.recovery_key_opened(people.recovery_keys["alice"])
    assert told(people.server.requests[before:], CREDENTIAL)  # what it looks for, it finds
    assert not told(people.server.requests[before:], secret, key)


@pytest.mark.parametrize(
    "change", [{"salt": b"s"}, {"wrap": b"w" * 59}, {"credential": b""}, {"credential": b"c" * 1024}]
)
async def test_what_has_another_size_is_refused_before_anybody_is_asked(people, alice, change):
    await keep(people, alice)
    people.server.recovery_passkeys[user(alice)] |= {name: b64encode(value) for name, value in change.items()}
    with refused("malformed"):
        await people.open("phone").recovery_passkey_ask(**WORDS)


def test_every_changed_byte_is_refused(say_trials):
    """Each byte of wrap, salt, secret and place, one bit by the seed; the key comes out of none."""
    dice, tried = random.Random(SEED), 0
    right = {"place": b"server and person and key", "salt": bytes(range(32)), "secret": b"s" * 32}
    right["wrap"] = PasskeyWrapping(P, "Parley Recovery Passkey 1", right["place"]).wrap(
        b"k" * 32, right["secret"], right["salt"]
    )
    assert opened(**right) == b"k" * 32
    for name, data in right.items():
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << dice.randrange(8)
            with pytest.raises(CryptoError):
                opened(**right | {name: bytes(changed)})
            tried += 1
    with pytest.raises(CryptoError):
        opened(**right, label="Parley App Lock Passkey 1")
    say_trials(f"flips n={tried} seed={SEED}")
    assert tried == 25 + 32 + 32 + 60


def opened(*, place, salt, secret, wrap, label="Parley Recovery Passkey 1"):
    return PasskeyWrapping(P, label, place).unwrap(PasskeyWrap(CREDENTIAL, salt, wrap), secret)


async def test_only_the_account_s_own_key_is_kept(people, alice):
    await people.register("bob")
    with pytest.raises(RecoveryKeyRefused):
        await alice.recovery_passkey_begin(people.recovery_keys["bob"])
    with pytest.raises(UsageError, match="no passkey was begun"):
        await alice.recovery_passkey_keep(CREDENTIAL, bytes(32))
    await alice.recovery_passkey_begin(people.recovery_keys["alice"])
    alice.recovery_passkey_leave()
    with pytest.raises(UsageError, match="no passkey was begun"):
        alice.recovery_passkey_question(CREDENTIAL)
    assert people.server.recovery_passkeys == {}


async def test_recovery_words_do_as_well_as_the_key(people, alice, monkeypatch):
    monkeypatch.setattr("parley_client.platforms.stretching.stretch", quick_stretch)
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    options = await alice.recovery_passkey_begin(words)
    await alice.recovery_passkey_keep(CREDENTIAL, given(options, INSIDE))
    phone = people.open("phone")
    await come_in(phone)
    assert await texts(phone) == ["before"]


async def test_a_sign_in_that_is_too_old_is_renewed_without_another_passkey(people, alice):
    options = await alice.recovery_passkey_begin(people.recovery_keys["alice"])
    put, people.server._own_recovery_passkey = people.server._own_recovery_passkey, too_old
    with pytest.raises(SignInAgain):
        await alice.recovery_passkey_keep(CREDENTIAL, given(options, INSIDE))
    people.server._own_recovery_passkey = put
    await alice.recovery_passkey_keep(CREDENTIAL, given(options, INSIDE))
    await come_in(people.open("phone"))


def too_old(session, method, body):
    raise SignInAgain


async def test_a_device_that_is_one_already_needs_no_recovery_key(people, alice):
    await keep(people, alice)
    again = await people.reopen("alice", alice)
    assert await again.recovery_passkey_ask(**WORDS) is None
    with pytest.raises(UsageError, match="no passkey was asked"):
        await again.recovery_passkey_restore(bytes(32))
    phone = people.open("phone")
    options = await phone.recovery_passkey_ask(**WORDS)
    await phone.login(**WORDS, recovery_key=people.recovery_keys["alice"])
    with pytest.raises(AlreadySignedIn):
        await phone.recovery_passkey_restore(given(options, INSIDE))


async def test_one_that_was_signed_out_comes_back_as_a_new_device(people, alice):
    await keep(people, alice)
    phone = await people.restore("alice", "phone")
    before = phone.whoami().device_id
    people.server.end_device(user(alice), before)
    await come_in(phone)
    assert phone.whoami().device_id != before
    assert await texts(phone) == ["before"]


async def test_by_method_names(people, alice):
    rpc = Rpc(alice)
    begun = await rpc.call("recovery_passkey.begin", {"recovery_key": people.recovery_keys["alice"]})
    assert begun.options["publicKey"]["authenticatorSelection"]["residentKey"] == "preferred"
    credential = {"credential": b64encode(CREDENTIAL)}
    asked = await rpc.call("recovery_passkey.question", credential)
    secret = {"secret": b64encode(given(asked.options, INSIDE))}
    for wrong in ({"secret": b64encode(bytes(31))}, {"credential": ""}, {"secret": "!"}):
        with pytest.raises(CallError, check=lambda error: error.slug == "usage"):
            await rpc.call("recovery_passkey.keep", credential | secret | wrong)
    await rpc.call("recovery_passkey.keep", credential | secret)
    phone = Rpc(people.open("phone"))
    asked = await phone.call("recovery_passkey.ask", WORDS)
    came = await phone.call("recovery_passkey.restore", {"secret": b64encode(given(asked.options, INSIDE))})
    assert came.username == "alice"
    await rpc.call("recovery_passkey.forget", {})
    with pytest.raises(CallError, check=lambda error: error.slug == "recovery_passkey_refused"):
        await Rpc(people.open("tablet")).call("recovery_passkey.ask", WORDS)


def test_the_command_line_says_that_it_needs_a_browser_and_takes_it_away(run, register, server):
    register("alice")
    code, out, complaint = run("alice", "account", "recovery-passkey")
    assert (code, out) == (2, []) and "needs a browser" in complaint and "Recovery passkey" in complaint
    (user_id,) = server.statements
    server.recovery_passkeys[user_id] = {"credential": "Yw", "salt": "", "wrap": ""}
    assert run("alice", "account", "recovery-passkey", "--remove")[0] == 0
    assert server.recovery_passkeys == {}

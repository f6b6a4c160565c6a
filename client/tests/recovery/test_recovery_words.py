"""Recovery words: what they open, with the server's help alone, and what a server or a thief of its tables can make of them."""

import os
import random

import pytest
from locked_profiles import quick_stretch
from sign_in_words import sign_in_words

from parley_client.crypto.passphrases import new_passphrase
from parley_client.errors import RecoveryKeyRefused
from parley_client.recovery.words import DrawnWords, read_recovery
from parley_contracts.encoding import b64decode, b64encode

SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
WORDS = sign_in_words("alice")


@pytest.fixture
async def alice(people, monkeypatch):
    monkeypatch.setattr("parley_client.platforms.stretching.stretch", quick_stretch)
    client = await people.register("alice")
    await client.send("@alice", "before")
    await client.settle()
    return client


def refuse(phrase):
    return pytest.raises(RecoveryKeyRefused, match=phrase)


async def test_words_bring_back_everything_in_place_of_the_key(people, alice):
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    assert len(words.split()) == 6
    phone = people.open("phone")
    await phone.login(**WORDS, recovery_key=f"  {words.upper()} ")
    assert [m.text for c in phone.conversations() for m in await phone.history(c.conversation_id)] == ["before"]
    await people.restore("alice", "tablet")  # the key itself works as before


async def test_words_lock_a_device_out_and_hold_after_it(people, alice):
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    phone = await people.restore("alice", "phone")
    lost = phone.whoami().device_id
    await alice.lock_out(lost, words)
    tablet = people.open("tablet")
    await tablet.login(**WORDS, recovery_key=words)


async def test_other_words_and_none_are_refused(people, alice):
    phone = people.open("phone")
    with refuse("no recovery words"):
        await phone.login(**WORDS, recovery_key=new_passphrase())
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    with refuse("not the account's") as refused:
        await phone.login(**WORDS, recovery_key=new_passphrase())
    assert not any(word in str(refused.value) for word in words.split())
    with refuse("14 groups"):
        await phone.login(**WORDS, recovery_key=" ".join(words.split()[:5]))
    again = await alice.recovery_words_draw(words)  # who has the present ones may have others
    with refuse("not the account's"):
        await phone.login(**WORDS, recovery_key=words)
    await alice.recovery_words_forget()
    with refuse("no recovery words"):
        await phone.login(**WORDS, recovery_key=again)


async def test_words_that_are_the_password_too_are_refused_before_anything_is_sent(people, alice):
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    before = len(people.server.requests)
    with refuse("your password too"):
        await people.open("phone").login(**WORDS | {"password": f"{words} "}, recovery_key=words.upper())
    assert len(people.server.requests) == before


async def test_only_the_account_s_own_key_gets_words(people, alice):
    await people.register("bob")
    with pytest.raises(RecoveryKeyRefused):
        await alice.recovery_words_draw(people.recovery_keys["bob"])
    assert people.server.recovery_words == {}


async def test_a_copy_of_the_tables_is_not_enough(people, alice):
    """What lies in the database, served with another secret: even the right words open nothing."""
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    people.server.pepper_secret = "a thief's guess"
    with refuse("not the account's"):
        await people.open("phone").login(**WORDS, recovery_key=words)


async def test_another_person_s_wrap_opens_nothing(people, alice):
    bob = await people.register("bob")
    words = await bob.recovery_words_draw(people.recovery_keys["bob"])
    server = people.server
    server.recovery_words[alice.whoami().user_id] = server.recovery_words[bob.whoami().user_id]
    with refuse("not the account's"):
        await people.open("phone").login(**WORDS, recovery_key=words)


async def test_every_changed_byte_of_what_the_server_keeps_is_refused(people, alice, say_trials):
    """Each byte of wrap and salt, one bit by the seed, on the way to a device that signs in."""
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    kept = people.server.recovery_words[alice.whoami().user_id]
    dice, tried = random.Random(SEED), 0
    for name in ("salt", "wrap"):
        data = b64decode(kept[name])
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << dice.randrange(8)
            people.server.recovery_words[alice.whoami().user_id] = kept | {name: b64encode(bytes(changed))}
            with refuse("not the account's"):
                await alice.recovery_words_draw(words)
            tried += 1
    say_trials(f"flips n={tried} seed={SEED}")
    assert tried == 16 + 93


async def test_nothing_of_words_or_key_reaches_the_server(people, alice):
    before = len(people.server.requests)
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    sent = b"".join(request.body + request.path.encode() for request in people.server.requests[before:]).lower()
    assert len(people.server.requests) > before and b64decode(
        people.server.recovery_words[alice.whoami().user_id]["wrap"]
    )
    assert not any(word.encode() in sent for word in words.split() if len(word) > 4)


def test_words_and_keys_are_told_apart():
    words = new_passphrase()
    assert read_recovery(f" {words.title()}\n") == DrawnWords(words) and words not in repr(DrawnWords(words))
    for text in ("", "abacus " * 6, "PARLEY-0000", " ".join(words.split()[:5])):
        with pytest.raises(RecoveryKeyRefused):
            read_recovery(text)

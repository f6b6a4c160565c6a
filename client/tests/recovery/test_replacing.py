"""Another recovery key: what the earlier one and its words still open, what the new one opens, and what a crash leaves."""

import asyncio
import contextlib

import pytest
from hostile_people import user
from locked_profiles import quick_stretch
from sign_in_words import sign_in_words

from parley_client.errors import NetworkError, RecoveryKeyRefused
from parley_client.store.documents import load_account
from parley_client.store.history import load_history_keys

WORDS = sign_in_words("alice")


@pytest.fixture
async def alice(people, no_pauses, monkeypatch):
    monkeypatch.setattr("parley_client.platforms.stretching.stretch", quick_stretch)
    client = await people.register("alice")
    client.forget_recovery_key()
    await client.send("@alice", "before")
    await client.settle()
    return client


async def texts(client):
    return [m.text for c in client.conversations() for m in await client.history(c.conversation_id)]


async def replace(people, client):
    people.recovery_keys["alice"] = await client.recovery_key_replace(people.recovery_keys["alice"])
    client.forget_recovery_key()
    await client.settle()


async def test_the_new_key_opens_everything_and_the_earlier_one_nothing(people, alice):
    earlier = people.recovery_keys["alice"]
    tablet = await people.restore("alice", "tablet")
    first = max(load_history_keys(alice.store))
    await replace(people, alice)
    assert (
        max(load_history_keys(alice.store)) > first
    )  # what comes now is sealed under a history key that the earlier one never opens
    await alice.send("@alice", "after")
    await alice.settle()
    with pytest.raises(RecoveryKeyRefused):
        await people.open("a thief").login(**WORDS, recovery_key=earlier)
    phone = await people.restore("alice", "phone")
    assert sorted(await texts(phone)) == ["after", "before"]
    await tablet.sync()
    await tablet.settle()
    accounts = [load_account(client.store) for client in (alice, tablet, phone)]
    assert {(a.statement_version, a.signing_secret) for a in accounts} == {(2, accounts[0].signing_secret)}
    await replace(people, tablet)  # any device may, and as often as it is wanted
    laptop = await people.restore("alice", "laptop")
    assert sorted(await texts(laptop)) == ["after", "before"]


async def test_words_go_with_the_key_that_they_stand_for(people, alice):
    words = await alice.recovery_words_draw(people.recovery_keys["alice"])
    people.recovery_keys["alice"] = await alice.recovery_key_replace(words)  # who has them may replace the key, too
    alice.forget_recovery_key()
    with pytest.raises(RecoveryKeyRefused, match="no recovery words"):
        await people.open("a thief").login(**WORDS, recovery_key=words)
    again = await alice.recovery_words_draw(people.recovery_keys["alice"])
    phone = people.open("phone")
    await phone.login(**WORDS, recovery_key=again)
    assert await texts(phone) == ["before"]


async def test_another_key_replaces_nothing(people, alice):
    await people.register("bob")
    with pytest.raises(RecoveryKeyRefused):
        await alice.recovery_key_replace(people.recovery_keys["bob"])
    assert len(people.server.statements[user(alice)]) == 1


@pytest.mark.parametrize("fault", ["lose_request", "lose_answer"])
async def test_a_key_that_nobody_was_shown_is_shown_after_a_crash(people, alice, fault):
    """Nothing of it is lost, whether the server had heard of it or not; the same is given until it was shown."""
    people.server.fault = lambda request: fault if "/me/statements/" in request.path else None
    with contextlib.suppress(NetworkError, TimeoutError):
        async with asyncio.timeout(0.5):
            await alice.recovery_key_replace(people.recovery_keys["alice"])
    people.server.fault = lambda request: None
    again = await people.reopen("alice", alice)
    made = await again.recovery_key_replace(people.recovery_keys["alice"])
    assert again.pending_recovery_key() == made == await again.recovery_key_replace(made)
    assert len(people.server.statements[user(again)]) == 2
    again.forget_recovery_key()
    people.recovery_keys["alice"] = made
    assert await texts(await people.restore("alice", "phone")) == ["before"]


async def test_a_lock_out_goes_on_after_a_replacement_that_was_begun(people, alice):
    """One is not taken for the other: the earlier key is refused then, and the new one locks the device out."""
    phone = await people.restore("alice", "phone")
    people.server.fault = lambda request: "lose_request" if "/me/statements/" in request.path else None
    with contextlib.suppress(NetworkError, TimeoutError):
        async with asyncio.timeout(0.5):
            await alice.recovery_key_replace(people.recovery_keys["alice"])
    people.server.fault = lambda request: None
    with pytest.raises(RecoveryKeyRefused):
        await alice.lock_out(phone.whoami().device_id, people.recovery_keys["alice"])
    await alice.lock_out(phone.whoami().device_id, alice.pending_recovery_key())
    assert list(people.server.devices[user(alice)]) == [alice.whoami().device_id]

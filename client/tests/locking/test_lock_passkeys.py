"""A passkey that opens an app lock besides the passphrase: what it gives is a secret of 32 bytes (PRF), played here by a hash."""

import os
import random

import pytest
from locked_devices import SECRET, alice, read  # noqa: F401 - a fixture
from locked_profiles import PASSPHRASE, P, lock_of
from soft_passkeys import given

from parley_client.crypto.passkeys import PasskeyWrap, PasskeyWrapping
from parley_client.errors import UsageError, WrongPassphrase
from parley_client.locking.lock import LockSettings
from parley_contracts.encoding import b64encode
from parley_mls import CryptoError

SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
CREDENTIAL = b"a credential's id"


def answer(options):
    return b64encode(given(options, b"inside the passkey"))


async def added(caller):
    await caller("lock.set", passphrase=PASSPHRASE, idle_s=600)
    begun = await caller("lock.passkey.begin")
    given = {"credential": b64encode(CREDENTIAL), "salt": begun["salt"]}
    asked = await caller("lock.passkey.ask", **given)
    await caller("lock.passkey.add", passphrase=PASSPHRASE, secret=answer(asked["options"]), **given)


async def test_a_passkey_opens_the_lock_and_so_does_the_passphrase(alice):  # noqa: F811
    await added(alice)
    assert (await alice("lock"))["passkey"]
    for _ in range(2):
        await alice("lock.now")
        asked = (await alice("lock.passkey.ask"))["options"]
        assert asked["publicKey"]["allowCredentials"] == [{"type": "public-key", "id": b64encode(CREDENTIAL)}]
        assert await alice.refused("lock.passkey.unlock", secret=b64encode(bytes(32))) == "wrong_passphrase"
        await alice("lock.passkey.unlock", secret=answer(asked))
        assert await read(alice) == [SECRET]
        await alice("lock.change", passphrase=PASSPHRASE, new=PASSPHRASE)  # the passkey goes on opening
    await alice("lock.now")
    await alice("lock.unlock", passphrase=PASSPHRASE)
    await alice("lock.passkey.remove")
    await alice("lock.now")
    assert await alice.refused("lock.passkey.unlock", secret=answer(asked)) == "usage"
    assert await alice.refused("lock.passkey.ask") == "usage"
    assert not (await alice("lock"))["passkey"]


async def test_adding_one_takes_the_passphrase_and_an_open_lock(alice):  # noqa: F811
    await added(alice)
    begun = await alice("lock.passkey.begin")
    made = {"credential": b64encode(CREDENTIAL), "salt": begun["salt"], "secret": b64encode(bytes(32))}
    assert await alice.refused("lock.passkey.add", passphrase="wrong one", **made) == "wrong_passphrase"
    for name, value in (
        ("secret", b64encode(bytes(31))),
        ("salt", b64encode(b"s")),
        ("credential", ""),
        ("secret", "!"),
    ):
        assert await alice.refused("lock.passkey.add", passphrase=PASSPHRASE, **made | {name: value}) == "usage"
    await alice("lock.now")
    assert await alice.refused("lock.passkey.remove") == "profile_locked"
    assert await alice.refused("lock.passkey.begin") == "profile_locked"


def test_a_lock_that_was_put_on_anew_knows_no_passkey(tmp_path):
    lock = lock_of(tmp_path)
    lock.open()
    lock.set(PASSPHRASE, LockSettings())
    lock.add_passkey(PASSPHRASE, CREDENTIAL, bytes(32), b"s" * 32)
    lock.remove()
    lock.set(PASSPHRASE, LockSettings())
    assert lock.passkey is None
    lock.lock()
    with pytest.raises(UsageError):
        lock.unlock_by_passkey(b"s" * 32)
    with pytest.raises(WrongPassphrase):
        lock.open("wrong one")
    lock.close()


def test_every_changed_byte_of_its_wrap_is_refused(say_trials):
    salt, secret = bytes(range(32)), b"s" * 32
    wrapping, dice = PasskeyWrapping(P, "Parley App Lock Passkey 1"), random.Random(SEED)
    wrap = wrapping.wrap(b"k" * 32, secret, salt)
    assert wrapping.unwrap(PasskeyWrap(CREDENTIAL, salt, wrap), secret) == b"k" * 32
    for name, data in (("wrap", wrap), ("salt", salt)):
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << dice.randrange(8)
            parts = {"wrap": wrap, "salt": salt} | {name: bytes(changed)}
            with pytest.raises(CryptoError):
                wrapping.unwrap(PasskeyWrap(CREDENTIAL, **parts), secret)
    say_trials(f"flips n={len(wrap) + len(salt)} seed={SEED}")

"""The app lock of a profile: what it seals, what opens it, and what a crash, a thief or a changed byte makes of it."""

import os
import random

import pytest
from crashing import Crash
from locked_profiles import PASSPHRASE, Clock, DyingProfile, P, files_with, lock_of

from parley_client.errors import (
    ProfileLocked,
    StoreDamaged,
    TooManyTries,
    UsageError,
    WeakPassphrase,
    WrongPassphrase,
)
from parley_client.locking.lock import FREE_TRIES, LockSettings, lock_settings
from parley_client.platforms.sqlite import SqliteProfile
from parley_client.store.schema import migrate
from parley_client.store.sealed import IMAGE_AGE_S, JOURNAL_SIZE_BYTES, create_sealed, open_sealed_store

SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
MARKERS = (b"before the lock was set", b"and after it", b"people whom somebody knows")


def write(store, text):
    store.execute("INSERT INTO drafts VALUES (?, ?)", (f"draft {text}", text))


def texts(store):
    return sorted(text for (text,) in store.execute("SELECT text FROM drafts"))


def locked(folder, clock=None):
    """A profile with a lock, closed; its drafts are `one` and `two`."""
    lock = lock_of(folder, clock)
    write(lock.open(), "one")
    write(lock.set(PASSPHRASE, LockSettings()), "two")
    lock.close()


def test_nothing_can_be_read_of_a_locked_profile(tmp_path):
    lock = lock_of(tmp_path)
    store = lock.open()
    write(store, MARKERS[0].decode())
    store.execute("INSERT INTO people (user_id, username) VALUES ('u', ?)", (MARKERS[2].decode(),))
    lock.lock()
    assert files_with(tmp_path, MARKERS[0]) and files_with(tmp_path, MARKERS[2])  # the search finds what is there
    lock.open()
    write(lock.set(PASSPHRASE, LockSettings()), MARKERS[1].decode())
    for marker in (*MARKERS, b"drafts", PASSPHRASE.encode()):  # also while it is open
        assert files_with(tmp_path, marker) == []
    lock.close()
    for marker in MARKERS:
        assert files_with(tmp_path, marker) == []


def test_only_the_passphrase_opens(tmp_path):
    locked(tmp_path)
    lock = lock_of(tmp_path)
    with pytest.raises(ProfileLocked):
        lock.open()
    with pytest.raises(WrongPassphrase):
        lock.open("correct horse batter")
    store = lock.open(f"  {PASSPHRASE} ")  # a space that a keyboard added is no other passphrase
    assert texts(store) == ["one", "two"] and lock_settings(store) == LockSettings()
    lock.close()


@pytest.mark.parametrize("passphrase", ["short", "x" * 257, "  a b c  "])
def test_what_hinders_nobody_is_refused(tmp_path, passphrase):
    lock = lock_of(tmp_path)
    store = lock.open()
    with pytest.raises(WeakPassphrase) as refused:
        lock.set(passphrase, LockSettings())
    assert passphrase not in str(refused.value)
    write(store, "still open")
    with pytest.raises(UsageError):
        lock.set(PASSPHRASE, LockSettings(5))
    assert not (tmp_path / "sealed.db").exists()
    lock.close()


def test_more_than_memory_holds_is_not_sealed(tmp_path, monkeypatch):
    monkeypatch.setattr("parley_client.locking.lock.IMAGE_SIZE_BYTES_MAX", 100_000)
    lock = lock_of(tmp_path)
    store = lock.open()
    write(store, "one")
    with pytest.raises(UsageError):
        lock.set(PASSPHRASE, LockSettings())
    write(store, "two")
    assert texts(store) == ["one", "two"] and not (tmp_path / "sealed.db").exists()
    lock.close()


def test_wrong_passphrases_wait_longer_and_longer(tmp_path):
    clock = Clock()
    locked(tmp_path, clock)
    lock = lock_of(tmp_path, clock)
    waits = []
    for _ in range(FREE_TRIES + 9):
        with pytest.raises(WrongPassphrase):
            lock.open("wrong")
        try:
            lock.open("wrong")
        except TooManyTries as early:
            waits.append(early.retry_after_s)
            lock.lock()  # another process is no way round it
            with pytest.raises(TooManyTries):
                lock.open(PASSPHRASE)
            clock.now += early.retry_after_s
        except WrongPassphrase:
            waits.append(0)
    assert waits[:4] == [0, 0, 30, 60] and waits == sorted(waits) and waits[-1] == 3600
    assert texts(lock.open(PASSPHRASE)) == ["one", "two"]
    lock.lock()
    with pytest.raises(WrongPassphrase):  # who came in begins anew
        lock.open("wrong")
    lock.close()


def test_a_clock_that_was_turned_back_keeps_nobody_out_for_ever(tmp_path):
    clock = Clock()
    locked(tmp_path, clock)
    lock = lock_of(tmp_path, clock)
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPassphrase):
            lock.open("wrong")
    clock.now -= 1_000_000
    with pytest.raises(TooManyTries) as early:
        lock.open(PASSPHRASE)
    assert early.value.retry_after_s <= 30
    lock.close()


def test_the_passphrase_is_changed_and_the_lock_taken_off(tmp_path):
    locked(tmp_path)
    lock = lock_of(tmp_path)
    lock.open(PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        lock.change("wrong", "another passphrase")
    lock.change(PASSPHRASE, "another passphrase")
    lock.lock()
    with pytest.raises(WrongPassphrase):
        lock.open(PASSPHRASE)
    lock.open("another passphrase")
    store = lock.remove()
    assert texts(store) == ["one", "two"] and lock_settings(store) is None and not lock.is_set
    lock.close()
    assert not (tmp_path / "sealed.db").exists()
    lock = lock_of(tmp_path)
    assert texts(lock.open()) == ["one", "two"]
    with pytest.raises(UsageError):
        lock.change(PASSPHRASE, "another passphrase")
    lock.close()


def test_who_has_forgotten_it_begins_anew(tmp_path):
    locked(tmp_path)
    lock = lock_of(tmp_path)
    store = lock.forget()
    assert texts(store) == [] and not lock.is_set
    write(store, "three")
    lock.close()
    lock = lock_of(tmp_path)
    assert texts(lock.open()) == ["three"]
    lock.close()


def test_a_long_journal_becomes_an_image(tmp_path):
    locked(tmp_path)
    lock = lock_of(tmp_path)
    store = lock.open(PASSPHRASE)
    write(store, "x" * (JOURNAL_SIZE_BYTES + 50_000))
    store.execute("DELETE FROM drafts WHERE text LIKE 'x%'")
    lock.close()
    large = (tmp_path / "sealed.db").stat().st_size
    lock = lock_of(tmp_path)
    lock.open(PASSPHRASE)
    assert lock._outer.execute("SELECT count(*) FROM journal") == [(0,)]
    lock.close()
    lock = lock_of(tmp_path)
    assert texts(lock.open(PASSPHRASE)) == ["one", "two"]
    lock.close()
    assert large > JOURNAL_SIZE_BYTES


def test_what_was_deleted_is_gone_from_the_journal_within_a_day(tmp_path):
    clock = Clock()
    locked(tmp_path, clock)
    for passed_s, left in ((IMAGE_AGE_S - 1, 1), (1, 0)):
        clock.now += passed_s
        lock = lock_of(tmp_path, clock)
        lock.open(PASSPHRASE)
        assert lock._outer.execute("SELECT count(*) FROM journal") == [(left,)]
        lock.close()


def operate(lock, kind):
    if kind == "set":
        write(lock.open(), MARKERS[0].decode())
        lock.set(PASSPHRASE, LockSettings())
    else:
        lock.open(PASSPHRASE)
        lock.remove()


@pytest.mark.parametrize("kind", ["set", "remove"])
def test_a_crash_leaves_the_profile_locked_or_not(tmp_path, kind, say_trials):
    """At each step: what was stored is there, whole, behind the lock or in the clear; and nothing in the clear beside a lock."""
    outcomes, step = [], 1
    while True:
        folder, left = tmp_path / f"{kind} {step}", tmp_path / f"left {kind} {step}"
        profile = DyingProfile(folder, left)
        lock = lock_of(folder, profile=profile)
        if kind == "remove":
            write(lock.open(), MARKERS[0].decode())
            lock.set(PASSPHRASE, LockSettings())
            lock.lock()
        profile.step = profile.count + step
        try:
            operate(lock, kind)
        except Crash:
            pass
        else:
            break
        finally:
            profile.step = 0
            lock.close()
        found = lock_of(left)
        outcomes.append(found.is_set)
        assert texts(found.open(PASSPHRASE if found.is_set else None)) == [MARKERS[0].decode()]
        assert not (outcomes[-1] and files_with(left, MARKERS[0]))
        found.close()
        step += 1
    say_trials(f"crashes n={step - 1}")
    assert outcomes == sorted(outcomes, reverse=kind == "remove") and set(outcomes) == {True, False}


def test_every_changed_byte_of_what_is_sealed_is_refused_with_its_cause(tmp_path, say_trials):
    """All bytes of the salt and of the journal, of the image 200 by the seed; the wrap's are in `hostile/test_every_byte.py`."""
    profile, key = SqliteProfile(tmp_path), bytes(range(32))
    memory = profile.open_memory(b"")
    migrate(memory)
    outer = profile.open_memory(b"")
    write(create_sealed(P, key, outer, memory, now=0), "one")
    dice, causes, tried = random.Random(SEED), {}, 0
    for table, column in (("image", "salt"), ("chunks", "sealed"), ("journal", "sealed")):
        ((row, data),) = outer.execute(f"SELECT rowid, {column} FROM {table}")
        for place in range(len(data)) if len(data) < 1000 else dice.sample(range(len(data)), 200):
            changed = bytearray(data)
            changed[place] ^= 1 << dice.randrange(8)
            outer.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(changed), row))
            with pytest.raises(StoreDamaged) as refused:
                open_sealed_store(P, key, outer, profile, now=0)
            causes.setdefault(table, set()).add(refused.value.code)
            tried += 1
        outer.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (data, row))
    say_trials(f"flips n={tried} seed={SEED}")
    assert causes == {"image": {"image"}, "chunks": {"image"}, "journal": {"journal"}}
    assert texts(open_sealed_store(P, key, outer, profile, now=0)) == ["one"]
    profile.close()


def test_a_damaged_lock_says_so(tmp_path):
    locked(tmp_path)
    lock = lock_of(tmp_path)
    assert lock.is_set
    lock._outer.execute("UPDATE lock SET wrap = substr(wrap, 2)")
    with pytest.raises(StoreDamaged) as refused:
        lock.open(PASSPHRASE)
    assert refused.value.code == "wrap"
    lock.close()


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("DELETE FROM chunks", "image"),
        ("DELETE FROM image", "image"),
        ("UPDATE image SET size = size - 1", "image"),
        ("UPDATE journal SET number = 7", "journal"),
        ("INSERT INTO journal SELECT number + 1, sealed FROM journal", "journal"),
        ("UPDATE journal SET sealed = (SELECT sealed FROM chunks)", "journal"),
    ],
)
def test_what_is_missing_or_moved_is_refused(tmp_path, sql, code):
    locked(tmp_path)
    lock = lock_of(tmp_path)
    assert lock.is_set
    lock._outer.execute(sql)
    with pytest.raises(StoreDamaged) as refused:
        lock.open(PASSPHRASE)
    assert refused.value.code == code
    lock.close()

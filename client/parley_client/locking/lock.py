"""The lock of one profile: what puts it on, opens it, changes it and takes it off.

    store key = 32 random bytes, for as long as the lock is on
    wrap      = `crypto.wraps` of it under "Parley App Lock 1", beside what `store.sealed` keeps

A passkey may open the lock besides the passphrase (`crypto.passkeys`, under "Parley App Lock Passkey 1"): one that is made for this lock
alone, and that no server knows.

Invariants: where there is a whole sealed database it counts, and one in the clear beside it is erased; a try is counted before the
passphrase is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from parley_client.crypto.passkeys import PasskeyWrap, PasskeyWrapping
from parley_client.crypto.passphrases import PassphraseError, require_own
from parley_client.crypto.sealing import KEY_SIZE_BYTES
from parley_client.crypto.wraps import WrapError, Wrapping
from parley_client.errors import (
    ProfileLocked,
    StoreDamaged,
    TooManyTries,
    UsageError,
    WeakPassphrase,
    WrongPassphrase,
)
from parley_client.platforms.stretching import Stretch
from parley_client.store import documents
from parley_client.store.port import ImagedStore, Profile, Store
from parley_client.store.schema import migrate
from parley_client.store.sealed import IMAGE_SIZE_BYTES_MAX, SealedStore, create_sealed, open_sealed_store
from parley_mls import CryptoError, Primitives

#: How many wrong passphrases cost nothing but their stretching; after that each waits twice as long as the last, up to the most.
FREE_TRIES: Final = 5
_FIRST_WAIT_S, _WAIT_S_MAX = 30, 3600
IDLE_S_DEFAULT: Final = 15 * 60
IDLE_S_MIN, IDLE_S_MAX = 60, 7 * 24 * 3600
_LABEL: Final = "Parley App Lock 1"
_PASSKEY_LABEL: Final = "Parley App Lock Passkey 1"
_DOCUMENT: Final = "app_lock"
_TABLES: Final = (
    "CREATE TABLE lock (wrap BLOB NOT NULL, failures INTEGER NOT NULL, tried_at INTEGER NOT NULL)",
    "CREATE TABLE passkey (credential BLOB NOT NULL, salt BLOB NOT NULL, wrap BLOB NOT NULL)",
)


class LockSettings(msgspec.Struct, frozen=True):
    """What the store knows of the lock over it: after how many seconds without its person it closes, 0 for never."""

    idle_s: int = IDLE_S_DEFAULT


def lock_settings(store: Store) -> LockSettings | None:
    """The settings of the lock over a store, None where there is none."""
    return documents.load(store, _DOCUMENT, LockSettings)


class AppLock:
    """The lock of a profile that this process holds. Times are the clock's, in seconds."""

    def __init__(self, profile: Profile, primitives: Primitives, stretch: Stretch, clock: Callable[[], float]) -> None:
        self._profile, self._p, self._clock = profile, primitives, clock
        self._wrapping = Wrapping(primitives, stretch, _LABEL)
        self._passkeys = PasskeyWrapping(primitives, _PASSKEY_LABEL)
        self._outer: Store | None = None
        self._plain: ImagedStore | None = None
        self._sealed: SealedStore | None = None

    @property
    def store(self) -> Store | None:
        """What is open."""
        return self._sealed or self._plain

    @property
    def is_set(self) -> bool:
        """Whether a passphrase is needed to open the profile."""
        return self._find_outer() is not None

    def open(self, passphrase: str | None = None) -> Store:
        """The store; `ProfileLocked`, and what `unlock` raises."""
        if self._find_outer() is None:
            if passphrase is not None:
                raise UsageError("this profile has no app lock: leave the passphrase out")
            self._plain = self._profile.open_plain()
            return self._plain
        if passphrase is None:
            raise ProfileLocked("this profile is locked: its passphrase opens it")
        return self.unlock(passphrase)

    def unlock(self, passphrase: str) -> Store:
        """The store behind the lock; `WrongPassphrase`, `TooManyTries`, `StoreDamaged`."""
        outer = self._required_outer()
        return self._unsealed(outer, self._store_key(outer, passphrase))

    def unlock_by_passkey(self, secret: bytes) -> Store:
        """The store behind the lock, by what its passkey gives; `WrongPassphrase`, `StoreDamaged`. Nobody guesses 32 random bytes."""
        passkey = self.passkey
        if passkey is None:
            raise UsageError("no passkey opens this profile")
        try:
            store_key = self._passkeys.unwrap(passkey, secret)
        except CryptoError as error:
            raise WrongPassphrase("this passkey does not open this device") from error
        return self._unsealed(self._required_outer(), store_key)

    @property
    def passkey(self) -> PasskeyWrap | None:
        """The passkey that opens the lock besides the passphrase."""
        rows = self._required_outer().execute("SELECT credential, salt, wrap FROM passkey")
        return PasskeyWrap(*rows[0]) if rows else None

    def add_passkey(self, passphrase: str, credential: bytes, salt: bytes, secret: bytes) -> None:
        """Have a passkey open the lock, too, in place of any other one; `WrongPassphrase`, `TooManyTries`."""
        outer = self._required_outer()
        wrap = self._passkeys.wrap(self._store_key(outer, passphrase), secret, salt)
        with outer.transaction():
            outer.execute("DELETE FROM passkey")
            outer.execute("INSERT INTO passkey VALUES (?, ?, ?)", (credential, salt, wrap))

    def remove_passkey(self) -> None:
        """Have no passkey open the open lock any more."""
        if self._sealed is None:
            raise ProfileLocked("this profile is locked, or has no lock")
        self._required_outer().execute("DELETE FROM passkey")

    def _unsealed(self, outer: Store, store_key: bytes) -> Store:
        self._sealed = open_sealed_store(self._p, store_key, outer, self._profile, now=self._now())
        migrate(self._sealed)
        return self._sealed

    def set(self, passphrase: str, settings: LockSettings) -> Store:
        """Put a lock on, and give the store that takes the present one's place; `WeakPassphrase`, `UsageError`. The old one is closed."""
        if self._plain is None:
            raise UsageError("this profile has an app lock already")
        require_lockable(passphrase, settings)
        image = self._plain.image()
        if len(image) > IMAGE_SIZE_BYTES_MAX:
            raise UsageError("this device keeps more than a lock can hold: it all has to fit into memory")
        memory = self._profile.open_memory(image)
        documents.save(memory, _DOCUMENT, settings)
        self._profile.drop_sealed()
        outer = self._profile.open_sealed()
        try:
            self._sealed = self._seal(outer, memory, passphrase)
        except BaseException:
            outer.close()
            memory.close()
            raise
        plain, self._plain, self._outer = self._plain, None, outer
        plain.close()
        self._profile.drop_plain()
        return self._sealed

    def _seal(self, outer: Store, memory: ImagedStore, passphrase: str) -> SealedStore:
        """All of it in one transaction: before its end the one in the clear counts, after it the sealed one."""
        store_key = self._p.random(KEY_SIZE_BYTES)
        wrap = self._wrapping.wrap(store_key, passphrase, b"")
        with outer.transaction():
            for table in _TABLES:
                outer.execute(table)
            outer.execute("INSERT INTO lock VALUES (?, 0, 0)", (wrap,))
            return create_sealed(self._p, store_key, outer, memory, now=self._now())

    def change(self, passphrase: str, new: str) -> None:
        """Another passphrase over the same store; `WrongPassphrase`, `TooManyTries`, `WeakPassphrase`.

        Whoever has an older copy of the profile opens that by the older passphrase.
        """
        outer = self._required_outer()
        require_lockable(new, LockSettings())
        wrap = self._wrapping.wrap(self._store_key(outer, passphrase), new, b"")
        outer.execute("UPDATE lock SET wrap = ?", (wrap,))

    def set_idle(self, settings: LockSettings) -> None:
        """After how long the open lock closes."""
        if self._sealed is None:
            raise ProfileLocked("this profile is locked, or has no lock")
        _check_idle(settings)
        documents.save(self._sealed, _DOCUMENT, settings)

    def require(self, passphrase: str) -> None:
        """Hold somebody to the passphrase of the lock; `WrongPassphrase`, `TooManyTries`."""
        self._store_key(self._required_outer(), passphrase)

    def remove(self) -> Store:
        """Take the open lock off, and give the store in the clear. The old one is closed."""
        if self._sealed is None:
            raise ProfileLocked("this profile is locked, or has no lock")
        memory = self._profile.open_memory(self._sealed.image())
        documents.remove(memory, _DOCUMENT)
        self._profile.write_plain(memory.image())
        memory.close()
        self.lock()
        self._profile.drop_sealed()
        return self.open()

    def forget(self) -> Store:
        """Erase everything, and give an empty store: for whoever has forgotten the passphrase, and after signing out."""
        self.lock()
        self._profile.drop_sealed()
        self._profile.drop_plain()
        return self.open()

    def lock(self) -> None:
        """Close what is open; from now on a lock that is set wants its passphrase."""
        stores = (self._sealed or self._outer, self._plain)
        self._sealed = self._outer = self._plain = None
        for store in stores:
            if store is not None:
                store.close()

    def close(self) -> None:
        """Close what is open, and let others have the profile."""
        self.lock()
        self._profile.close()

    def _find_outer(self) -> Store | None:
        """The sealed database, opened, where it is whole; one that was not finished is erased, and so is what it replaced."""
        if self._outer is None and self._plain is None and self._profile.has_sealed():
            outer = self._profile.open_sealed()
            if outer.execute("SELECT name FROM sqlite_schema WHERE name = 'lock'"):
                self._profile.drop_plain()
                self._outer = outer
            else:
                outer.close()
                self._profile.drop_sealed()
        return self._outer

    def _required_outer(self) -> Store:
        outer = self._find_outer()
        if outer is None:
            raise UsageError("this profile has no app lock")
        return outer

    def _store_key(self, outer: Store, passphrase: str) -> bytes:
        ((wrap, failures, tried_at),) = outer.execute("SELECT wrap, failures, tried_at FROM lock")
        now = self._now()
        wait_s = _wait_s(failures)
        left_s = min(wait_s, tried_at + wait_s - now)
        if left_s > 0:
            raise TooManyTries(left_s)
        outer.execute("UPDATE lock SET failures = ?, tried_at = ?", (failures + 1, now))
        try:
            store_key = self._wrapping.unwrap(wrap, passphrase, b"")
        except WrapError as error:
            if error.code == "passphrase":
                raise WrongPassphrase("this is not the passphrase of this device") from error
            raise StoreDamaged("wrap", "the lock itself is damaged: sign in again by the recovery key") from error
        outer.execute("UPDATE lock SET failures = 0")
        return store_key

    def _now(self) -> int:
        return int(self._clock())


def _wait_s(failures: int) -> int:
    """How long to wait after so many wrong passphrases in a row."""
    if failures < FREE_TRIES:
        return 0
    return min(_FIRST_WAIT_S << min(failures - FREE_TRIES, 16), _WAIT_S_MAX)


def require_lockable(passphrase: str, settings: LockSettings) -> None:
    """Refuse what no lock is made of; `WeakPassphrase`, `UsageError`."""
    try:
        require_own(passphrase)
    except PassphraseError as error:
        raise WeakPassphrase(str(error)) from error
    _check_idle(settings)


def _check_idle(settings: LockSettings) -> None:
    if settings.idle_s and not IDLE_S_MIN <= settings.idle_s <= IDLE_S_MAX:
        raise UsageError(f"a lock closes after {IDLE_S_MIN} seconds to 7 days, or with 0 only when the app does")

"""CPython: sqlite3 in a profile directory, HTTPS by httpx, OpenSSL, Pillow."""

from __future__ import annotations

import time
from pathlib import Path

from parley_client.client import Client, NetworkFactory
from parley_client.errors import ClientError
from parley_client.locking.gate import Gate
from parley_client.locking.lock import AppLock
from parley_client.platforms.files import native_tools
from parley_client.platforms.https import HttpsNetwork
from parley_client.platforms.sqlite import SqliteProfile
from parley_client.platforms.stretching import stretch
from parley_client.store.port import Store
from parley_mls import Primitives, default_primitives


def open_client(
    profile: Path,
    *,
    network: NetworkFactory | None = None,
    primitives: Primitives | None = None,
    passphrase: str | None = None,
) -> Client:
    """A device in a profile directory, made where it is missing; `ProfileInUse` where another process has it.

    Where its app lock is set, the passphrase opens it: `ProfileLocked`, `WrongPassphrase`, `TooManyTries`, `StoreDamaged`.
    """
    lock = open_lock(profile, primitives)
    try:
        store = lock.open(passphrase)
    except ClientError:
        lock.close()
        raise
    return Client(store, network or HttpsNetwork, primitives or default_primitives(), native_tools(), let_go=lock.close)


def open_lock(profile: Path, primitives: Primitives | None = None) -> AppLock:
    """The lock of a profile directory; `ProfileInUse`."""
    return AppLock(SqliteProfile(profile), primitives or default_primitives(), stretch, time.time)


def open_gate(profile: Path, *, network: NetworkFactory | None = None) -> Gate:
    """A device in a profile directory behind its app lock; `ProfileInUse`."""

    def begin(store: Store) -> Client:
        return Client(store, network or HttpsNetwork, default_primitives(), native_tools(), let_go=lambda: None)

    return Gate(open_lock(profile), default_primitives(), begin, clock=time.time)

"""The store on CPython: one SQLite file in a profile directory that one process holds at a time.

Invariant: the directory is 0700 and the file 0600, for it holds secrets; what a transaction stored survives a crash.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from parley_client.errors import NetworkError, ProfileInUse, UsageError
from parley_client.store.port import Row, SqlValue
from parley_client.store.schema import migrate

LOCK_TIMEOUT_S = 10.0
_LOCK_RETRY_S = 0.05


class SqliteStore:
    """A profile's database, opened exclusively."""

    def __init__(self, profile: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        """Open or make the profile; `ProfileInUse` where another process keeps it longer than the time-out."""
        try:
            profile.mkdir(mode=0o700, parents=True, exist_ok=True)
            profile.chmod(0o700)
            self._lock = _lock(profile / "lock", lock_timeout_s)
            path = profile / "client.db"
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise UsageError(f"the profile directory {profile} cannot be used: {error.strerror}") from error
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._depth = 0
        migrate(self)

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[Row]:
        """Run one statement and return its rows; `NetworkError` for a number that no row can hold."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except OverflowError as error:  # only a server that lies tells of so many
            raise NetworkError("protocol", "the server's answer makes no sense") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Store what happens inside together; an inner transaction joins the outer one."""
        if self._depth:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    def close(self) -> None:
        """Fold the write-ahead log in and let the next process have the profile."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        os.close(self._lock)


def _lock(path: Path, timeout_s: float) -> int:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                raise ProfileInUse("another process is using this profile") from None
            time.sleep(_LOCK_RETRY_S)
        else:
            return handle

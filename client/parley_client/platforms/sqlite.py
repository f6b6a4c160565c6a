"""The store on CPython: SQLite files in a profile directory that one process holds at a time.

Invariant: the directory is 0700 and its files 0600, for they hold secrets; what a transaction stored survives a crash.
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
_PLAIN, _SEALED = "client.db", "sealed.db"
_BESIDES = ("-wal", "-shm", "-journal")
_ZEROS = bytes(1024 * 1024)


class SqliteDatabase:
    """One database, in a file or in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._depth = 0

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

    def image(self) -> bytes:
        """The database as SQLite writes it to a file. Outside a transaction."""
        self._connection.execute("PRAGMA journal_mode=DELETE")  # an image that expects a log opens nowhere else
        return self._connection.serialize()

    def close(self) -> None:
        """Fold the write-ahead log in."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()


class SqliteProfile:
    """A profile directory, held exclusively."""

    def __init__(self, path: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        """Hold or make the directory; `ProfileInUse` where another process keeps it longer than the time-out."""
        self._path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
            self._lock = _lock(path / "lock", lock_timeout_s)
        except OSError as error:
            raise _unusable(path, error) from error

    def has_sealed(self) -> bool:
        """Whether there is a sealed database, whole or not."""
        return (self._path / _SEALED).exists()

    def open_plain(self) -> SqliteDatabase:
        """The database in the clear, with its tables."""
        database = SqliteDatabase(self.connect(_PLAIN))
        migrate(database)
        return database

    def open_sealed(self) -> SqliteDatabase:
        """The database that holds sealed bytes alone."""
        return SqliteDatabase(self.connect(_SEALED))

    def open_memory(self, image: bytes) -> SqliteDatabase:
        """A database in memory, with the contents of an image."""
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if image:
            connection.deserialize(image)
        for pragma in (
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):  # a sort that goes to a file would leave it in the clear
            connection.execute(f"PRAGMA {pragma}")
        return SqliteDatabase(connection)

    def write_plain(self, image: bytes) -> None:
        """Make the database in the clear of an image: all of it or nothing."""
        fresh = self._path / f"{_PLAIN}.new"
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            file.write(image)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path / _PLAIN)
        self._sync()

    def drop_plain(self) -> None:
        """Erase the database in the clear: written over, then unlinked. What a disk keeps besides, nobody reaches from here."""
        self._drop(_PLAIN)

    def drop_sealed(self) -> None:
        """Erase the sealed database."""
        self._drop(_SEALED)

    def close(self) -> None:
        """Let the next process have the profile."""
        os.close(self._lock)

    def connect(self, name: str) -> sqlite3.Connection:
        """The file of that name, made where it is missing."""
        path = self._path / name
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise _unusable(self._path, error) from error
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _drop(self, name: str) -> None:
        for path in [self._path / f"{name}{end}" for end in (*_BESIDES, ".new", "")]:
            if path.exists():
                _overwrite(path)
                path.unlink()
        self._sync()

    def _sync(self) -> None:
        """Have the directory itself on disk."""
        handle = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class SqliteStore(SqliteDatabase):
    """A profile's database in the clear, opened with its directory and closed with it."""

    def __init__(self, profile: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        """Open or make the profile; `ProfileInUse` where another process keeps it longer than the time-out."""
        self._profile = SqliteProfile(profile, lock_timeout_s=lock_timeout_s)
        super().__init__(self._profile.connect(_PLAIN))
        migrate(self)

    def close(self) -> None:
        """Fold the write-ahead log in and let the next process have the profile."""
        super().close()
        self._profile.close()


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        left = file.seek(0, os.SEEK_END)
        file.seek(0)
        while left > 0:
            left -= file.write(_ZEROS[:left])
        file.flush()
        os.fsync(file.fileno())


def _unusable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"the profile directory {path} cannot be used: {error.strerror}")


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

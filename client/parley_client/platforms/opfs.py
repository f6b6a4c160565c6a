"""The store in a browser: SQLite on the origin private file system, by the `parley_bridge` of `app/web/src/database.js`.

Invariant: one worker holds a profile's files at a time; what a transaction stored survives the end of the page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import parley_bridge
from pyodide.ffi import JsException, to_js

from parley_client.errors import ProfileInUse
from parley_client.store.port import Row, SqlValue
from parley_client.store.schema import migrate

LOCK_TIMEOUT_S = 10.0
_LOCK_RETRY_S = 0.1
#: How the browser says that somebody else has the files.
_TAKEN = frozenset({"InvalidStateError", "NoModificationAllowedError"})
_PLAIN, _SEALED = "/client.db", "/sealed.db"


async def open_profile(profile: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> OpfsProfile:
    """Hold a profile's files; `ProfileInUse` where another worker keeps them longer than the time-out."""
    deadline = time.monotonic() + lock_timeout_s
    while True:
        try:
            return OpfsProfile(await parley_bridge.open_pool(profile))
        except JsException as error:
            if error.name not in _TAKEN:
                raise
            if time.monotonic() >= deadline:
                raise ProfileInUse("another tab is using this profile") from error
        # The worker of a tab that was just closed gives its files back a little later.
        await asyncio.sleep(_LOCK_RETRY_S)


class OpfsStore:
    """One database, in a file or in memory."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._depth = 0

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[Row]:
        """Run one statement and return its rows."""
        rows = self._database.execute(sql, to_js(list(parameters)) if parameters else None)
        if rows is None:
            return []
        return [tuple(map(_plain, row)) for row in rows.to_py()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Store what happens inside together; an inner transaction joins the outer one."""
        if self._depth:
            yield
            return
        self.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction():
                self.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    def image(self) -> bytes:
        """The database as SQLite writes it to a file. Outside a transaction."""
        return bytes(self._database.image().to_bytes())

    def close(self) -> None:
        """Close the file, or forget what is in memory."""
        self._database.close()


class OpfsProfile:
    """A profile's files, held exclusively."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def has_sealed(self) -> bool:
        """Whether there is a sealed database, whole or not."""
        return bool(self._pool.has(_SEALED))

    def open_plain(self) -> OpfsStore:
        """The database in the clear, with its tables."""
        store = OpfsStore(self._pool.open(_PLAIN))
        migrate(store)
        return store

    def open_sealed(self) -> OpfsStore:
        """The database that holds sealed bytes alone."""
        return OpfsStore(self._pool.open(_SEALED))

    def open_memory(self, image: bytes) -> OpfsStore:
        """A database in memory, with the contents of an image."""
        return OpfsStore(self._pool.open_memory(to_js(image)))

    def write_plain(self, image: bytes) -> None:
        """Make the database in the clear of an image: all of it or nothing."""
        self._pool.write(_PLAIN, to_js(image))

    def drop_plain(self) -> None:
        """Erase the database in the clear: the browser cuts its file off, and what it does with the bytes nobody reaches from here."""
        self._pool.remove(_PLAIN)

    def drop_sealed(self) -> None:
        """Erase the sealed database."""
        self._pool.remove(_SEALED)

    def close(self) -> None:
        """Give the files back, so that another worker may have the profile."""
        self._pool.close()


def _plain(value: Any) -> SqlValue:
    """A value as sqlite3 would give it: a blob is a memoryview of its copy here, a large number a class of Pyodide's."""
    if isinstance(value, memoryview):
        return bytes(value)
    return int(value) if isinstance(value, int) else value

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


async def open_store(profile: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> OpfsStore:
    """Open or make a profile; `ProfileInUse` where another worker keeps it longer than the time-out."""
    deadline = time.monotonic() + lock_timeout_s
    while True:
        try:
            return OpfsStore(await parley_bridge.open_database(profile))
        except JsException as error:
            if error.name not in _TAKEN:
                raise
            if time.monotonic() >= deadline:
                raise ProfileInUse("another tab is using this profile") from error
        # The worker of a tab that was just closed gives its files back a little later.
        await asyncio.sleep(_LOCK_RETRY_S)


class OpfsStore:
    """A profile's database, opened exclusively."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._depth = 0
        migrate(self)

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

    def close(self) -> None:
        """Give the files back, so that another worker may have the profile."""
        self._database.close()


def _plain(value: Any) -> SqlValue:
    """A value as sqlite3 would give it: a blob is a memoryview of its copy here, a large number a class of Pyodide's."""
    if isinstance(value, memoryview):
        return bytes(value)
    return int(value) if isinstance(value, int) else value

"""What the client core needs of a database: SQL, and transactions. CPython's sqlite3 and the browser's sqlite-wasm both fit.

Invariant: everything between the enter and the exit of `transaction` is stored together or not at all, and no `await`
stands between them (one connection serves all tasks).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

SqlValue = str | int | bytes | None
Row = tuple[Any, ...]


class Store(Protocol):
    """A synchronous SQLite connection."""

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[Row]:
        """Run one statement and return its rows."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Store what happens inside together; an inner transaction joins the outer one."""
        ...

    def close(self) -> None:
        """Give the database back."""
        ...

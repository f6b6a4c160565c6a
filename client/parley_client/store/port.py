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


class ImagedStore(Store, Protocol):
    """A database that can be had as a whole: a file of its own, or one in memory."""

    def image(self) -> bytes:
        """The database as SQLite writes it to a file, without a write-ahead log. Outside a transaction."""
        ...


class Profile(Protocol):
    """Where one device's data lies, as a platform gives it: two databases of which the sealed one counts where it is whole.

    Held by one process, or worker, until `close`.
    """

    def has_sealed(self) -> bool:
        """Whether there is a sealed database, whole or not."""
        ...

    def open_plain(self) -> ImagedStore:
        """The database in the clear, with its tables, made where it is missing."""
        ...

    def open_sealed(self) -> Store:
        """The database that holds sealed bytes alone, made where it is missing."""
        ...

    def open_memory(self, image: bytes) -> ImagedStore:
        """A database in memory, with the contents of an image; empty bytes are an empty database."""
        ...

    def write_plain(self, image: bytes) -> None:
        """Make the database in the clear of an image; while this is under way, the sealed one counts."""
        ...

    def drop_plain(self) -> None:
        """Erase the database in the clear, as far as the medium lets anybody erase; it is closed."""
        ...

    def drop_sealed(self) -> None:
        """Erase the sealed database, which is closed."""
        ...

    def close(self) -> None:
        """Let others have the profile."""
        ...

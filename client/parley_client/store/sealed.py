"""A store whose every byte on disk is sealed: the database is in memory, and below it lie its sealed image and a sealed journal.

    key     = ExpandWithLabel(store key, "Parley Store 1", salt, 32)                     salt[16], random, of each image
    chunk   = Seal(key, uint8 1 ‖ uint64 number ‖ uint8 last, up to 1 MiB of the image)  numbers from 0
    record  = Seal(key, uint8 2 ‖ uint64 number, msgpack of [[sql, parameters], …])      numbers from 1, one for each transaction

Invariants: a transaction's record is on disk before the transaction is in memory; a new image replaces the old one and the journal in
one transaction. An older copy of the whole is not recognised as older: nothing on this device could tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, seal
from parley_client.errors import StoreDamaged, StoreErrorCode
from parley_client.store.port import ImagedStore, Profile, Row, SqlValue, Store
from parley_mls import CryptoError, Primitives, Writer, expand_with_label

CHUNK_SIZE_BYTES: Final = 1024 * 1024
#: Two million messages; SQLite itself holds twice as much in memory.
IMAGE_SIZE_BYTES_MAX: Final = 512 * 1024 * 1024
#: How much a journal may hold before the next opening makes a new image of it, besides an eighth of the image.
JOURNAL_SIZE_BYTES: Final = 256 * 1024
#: How long an image may stand while a journal goes on: what was deleted meanwhile is in both, sealed.
IMAGE_AGE_S: Final = 24 * 3600
_LABEL: Final = "Parley Store 1"
_SALT_SIZE_BYTES: Final = 16
_CHUNK, _RECORD = 1, 2
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS image (salt BLOB NOT NULL, size INTEGER NOT NULL, made_at INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS chunks (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL)",
)


class SealedStore:
    """`Store`, whose outer database holds nothing but sealed bytes."""

    def __init__(self, primitives: Primitives, store_key: bytes, outer: Store, memory: ImagedStore) -> None:
        """Over a memory that is what `outer` holds; see `create_sealed` and `open_sealed_store`."""
        self._p, self._store_key = primitives, store_key
        self._outer, self._memory = outer, memory
        self._key = b""
        self._number = 0
        self._pending: list[tuple[str, tuple[SqlValue, ...]]] = []
        self._depth = 0

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[Row]:
        """Run one statement and return its rows."""
        if not _changes(sql):
            return self._memory.execute(sql, parameters)
        with self.transaction():
            rows = self._memory.execute(sql, parameters)
            self._pending.append((sql, tuple(parameters)))
            return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Store what happens inside together; an inner transaction joins the outer one."""
        if self._depth:
            yield
            return
        self._depth = 1
        try:
            with self._memory.transaction():
                yield
                self._keep()
        finally:
            self._depth, self._pending = 0, []

    def image(self) -> bytes:
        """The database in the clear."""
        return self._memory.image()

    def close(self) -> None:
        """Forget what is in memory."""
        self._memory.close()
        self._outer.close()
        self._store_key = self._key = b""

    def write_image(self, now: int) -> None:
        """Seal all that is in memory anew, in place of image and journal."""
        image, salt = self._memory.image(), self._p.random(_SALT_SIZE_BYTES)
        key = _key(self._p, self._store_key, salt)
        with self._outer.transaction():
            for table in _TABLES:
                self._outer.execute(table)
            for name in ("image", "chunks", "journal"):
                self._outer.execute(f"DELETE FROM {name}")  # noqa: S608 - our own names
            self._outer.execute("INSERT INTO image VALUES (?, ?, ?)", (salt, len(image), now))
            for number, start in enumerate(range(0, len(image), CHUNK_SIZE_BYTES)):
                end = start + CHUNK_SIZE_BYTES
                sealed = self._seal(key, _chunk_place(number, last=end >= len(image)), image[start:end])
                self._outer.execute("INSERT INTO chunks VALUES (?, ?)", (number, sealed))
        self._key, self._number = key, 0

    def replay(self) -> tuple[int, int]:
        """Bring memory to where the journal ends; its size in bytes, and when the image was made. `StoreDamaged`."""
        ((salt, _, made_at),) = self._outer.execute("SELECT salt, size, made_at FROM image")
        self._key, size = _key(self._p, self._store_key, salt), 0
        rows = self._outer.execute("SELECT number, sealed FROM journal ORDER BY number")
        for expected, (number, sealed) in enumerate(rows, start=1):
            if number != expected:
                raise _damaged("journal")
            record = _opened(self._p, self._key, sealed, _record_place(number), "journal")
            with self._memory.transaction():
                for sql, parameters in msgspec.msgpack.decode(record, type=list[tuple[str, list[Any]]]):
                    self._memory.execute(sql, parameters)
            self._number, size = number, size + len(sealed)
        return size, made_at

    def _keep(self) -> None:
        if not self._pending:
            return
        number = self._number + 1
        record = self._seal(self._key, _record_place(number), msgspec.msgpack.encode(self._pending))
        self._outer.execute("INSERT INTO journal VALUES (?, ?)", (number, record))
        self._number = number

    def _seal(self, key: bytes, place: bytes, plaintext: bytes) -> bytes:
        return seal(self._p, key, self._p.random(NONCE_SIZE_BYTES), plaintext, place)


def create_sealed(
    primitives: Primitives, store_key: bytes, outer: Store, memory: ImagedStore, *, now: int
) -> SealedStore:
    """Seal what is in memory into an empty outer database; the caller's transaction may hold more."""
    store = SealedStore(primitives, store_key, outer, memory)
    store.write_image(now)
    return store


def open_sealed_store(
    primitives: Primitives, store_key: bytes, outer: Store, profile: Profile, *, now: int
) -> SealedStore:
    """The store behind a sealed database; `StoreDamaged` where one byte of it is another, or a part is missing."""
    image = _read_image(primitives, store_key, outer)
    store = SealedStore(primitives, store_key, outer, profile.open_memory(image))
    journal_size, made_at = store.replay()
    old = journal_size > 0 and not 0 <= now - made_at < IMAGE_AGE_S
    if old or journal_size > JOURNAL_SIZE_BYTES + len(image) // 8:
        store.write_image(now)
    return store


def _read_image(p: Primitives, store_key: bytes, outer: Store) -> bytes:
    states = outer.execute("SELECT salt, size FROM image")
    if len(states) != 1:
        raise _damaged("image")
    salt, size = states[0]
    key = _key(p, store_key, salt)
    rows = outer.execute("SELECT number, sealed FROM chunks ORDER BY number")
    image = bytearray()
    for expected, (number, sealed) in enumerate(rows):
        if number != expected:
            raise _damaged("image")
        image += _opened(p, key, sealed, _chunk_place(number, last=number + 1 == len(rows)), "image")
    if not rows or len(image) != size:
        raise _damaged("image")
    return bytes(image)


def _changes(sql: str) -> bool:
    """Whether a statement may change something: all but SELECT and PRAGMA that only ask."""
    first = sql.lstrip()[:6].upper()
    return first != "SELECT" and not (first == "PRAGMA" and "=" not in sql)


def _key(p: Primitives, store_key: bytes, salt: bytes) -> bytes:
    return expand_with_label(p, store_key, _LABEL, salt, KEY_SIZE_BYTES)


def _chunk_place(number: int, *, last: bool) -> bytes:
    return Writer().uint8(_CHUNK).uint64(number).uint8(last).finish()


def _record_place(number: int) -> bytes:
    return Writer().uint8(_RECORD).uint64(number).finish()


def _opened(p: Primitives, key: bytes, sealed: bytes, place: bytes, code: StoreErrorCode) -> bytes:
    try:
        return open_sealed(p, key, sealed, place)
    except CryptoError as error:
        raise _damaged(code) from error


def _damaged(code: StoreErrorCode) -> StoreDamaged:
    return StoreDamaged(code, "what this device keeps under its lock is damaged: sign in again by the recovery key")

"""Files on their way: what each still needs, and the bytes of those that have no file of their own on this device.

Invariant: an upload stands here together with its message in the outbox, from before its first byte is sent until the
message is acknowledged or discarded.
"""

from __future__ import annotations

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ClientId, ConversationId, UploadId


class UploadRow(msgspec.Struct, frozen=True, kw_only=True):
    """An upload. `descriptor` is the file's JSON in the message; `path` is None where its chunks are kept here."""

    upload_id: UploadId
    client_id: ClientId
    conversation_id: ConversationId
    position: int
    descriptor: bytes
    path: str | None
    parts_done: int = 0
    stored: bool = False


_FIELDS = UploadRow.__struct_fields__


def add_upload(store: Store, row: UploadRow) -> None:
    """Keep an upload; do so before its first byte is sent."""
    values = [getattr(row, name) for name in _FIELDS[:-1]]
    marks = ", ".join("?" for _ in _FIELDS)
    names = ", ".join(_FIELDS)
    store.execute(f"INSERT INTO uploads ({names}) VALUES ({marks})", [*values, int(row.stored)])  # noqa: S608


def uploads_of(store: Store, client_id: ClientId) -> list[UploadRow]:
    """The uploads of a message, in its order."""
    sql = f"SELECT {', '.join(_FIELDS)} FROM uploads WHERE client_id = ? ORDER BY position"  # noqa: S608
    rows = [dict(zip(_FIELDS, row, strict=True)) for row in store.execute(sql, (client_id,))]
    return [msgspec.convert(row | {"stored": bool(row["stored"])}, UploadRow) for row in rows]


def save_parts_done(store: Store, upload_id: UploadId, parts_done: int) -> None:
    """The server has that many parts."""
    store.execute("UPDATE uploads SET parts_done = ? WHERE upload_id = ?", (parts_done, upload_id))


def mark_stored(store: Store, upload_id: UploadId) -> None:
    """The server has all of it: its bytes are not needed any more."""
    with store.transaction():
        store.execute("UPDATE uploads SET stored = 1 WHERE upload_id = ?", (upload_id,))
        store.execute("DELETE FROM upload_chunks WHERE upload_id = ?", (upload_id,))


def remove_uploads(store: Store, client_id: ClientId) -> None:
    """Forget the uploads of a message: it was acknowledged, or discarded."""
    with store.transaction():
        sql = "DELETE FROM upload_chunks WHERE upload_id IN (SELECT upload_id FROM uploads WHERE client_id = ?)"
        store.execute(sql, (client_id,))
        store.execute("DELETE FROM uploads WHERE client_id = ?", (client_id,))


def save_chunk(store: Store, upload_id: UploadId, number: int, data: bytes) -> None:
    """Keep a chunk's plaintext."""
    sql = "INSERT OR REPLACE INTO upload_chunks (upload_id, number, data) VALUES (?, ?, ?)"
    store.execute(sql, (upload_id, number, data))


def load_chunk(store: Store, upload_id: UploadId, number: int) -> bytes | None:
    """A chunk's plaintext, or None."""
    rows = store.execute("SELECT data FROM upload_chunks WHERE upload_id = ? AND number = ?", (upload_id, number))
    return bytes(rows[0][0]) if rows else None

"""What waits for the server's answer: messages, commits, archive records; and the key packages lent to others.

Invariant: a row is here before its bytes are sent and leaves only with a definite answer, so a crash repeats the same
bytes and never makes new ones.
"""

from __future__ import annotations

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ClientId, ConversationId
from parley_contracts.messaging_api import ArchiveRecord


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way. `upload` (a `MessageUpload`, JSON), `epoch` and `counter` are None until it was sealed."""

    client_id: ClientId
    conversation_id: ConversationId
    kind: int
    body: bytes
    epoch: int | None = None
    counter: int | None = None
    upload: bytes | None = None


class ScheduledRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is sent later; `epoch` is that of the copy which the server holds, None where it holds none."""

    client_id: ClientId
    conversation_id: ConversationId
    kind: int
    body: bytes
    send_at: str
    epoch: int | None = None
    cancelled: bool = False


class PendingCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit (with `creation` a new conversation, with `reset` a new generation) whose place in the log is not known yet.

    `upload` is the request's JSON, `member` the group state to enter, `policy` the document then in force.
    """

    conversation_id: ConversationId
    client_id: ClientId
    upload: bytes
    member: bytes
    policy: bytes
    creation: bool = False
    reset: bool = False


_OUTBOX = OutboxRow.__struct_fields__
_PENDING = PendingCommit.__struct_fields__
_SCHEDULED = ScheduledRow.__struct_fields__


def add_to_outbox(store: Store, row: OutboxRow) -> None:
    """Queue a message; the same client id again changes nothing."""
    marks = ", ".join("?" for _ in _OUTBOX)
    values = [getattr(row, name) for name in _OUTBOX]
    store.execute(f"INSERT OR IGNORE INTO outbox ({', '.join(_OUTBOX)}) VALUES ({marks})", values)  # noqa: S608


def next_in_outbox(store: Store, conversation_id: ConversationId) -> OutboxRow | None:
    """The oldest message that may still be sent and whose files are all complete, or None."""
    sql = (
        f"SELECT {', '.join(_OUTBOX)} FROM outbox "  # noqa: S608
        "WHERE conversation_id = ? AND failure IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM uploads WHERE uploads.client_id = outbox.client_id AND stored = 0) ORDER BY position LIMIT 1"
    )
    rows = store.execute(sql, (conversation_id,))
    return msgspec.convert(dict(zip(_OUTBOX, rows[0], strict=True)), OutboxRow) if rows else None


def waiting_conversations(store: Store) -> list[ConversationId]:
    """The conversations with messages on their way."""
    sql = "SELECT conversation_id FROM outbox WHERE failure IS NULL GROUP BY conversation_id ORDER BY MIN(position)"
    return [ConversationId(row[0]) for row in store.execute(sql)]


def save_sealed(store: Store, client_id: ClientId, *, epoch: int, counter: int, upload: bytes) -> None:
    """Keep a message's sealed bytes; do so before they are sent."""
    sql = "UPDATE outbox SET epoch = ?, counter = ?, upload = ? WHERE client_id = ?"
    store.execute(sql, (epoch, counter, upload, client_id))


def fail_in_outbox(store: Store, client_id: ClientId, failure: bytes) -> None:
    """Mark a message that can never be sent, with the problem's JSON."""
    store.execute("UPDATE outbox SET failure = ? WHERE client_id = ?", (failure, client_id))


def failed_in_outbox(store: Store) -> list[tuple[ClientId, bytes]]:
    """Messages that can never be sent, with their problems."""
    sql = "SELECT client_id, failure FROM outbox WHERE failure IS NOT NULL ORDER BY position"
    return [(ClientId(client_id), failure) for client_id, failure in store.execute(sql)]


def waiting_for_files(store: Store) -> list[OutboxRow]:
    """Messages that may still be sent once their files are complete."""
    sql = (
        f"SELECT {', '.join(_OUTBOX)} FROM outbox WHERE failure IS NULL "  # noqa: S608
        "AND client_id IN (SELECT client_id FROM uploads WHERE stored = 0) ORDER BY position"
    )
    return [msgspec.convert(dict(zip(_OUTBOX, row, strict=True)), OutboxRow) for row in store.execute(sql)]


def list_outbox(store: Store, conversation_id: ConversationId) -> list[tuple[OutboxRow, bytes | None]]:
    """All messages of a conversation that are not acknowledged, oldest first, with the problem of those that failed."""
    names = ", ".join(_OUTBOX)
    sql = f"SELECT {names}, failure FROM outbox WHERE conversation_id = ? ORDER BY position"  # noqa: S608
    return [
        (msgspec.convert(dict(zip(_OUTBOX, row[:-1], strict=True)), OutboxRow), row[-1])
        for row in store.execute(sql, (conversation_id,))
    ]


def retry_in_outbox(store: Store, client_id: ClientId) -> OutboxRow | None:
    """Let a failed message be sealed and sent anew; None where no such message has failed."""
    rows = store.execute(
        "UPDATE outbox SET failure = NULL, epoch = NULL, counter = NULL, upload = NULL "  # noqa: S608
        f"WHERE client_id = ? AND failure IS NOT NULL RETURNING {', '.join(_OUTBOX)}",
        (client_id,),
    )
    return msgspec.convert(dict(zip(_OUTBOX, rows[0], strict=True)), OutboxRow) if rows else None


def discard_failed(store: Store, client_id: ClientId) -> ConversationId | None:
    """Forget a failed message; its conversation, None where no such message has failed."""
    rows = store.execute(
        "DELETE FROM outbox WHERE client_id = ? AND failure IS NOT NULL RETURNING conversation_id", (client_id,)
    )
    return ConversationId(rows[0][0]) if rows else None


def remove_from_outbox(store: Store, client_id: ClientId) -> None:
    """Forget a message: it was acknowledged, or given up."""
    store.execute("DELETE FROM outbox WHERE client_id = ?", (client_id,))


def save_scheduled(store: Store, row: ScheduledRow) -> None:
    """Keep a message that is sent later."""
    marks = ", ".join("?" for _ in _SCHEDULED)
    values = [getattr(row, name) for name in _SCHEDULED]
    store.execute(f"INSERT OR REPLACE INTO scheduled ({', '.join(_SCHEDULED)}) VALUES ({marks})", values)  # noqa: S608


def mark_held(store: Store, client_id: ClientId, epoch: int) -> None:
    """The server holds a copy of that epoch, unless the message was sent or cancelled meanwhile."""
    store.execute("UPDATE scheduled SET epoch = ? WHERE client_id = ?", (epoch, client_id))


def cancel_scheduled(store: Store, client_id: ClientId) -> None:
    """It is not to be sent."""
    store.execute("UPDATE scheduled SET cancelled = 1 WHERE client_id = ?", (client_id,))


def list_scheduled(store: Store) -> list[ScheduledRow]:
    """What is sent later, the next first."""
    rows = store.execute(f"SELECT {', '.join(_SCHEDULED)} FROM scheduled ORDER BY send_at")  # noqa: S608
    return [msgspec.convert(dict(zip(_SCHEDULED, row, strict=True)), ScheduledRow, strict=False) for row in rows]


def drop_scheduled(store: Store, client_id: ClientId) -> None:
    """It was sent, or is not to be."""
    store.execute("DELETE FROM scheduled WHERE client_id = ?", (client_id,))


def add_removal(store: Store, conversation_id: ConversationId, sequence: int) -> None:
    """Remember that the server is to forget a message."""
    sql = "INSERT OR IGNORE INTO removals (conversation_id, sequence) VALUES (?, ?)"
    store.execute(sql, (conversation_id, sequence))


def list_removals(store: Store) -> list[tuple[ConversationId, int]]:
    """What the server is still to forget."""
    rows = store.execute("SELECT conversation_id, sequence FROM removals ORDER BY conversation_id, sequence")
    return [(ConversationId(where), sequence) for where, sequence in rows]


def drop_removal(store: Store, conversation_id: ConversationId, sequence: int) -> None:
    """The server has forgotten it, or need not."""
    store.execute("DELETE FROM removals WHERE conversation_id = ? AND sequence = ?", (conversation_id, sequence))


def load_pending(store: Store, conversation_id: ConversationId) -> PendingCommit | None:
    """The pending commit of a conversation, or None."""
    sql = f"SELECT {', '.join(_PENDING)} FROM pending_commits WHERE conversation_id = ?"  # noqa: S608
    rows = store.execute(sql, (conversation_id,))
    return _pending(rows[0]) if rows else None


def list_pending(store: Store) -> list[PendingCommit]:
    """All pending commits."""
    return [_pending(row) for row in store.execute(f"SELECT {', '.join(_PENDING)} FROM pending_commits")]  # noqa: S608


def save_pending(store: Store, pending: PendingCommit) -> None:
    """Store a pending commit; do so before it is sent."""
    marks = ", ".join("?" for _ in _PENDING)
    values = [getattr(pending, name) for name in _PENDING]
    store.execute(f"INSERT OR REPLACE INTO pending_commits ({', '.join(_PENDING)}) VALUES ({marks})", values)  # noqa: S608


def remove_pending(store: Store, conversation_id: ConversationId) -> None:
    """Forget a pending commit: it was merged, or another won."""
    store.execute("DELETE FROM pending_commits WHERE conversation_id = ?", (conversation_id,))


def queue_archive(store: Store, record: ArchiveRecord, sealed: bytes) -> None:
    """Queue a sealed archive record."""
    store.execute(
        "INSERT OR IGNORE INTO archive_queue (conversation_id, generation, epoch, history_version, sealed) "
        "VALUES (?, ?, ?, ?, ?)",
        (record.conversation_id, record.generation, record.epoch, record.history_version, sealed),
    )


def archive_waiting(store: Store) -> list[tuple[ConversationId, int, int, int, bytes]]:
    """Archive records to upload: conversation, generation, epoch, history version, sealed bytes."""
    sql = "SELECT conversation_id, generation, epoch, history_version, sealed FROM archive_queue"
    return [(ConversationId(c), g, e, v, sealed) for c, g, e, v, sealed in store.execute(sql)]


def remove_archived(store: Store, conversation_id: ConversationId, generation: int, epoch: int, version: int) -> None:
    """Forget an archive record that the server has."""
    store.execute(
        "DELETE FROM archive_queue WHERE conversation_id = ? AND generation = ? AND epoch = ? AND history_version = ?",
        (conversation_id, generation, epoch, version),
    )


def save_key_package(store: Store, ref: bytes, bundle: bytes, *, last_resort: bool) -> None:
    """Keep the private half of a key package; do so before its upload."""
    store.execute(
        "INSERT OR REPLACE INTO key_packages (ref, bundle, last_resort, uploaded) VALUES (?, ?, ?, 0)",
        (ref, bundle, int(last_resort)),
    )


def key_packages_to_upload(store: Store) -> list[tuple[bytes, bytes, bool]]:
    """Key packages that the server has not confirmed: ref, bundle, last resort."""
    rows = store.execute("SELECT ref, bundle, last_resort FROM key_packages WHERE uploaded = 0 ORDER BY ref")
    return [(ref, bundle, bool(last)) for ref, bundle, last in rows]


def mark_uploaded(store: Store, refs: list[bytes]) -> None:
    """The server has these key packages."""
    for ref in refs:
        store.execute("UPDATE key_packages SET uploaded = 1 WHERE ref = ?", (ref,))


def load_key_package(store: Store, ref: bytes) -> tuple[bytes, bool] | None:
    """The bundle behind a reference and whether it is the last resort, or None."""
    rows = store.execute("SELECT bundle, last_resort FROM key_packages WHERE ref = ?", (ref,))
    return (rows[0][0], bool(rows[0][1])) if rows else None


def remove_key_package(store: Store, ref: bytes) -> None:
    """Erase a one-time key package that was used."""
    store.execute("DELETE FROM key_packages WHERE ref = ?", (ref,))


def _pending(values: tuple[object, ...]) -> PendingCommit:
    fields = dict(zip(_PENDING, values, strict=True))
    return msgspec.convert(fields | {name: bool(fields[name]) for name in ("creation", "reset")}, PendingCommit)

"""What a restored log does not hold: taken out of a conversation's order, and kept until its author offers it again.

Invariant: no row is ever here and in `messages` under the same device and client id; coming back, it takes its old position.
"""

from __future__ import annotations

import msgspec

from parley_client.store.port import Store
from parley_client.store.queues import OutboxRow
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId


class LostRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the log held before the restore; `sequence` was its place."""

    conversation_id: ConversationId
    sequence: int
    user_id: UserId
    device_id: DeviceId
    client_id: ClientId
    kind: int
    body: bytes
    stored_at: str
    target: int | None = None
    thread: int | None = None
    expires_at: int | None = None


_FIELDS = LostRow.__struct_fields__


def take_back(store: Store, conversation_id: ConversationId, *, after: int) -> None:
    """Let the conversation end at an entry: what was opened above it is lost, and all that was derived from it forgotten."""
    names = ", ".join(_FIELDS)
    place = (conversation_id, after)
    store.execute(
        f"INSERT OR IGNORE INTO lost_messages (position, {names}) SELECT position, {names} FROM messages "  # noqa: S608
        "WHERE conversation_id = ? AND sequence > ? AND cause IS NULL AND kind > 0",
        place,
    )
    store.execute("DELETE FROM messages WHERE conversation_id = ? AND sequence > ?", place)
    store.execute("DELETE FROM chain WHERE conversation_id = ? AND sequence > ?", place)
    store.execute("DELETE FROM deeds WHERE conversation_id = ? AND sequence > ?", place)
    store.execute("DELETE FROM removals WHERE conversation_id = ? AND sequence > ?", place)
    store.execute("DELETE FROM unread_marks WHERE conversation_id = ? AND sequence > ?", place)
    store.execute("DELETE FROM counters WHERE conversation_id = ?", (conversation_id,))
    store.execute(
        "UPDATE read_positions SET sequence = MIN(sequence, ?), delivered = MIN(delivered, ?) WHERE conversation_id = ?",
        (after, after, conversation_id),
    )
    store.execute(
        "UPDATE outbox SET epoch = NULL, counter = NULL, upload = NULL WHERE conversation_id = ?", (conversation_id,)
    )
    store.execute("UPDATE scheduled SET epoch = NULL WHERE conversation_id = ?", (conversation_id,))


def forget_epochs(store: Store, conversation_id: ConversationId, *, generation: int, after: int) -> None:
    """Erase the keys of epochs that the log does not know any more: other ones will have their numbers."""
    for table in ("epochs", "archive_queue"):
        sql = f"DELETE FROM {table} WHERE conversation_id = ? AND (generation, epoch) > (?, ?)"  # noqa: S608
        store.execute(sql, (conversation_id, generation, after))
    for table in ("recent_commits", "commit_reports", "stuck"):
        store.execute(f"DELETE FROM {table} WHERE conversation_id = ?", (conversation_id,))  # noqa: S608
    store.execute("DELETE FROM pending_commits WHERE conversation_id = ?", (conversation_id,))


def list_lost(store: Store, conversation_id: ConversationId | None = None) -> list[LostRow]:
    """What has not come back yet, of one conversation or of all, in the old order."""
    sql = f"SELECT {', '.join(_FIELDS)} FROM lost_messages "  # noqa: S608
    where, values = ("WHERE conversation_id = ? ", (conversation_id,)) if conversation_id else ("", ())
    rows = store.execute(f"{sql}{where}ORDER BY conversation_id, sequence", values)
    return [msgspec.convert(dict(zip(_FIELDS, row, strict=True)), LostRow) for row in rows]


def keep_acknowledged(store: Store, row: OutboxRow, sequence: int) -> None:
    """The server has stored a message that this device has not read from the log yet: a restore might lose it until then."""
    store.execute(
        "INSERT OR REPLACE INTO acknowledged (client_id, conversation_id, sequence, kind, body) VALUES (?, ?, ?, ?, ?)",
        (row.client_id, row.conversation_id, sequence, row.kind, row.body),
    )


def drop_acknowledged(store: Store, client_id: ClientId) -> None:
    """This device has read it from the log."""
    store.execute("DELETE FROM acknowledged WHERE client_id = ?", (client_id,))


def lose_acknowledged(store: Store, conversation_id: ConversationId, user_id: UserId, device_id: DeviceId) -> None:
    """What was acknowledged and never read may not be in the log any more: it is lost like what was read."""
    store.execute(
        "INSERT OR IGNORE INTO lost_messages "
        "(position, conversation_id, sequence, user_id, device_id, client_id, kind, body, stored_at) "
        # Positions below all of those in `messages`: this device's own are never received.
        "SELECT (SELECT MIN(COALESCE(MIN(position), 0), 0) FROM lost_messages) - ROW_NUMBER() OVER (ORDER BY sequence), "
        "conversation_id, sequence, ?, ?, client_id, kind, body, '' FROM acknowledged WHERE conversation_id = ?",
        (user_id, device_id, conversation_id),
    )
    store.execute("DELETE FROM acknowledged WHERE conversation_id = ?", (conversation_id,))


def come_back(store: Store, conversation_id: ConversationId, device_id: DeviceId, client_id: ClientId) -> int | None:
    """A lost message has a place in the log again; the position that it had on this device, None for any other message."""
    rows = store.execute(
        "DELETE FROM lost_messages WHERE conversation_id = ? AND device_id = ? AND client_id = ? RETURNING position",
        (conversation_id, device_id, client_id),
    )
    return int(rows[0][0]) if rows else None

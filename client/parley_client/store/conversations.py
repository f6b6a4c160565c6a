"""Conversations at this device's cursor: state of the group, the hash chain, epochs and the senders' counters.

Invariant: cursor, chain hash, epoch and group state of a conversation change in one transaction.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.policy import Kind

Status = Literal["creating", "member", "outside", "removed", "forked", "stuck", "paused"]


class ConversationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as this device knows it after applying entry `cursor`.

    `status`: `creating` until the first entry is stored; `member` with a group state; `outside` where the person belongs
    and this device is not in the group yet; `removed` where the person was removed; `forked` where logs differ; `stuck` where
    this device could not use a commit: it follows the public group and keeps its last good state (`store.resets`); `paused`
    after a reset that this device could not check, until the person confirms it.
    `epoch_messages` and `epoch_at` say how much and since
    when this device has written in the present epoch. `creator` marks the device that still answers for the first Adds.
    `joined` is the entry by which this person last came in, where this device knows of one; `history_epoch` the epoch since
    which, by this device's own record, policies share history with newcomers, None where they do not.
    """

    conversation_id: ConversationId
    kind: Kind
    generation: int = 0
    epoch: int = 0
    policy: bytes
    cursor: int
    chain_hash: bytes
    status: Status
    title: str = ""
    topic: str = ""
    epoch_messages: int = 0
    epoch_at: int = 0
    creator: bool = False
    joined: int = 0
    history_epoch: int | None = None


class Leaf(msgspec.Struct, frozen=True, array_like=True):
    """A device in a group: its person and its key."""

    user_id: UserId
    device_id: DeviceId
    device_key: bytes


class EpochRow(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the messages of one epoch, and where the epoch begins in the log."""

    conversation_id: ConversationId
    generation: int
    epoch: int
    secret: bytes
    group_id: bytes
    transcript_hash: bytes
    leaves_digest: bytes
    anchor_sequence: int
    anchor_hash: bytes


_FIELDS = ConversationRow.__struct_fields__
_EPOCH_FIELDS = EpochRow.__struct_fields__


def load_conversation(store: Store, conversation_id: ConversationId) -> ConversationRow | None:
    """The conversation, or None where this device does not know it."""
    sql = f"SELECT {', '.join(_FIELDS)} FROM conversations WHERE conversation_id = ?"  # noqa: S608
    rows = store.execute(sql, (conversation_id,))
    return _row(rows[0]) if rows else None


def list_conversations(store: Store) -> list[ConversationRow]:
    """All conversations, by id."""
    sql = f"SELECT {', '.join(_FIELDS)} FROM conversations ORDER BY conversation_id"  # noqa: S608
    return [_row(row) for row in store.execute(sql)]


def save_conversation(store: Store, row: ConversationRow) -> None:
    """Store or replace a conversation."""
    marks = ", ".join("?" for _ in _FIELDS)
    values = [getattr(row, name) for name in _FIELDS]
    store.execute(f"INSERT OR REPLACE INTO conversations ({', '.join(_FIELDS)}) VALUES ({marks})", values)  # noqa: S608


def remove_conversation(store: Store, conversation_id: ConversationId) -> None:
    """Forget a conversation that was never in the log."""
    store.execute("DELETE FROM conversations WHERE conversation_id = ?", (conversation_id,))


def load_picture(store: Store, conversation_id: ConversationId) -> bytes | None:
    """A group's picture, or None where it has none."""
    rows = store.execute("SELECT picture FROM group_pictures WHERE conversation_id = ?", (conversation_id,))
    return bytes(rows[0][0]) if rows else None


def save_picture(store: Store, conversation_id: ConversationId, picture: bytes | None) -> None:
    """Replace a group's picture, or take it away."""
    store.execute("DELETE FROM group_pictures WHERE conversation_id = ?", (conversation_id,))
    if picture is not None:
        store.execute("INSERT INTO group_pictures (conversation_id, picture) VALUES (?, ?)", (conversation_id, picture))


def load_group_state(store: Store, conversation_id: ConversationId) -> tuple[bytes | None, bytes | None]:
    """The state as a member and the state as a follower, each or both None."""
    rows = store.execute("SELECT member, follower FROM group_states WHERE conversation_id = ?", (conversation_id,))
    return (rows[0][0], rows[0][1]) if rows else (None, None)


def save_group_state(
    store: Store, conversation_id: ConversationId, *, member: bytes | None, follower: bytes | None
) -> None:
    """Replace the state; the old epoch's secrets are overwritten (secure_delete)."""
    store.execute(
        "INSERT OR REPLACE INTO group_states (conversation_id, member, follower) VALUES (?, ?, ?)",
        (conversation_id, member, follower),
    )


def chain_hash_at(store: Store, conversation_id: ConversationId, sequence: int) -> bytes | None:
    """The chain hash at an applied entry, or None before this device's first."""
    sql = "SELECT hash FROM chain WHERE conversation_id = ? AND sequence = ?"
    rows = store.execute(sql, (conversation_id, sequence))
    return rows[0][0] if rows else None


def save_chain_hash(store: Store, conversation_id: ConversationId, sequence: int, value: bytes) -> None:
    """Remember h of an applied entry."""
    store.execute(
        "INSERT OR REPLACE INTO chain (conversation_id, sequence, hash) VALUES (?, ?, ?)",
        (conversation_id, sequence, value),
    )


def counter_of(store: Store, conversation_id: ConversationId, device_id: DeviceId) -> int | None:
    """The last counter seen from a device, or None before its first message."""
    sql = "SELECT counter FROM counters WHERE conversation_id = ? AND device_id = ?"
    rows = store.execute(sql, (conversation_id, device_id))
    return rows[0][0] if rows else None


def save_counter(store: Store, conversation_id: ConversationId, device_id: DeviceId, counter: int) -> None:
    """Remember a device's counter; it only rises."""
    store.execute(
        "INSERT INTO counters (conversation_id, device_id, counter) VALUES (?, ?, ?) "
        "ON CONFLICT (conversation_id, device_id) DO UPDATE SET counter = MAX(counter, excluded.counter)",
        (conversation_id, device_id, counter),
    )


def forget_counter(store: Store, conversation_id: ConversationId, device_id: DeviceId) -> None:
    """What a device counts is not known any more."""
    store.execute("DELETE FROM counters WHERE conversation_id = ? AND device_id = ?", (conversation_id, device_id))


def forget_counters(store: Store, conversation_id: ConversationId, *, but_of: DeviceId) -> None:
    """What other devices count is not known any more: this person was away."""
    sql = "DELETE FROM counters WHERE conversation_id = ? AND device_id <> ?"
    store.execute(sql, (conversation_id, but_of))


def load_epoch(store: Store, conversation_id: ConversationId, generation: int, epoch: int) -> EpochRow | None:
    """The keys of an epoch, or None where this device has none, or none any more."""
    sql = (
        f"SELECT {', '.join(_EPOCH_FIELDS)} FROM epochs "  # noqa: S608
        "WHERE conversation_id = ? AND generation = ? AND epoch = ? AND secret <> x''"
    )
    rows = store.execute(sql, (conversation_id, generation, epoch))
    return _epoch(rows[0]) if rows else None


def epoch_facts(store: Store, conversation_id: ConversationId, generation: int, epoch: int) -> EpochRow | None:
    """What is known of an epoch, its secret empty where this device has none."""
    sql = (
        f"SELECT {', '.join(_EPOCH_FIELDS)} FROM epochs "  # noqa: S608
        "WHERE conversation_id = ? AND generation = ? AND epoch = ?"
    )
    rows = store.execute(sql, (conversation_id, generation, epoch))
    return _epoch(rows[0]) if rows else None


def fill_secret(store: Store, row: EpochRow) -> None:
    """Give an epoch whose facts are known the secret that was missing."""
    sql = "UPDATE epochs SET secret = ? WHERE conversation_id = ? AND generation = ? AND epoch = ? AND secret = x''"
    store.execute(sql, (row.secret, row.conversation_id, row.generation, row.epoch))


def secrets_before(store: Store, row: ConversationRow, before: int, *, limit: int) -> list[bytes]:
    """The secrets of the epochs right before one, ascending, without a gap, back to `row.history_epoch`."""
    sql = (
        "SELECT epoch, secret FROM epochs WHERE conversation_id = ? AND generation = ? AND epoch < ? AND epoch >= ? "
        "AND secret <> x'' ORDER BY epoch DESC LIMIT ?"
    )
    values = (row.conversation_id, row.generation, before, row.history_epoch or 0, limit)
    found: list[bytes] = []
    for epoch, secret in store.execute(sql, values) if row.history_epoch is not None else ():
        if epoch != before - 1 - len(found):
            break
        found.append(bytes(secret))
    return found[::-1]


def first_epoch(store: Store, conversation_id: ConversationId, *, since: int = 0) -> EpochRow | None:
    """The oldest epoch that began at `since` or later and whose keys this device has, or None."""
    sql = (
        f"SELECT {', '.join(_EPOCH_FIELDS)} FROM epochs "  # noqa: S608
        "WHERE conversation_id = ? AND anchor_sequence >= ? ORDER BY generation, epoch LIMIT 1"
    )
    rows = store.execute(sql, (conversation_id, since))
    return _epoch(rows[0]) if rows else None


def epoch_at(store: Store, conversation_id: ConversationId, sequence: int) -> EpochRow | None:
    """The newest epoch that began at or before an entry and whose keys this device has, or None."""
    sql = (
        f"SELECT {', '.join(_EPOCH_FIELDS)} FROM epochs "  # noqa: S608
        "WHERE conversation_id = ? AND anchor_sequence <= ? ORDER BY generation DESC, epoch DESC LIMIT 1"
    )
    rows = store.execute(sql, (conversation_id, sequence))
    return _epoch(rows[0]) if rows else None


def save_epoch(store: Store, row: EpochRow) -> None:
    """Remember the keys of an epoch; the first stay."""
    marks = ", ".join("?" for _ in _EPOCH_FIELDS)
    values = [getattr(row, name) for name in _EPOCH_FIELDS]
    store.execute(f"INSERT OR IGNORE INTO epochs ({', '.join(_EPOCH_FIELDS)}) VALUES ({marks})", values)  # noqa: S608


def load_leaves(store: Store, digest: bytes) -> tuple[Leaf, ...] | None:
    """The leaves behind a digest, or None where this device has not seen them."""
    rows = store.execute("SELECT leaves FROM leaf_sets WHERE digest = ?", (digest,))
    return msgspec.msgpack.decode(rows[0][0], type=tuple[Leaf, ...]) if rows else None


def save_leaves(store: Store, digest: bytes, leaves: tuple[Leaf, ...]) -> None:
    """Remember the leaves behind a digest."""
    body = msgspec.msgpack.encode(leaves)
    store.execute("INSERT OR IGNORE INTO leaf_sets (digest, leaves) VALUES (?, ?)", (digest, body))


def _row(values: tuple[object, ...]) -> ConversationRow:
    fields = dict(zip(_FIELDS, values, strict=True))
    return msgspec.convert(fields | {"creator": bool(fields["creator"])}, ConversationRow)


def _epoch(values: tuple[object, ...]) -> EpochRow:
    return msgspec.convert(dict(zip(_EPOCH_FIELDS, values, strict=True)), EpochRow)

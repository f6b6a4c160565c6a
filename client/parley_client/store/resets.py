"""What is kept for the case that a commit cannot be used: the last commits, who reported one, and what this device stands at.

Rule: commits are kept as far back as resumption PSKs are; what a reset of long ago went around is of no use any more.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.store.conversations import ConversationRow
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.resets import RESET_EPOCHS_MAX, Author


class RecentCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that was applied or followed: by whom, and the group that it left (`epoch`, and a digest of its leaves)."""

    conversation_id: ConversationId
    sequence: int
    entry_hash: bytes
    user_id: UserId
    device_id: DeviceId
    generation: int
    group_id: bytes
    epoch: int
    leaves_digest: bytes

    @property
    def author(self) -> Author:
        """Who made it."""
        return self.user_id, self.device_id


class CommitReport(msgspec.Struct, frozen=True, kw_only=True):
    """A device says that it cannot use the commit at an entry; `proven` where this device knows that commit."""

    conversation_id: ConversationId
    sequence: int
    user_id: UserId
    device_id: DeviceId
    proven: bool


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """The commit beyond which this device has no secrets, and the epoch whose PSK it holds.

    `begun` says that it could not use it, `refused` that it would not: the commit breaks a rule that no server sees; `followed`
    that a reset went around it. `confirmed` is set when another device than the author spoke in what the commit made.
    """

    conversation_id: ConversationId
    sequence: int
    epoch: int
    way: Literal["begun", "refused", "followed"] = "begun"
    confirmed: bool = False


_COMMIT = RecentCommit.__struct_fields__
_REPORT = CommitReport.__struct_fields__
_STUCK = Stuck.__struct_fields__


def save_commit(store: Store, commit: RecentCommit) -> None:
    """Remember a commit, and forget those of too long ago; the one that this device cannot use only when it goes on."""
    marks = ", ".join("?" for _ in _COMMIT)
    values = [getattr(commit, name) for name in _COMMIT]
    store.execute(f"INSERT OR REPLACE INTO recent_commits ({', '.join(_COMMIT)}) VALUES ({marks})", values)  # noqa: S608
    store.execute(
        "DELETE FROM recent_commits WHERE conversation_id = ? AND epoch < ? "
        "AND sequence NOT IN (SELECT sequence FROM stuck WHERE conversation_id = ?)",
        (commit.conversation_id, commit.epoch - RESET_EPOCHS_MAX, commit.conversation_id),
    )


def commit_at(store: Store, row: ConversationRow, sequence: int) -> RecentCommit | None:
    """The commit of the present generation at an entry, or None where this device does not remember it."""
    sql = (
        f"SELECT {', '.join(_COMMIT)} FROM recent_commits "  # noqa: S608
        "WHERE conversation_id = ? AND sequence = ? AND generation = ?"
    )
    rows = store.execute(sql, (row.conversation_id, sequence, row.generation))
    return msgspec.convert(dict(zip(_COMMIT, rows[0], strict=True)), RecentCommit) if rows else None


def commits_since(store: Store, row: ConversationRow, sequence: int) -> list[RecentCommit]:
    """The commits of the present generation from that entry on."""
    sql = (
        f"SELECT {', '.join(_COMMIT)} FROM recent_commits "  # noqa: S608
        "WHERE conversation_id = ? AND sequence >= ? AND generation = ? ORDER BY sequence"
    )
    rows = store.execute(sql, (row.conversation_id, sequence, row.generation))
    return [msgspec.convert(dict(zip(_COMMIT, found, strict=True)), RecentCommit) for found in rows]


def has_reports(store: Store) -> bool:
    """Whether anybody has reported anything."""
    return bool(store.execute("SELECT 1 FROM commit_reports LIMIT 1"))


def reported_since(store: Store, conversation_id: ConversationId) -> int | None:
    """The first commit that somebody has reported, None where there is none."""
    sql = "SELECT MIN(sequence) FROM commit_reports WHERE conversation_id = ?"
    (found,) = store.execute(sql, (conversation_id,))[0]
    return None if found is None else int(found)


def remembers_before(store: Store, conversation_id: ConversationId, sequence: int) -> bool:
    """Whether this device remembers a commit before that entry: then it knows all that came after."""
    sql = "SELECT 1 FROM recent_commits WHERE conversation_id = ? AND sequence < ? LIMIT 1"
    return bool(store.execute(sql, (conversation_id, sequence)))


def save_report(store: Store, report: CommitReport) -> None:
    """Remember that a device has reported a commit."""
    marks = ", ".join("?" for _ in _REPORT)
    values = [getattr(report, name) for name in _REPORT]
    store.execute(f"INSERT OR IGNORE INTO commit_reports ({', '.join(_REPORT)}) VALUES ({marks})", values)  # noqa: S608


def reports_on(store: Store, conversation_id: ConversationId, sequence: int) -> list[tuple[UserId, DeviceId]]:
    """Who has reported the commit at that entry, as far as this device could prove it."""
    sql = (
        "SELECT user_id, device_id FROM commit_reports WHERE conversation_id = ? AND sequence = ? AND proven "
        "ORDER BY device_id"
    )
    return [(UserId(user), DeviceId(device)) for user, device in store.execute(sql, (conversation_id, sequence))]


def begin_generation(store: Store, conversation_id: ConversationId) -> None:
    """Forget what concerned the old group, and what was sealed in it: a copy that won is found by its client id."""
    for table in ("recent_commits", "commit_reports", "stuck"):
        store.execute(f"DELETE FROM {table} WHERE conversation_id = ?", (conversation_id,))  # noqa: S608
    store.execute("UPDATE outbox SET epoch = NULL, upload = NULL WHERE conversation_id = ?", (conversation_id,))
    store.execute("UPDATE scheduled SET epoch = NULL WHERE conversation_id = ?", (conversation_id,))


def load_stuck(store: Store, conversation_id: ConversationId) -> Stuck | None:
    """Where this device stands, or None where it is not stuck."""
    rows = store.execute(f"SELECT {', '.join(_STUCK)} FROM stuck WHERE conversation_id = ?", (conversation_id,))  # noqa: S608
    if not rows:
        return None
    fields = dict(zip(_STUCK, rows[0], strict=True))
    return msgspec.convert(fields | {"confirmed": bool(fields["confirmed"])}, Stuck)


def save_stuck(store: Store, stuck: Stuck) -> None:
    """Remember where this device stands."""
    marks = ", ".join("?" for _ in _STUCK)
    values = [getattr(stuck, name) for name in _STUCK]
    store.execute(f"INSERT OR REPLACE INTO stuck ({', '.join(_STUCK)}) VALUES ({marks})", values)  # noqa: S608


def forget_stuck(store: Store, conversation_id: ConversationId) -> None:
    """This device goes on, or is out."""
    store.execute("DELETE FROM stuck WHERE conversation_id = ?", (conversation_id,))

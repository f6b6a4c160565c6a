"""The log of people's keys as this device has it: every leaf, the roots of blocks of them, heads of others that wait, alarms.

Leaves beyond the size in `FollowedLog` were fetched and not judged yet; nobody reads them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.store import documents
from parley_client.store.port import Store
from parley_contracts.checkpoints import Head
from parley_contracts.key_log import Leaf
from parley_contracts.limits import KEY_LOG_ALARMS_MAX, KEY_LOG_HEADS_WAITING_MAX
from parley_contracts.merkle import BLOCK_LEAVES, root_from_blocks

_FOLLOWED = "key_log"
_WITNESSES = "key_log_witnesses"
#: Only what the log itself has signed proves that it lied; the others are tried again.
AlarmCode = Literal["rolled_back", "split_view", "replayed", "own_keys", "other_key", "forged", "unproven"]
PROVEN = frozenset({"rolled_back", "split_view"})


class FollowedLog(msgspec.Struct, frozen=True):
    """How far this device has followed: the log's key as text, the leaves judged, the newest head, when (seconds since 1970).

    `own` is how many leaves of this person were held against their own keys.
    """

    key: str
    size: int = 0
    head: bytes = b""
    followed_at: int = 0
    own: int = 0


class Alarm(msgspec.Struct, frozen=True):
    """That the log of people's keys is not what it should be; `evidence` are heads as they were signed."""

    code: AlarmCode
    detail: str
    evidence: bytes
    raised_at: int


class Demand(msgspec.Struct, frozen=True):
    """Witnesses that the person named, as key texts, and how many must have signed what is believed; `heads` by key."""

    keys: tuple[str, ...] = ()
    at_least: int = 0
    heads: dict[str, bytes] = {}


def load_followed(store: Store) -> FollowedLog | None:
    """How far the log was followed, None where it never was."""
    return documents.load(store, _FOLLOWED, FollowedLog)


def save_followed(store: Store, followed: FollowedLog) -> None:
    """Remember how far."""
    documents.save(store, _FOLLOWED, followed)


def load_demand(store: Store) -> Demand:
    """Whom the person wants to have signed."""
    return documents.load(store, _WITNESSES, Demand) or Demand()


def save_demand(store: Store, demand: Demand) -> None:
    """Remember them."""
    documents.save(store, _WITNESSES, demand)


def add_leaves(store: Store, first: int, leaves: list[Leaf]) -> None:
    """Keep leaves from number `first` on."""
    for position, leaf in enumerate(leaves, start=first):
        store.execute(
            "INSERT OR REPLACE INTO key_log_leaves (position, label, version, digest) VALUES (?, ?, ?, ?)",
            (position, leaf.label, leaf.version, leaf.digest),
        )


def add_block(store: Store, number: int, root: bytes) -> None:
    """Keep the root of a complete block."""
    store.execute("INSERT OR REPLACE INTO key_log_blocks (number, root) VALUES (?, ?)", (number, root))


def drop_from(store: Store, size: int) -> None:
    """Forget what was fetched and not judged."""
    store.execute("DELETE FROM key_log_leaves WHERE position >= ?", (size,))
    store.execute("DELETE FROM key_log_blocks WHERE number >= ?", (size // BLOCK_LEAVES,))


def leaves_of(store: Store, label: bytes, size: int) -> list[Leaf]:
    """The leaves with a label in the tree of that size, in order."""
    rows = store.execute(
        "SELECT label, version, digest FROM key_log_leaves WHERE label = ? AND position < ? ORDER BY position",
        (label, size),
    )
    return [Leaf(*row) for row in rows]


def tree_parts(store: Store, size: int) -> tuple[list[bytes], list[bytes]]:
    """The roots of the complete blocks of the tree of that size, and the hashes of the leaves after them."""
    whole = size // BLOCK_LEAVES
    blocks = store.execute("SELECT root FROM key_log_blocks WHERE number < ? ORDER BY number", (whole,))
    rest = store.execute(
        "SELECT label, version, digest FROM key_log_leaves WHERE position >= ? AND position < ? ORDER BY position",
        (whole * BLOCK_LEAVES, size),
    )
    return [root for (root,) in blocks], [Leaf(*row).hash for row in rest]


def root_at(store: Store, size: int) -> bytes:
    """The root of this device's own tree when it had that size."""
    return root_from_blocks(*tree_parts(store, size))


def keep_waiting(store: Store, head: Head) -> None:
    """Keep another's head until this device's log has come so far; the same one, or one too many, is let go."""
    store.execute(
        "INSERT OR IGNORE INTO key_log_heads (size, root, head) SELECT ?, ?, ? "
        "WHERE (SELECT count(*) FROM key_log_heads) < ?",
        (head.size, head.root, head.encode(), KEY_LOG_HEADS_WAITING_MAX),
    )


def is_waiting(store: Store, head: Head) -> bool:
    """Whether a head that says the same waits already."""
    return bool(store.execute("SELECT 1 FROM key_log_heads WHERE size = ? AND root = ?", (head.size, head.root)))


def waiting_heads(store: Store) -> list[Head]:
    """All that wait, the smallest first."""
    return [Head.decode(row[0]) for row in store.execute("SELECT head FROM key_log_heads ORDER BY size")]


def forget_waiting(store: Store, head: Head) -> None:
    """Let one go."""
    store.execute("DELETE FROM key_log_heads WHERE size = ? AND root = ?", (head.size, head.root))


def save_alarm(store: Store, alarm: Alarm) -> None:
    """Keep an alarm; the same again changes nothing, and of too many the first ones stay."""
    store.execute(
        "INSERT INTO key_log_alarms (code, detail, evidence, raised_at) SELECT ?, ?, ?, ? WHERE NOT EXISTS "
        "(SELECT 1 FROM key_log_alarms WHERE code = ? AND detail = ?) AND (SELECT count(*) FROM key_log_alarms) < ?",
        (alarm.code, alarm.detail, alarm.evidence, alarm.raised_at, alarm.code, alarm.detail, KEY_LOG_ALARMS_MAX),
    )


def alarms(store: Store) -> list[Alarm]:
    """All alarms, oldest first."""
    rows = store.execute("SELECT code, detail, evidence, raised_at FROM key_log_alarms ORDER BY position")
    return [Alarm(*row) for row in rows]


def forget_log(store: Store) -> None:
    """Forget the log, its alarms and its key, but not whom this person demands as witnesses."""
    documents.remove(store, _FOLLOWED)
    for table in ("leaves", "blocks", "heads", "alarms"):
        store.execute(f"DELETE FROM key_log_{table}")  # noqa: S608 - names of our own schema
    save_demand(store, msgspec.structs.replace(load_demand(store), heads={}))

"""The history keys of this device, by version, and whether a new one is owed."""

from __future__ import annotations

import time

import msgspec

from parley_client.crypto.history import HistoryKey
from parley_client.store import documents
from parley_client.store.port import Store


def save_history_key(store: Store, key: HistoryKey) -> None:
    """Keep a history key; the first of a version stays."""
    sql = "INSERT OR IGNORE INTO history_keys (version, secret) VALUES (?, ?)"
    store.execute(sql, (key.version, key.secret))


def load_history_keys(store: Store) -> dict[int, HistoryKey]:
    """All history keys, by ascending version."""
    rows = store.execute("SELECT version, secret FROM history_keys ORDER BY version")
    return {version: HistoryKey(version, secret) for version, secret in rows}


def newest_history_key(store: Store) -> HistoryKey:
    """The history key under which new records are sealed."""
    keys = load_history_keys(store)
    return keys[max(keys)]


class HistoryKeyState(msgspec.Struct, frozen=True):
    """When the newest key was made, whether an own device has left since, and the next key while it is published.

    `handed` is the newest version that stands in note-to-self.
    """

    at: int
    device_left: bool = False
    next: tuple[int, bytes, bytes] | None = None  # version, secret, sealed
    handed: int = 0


def history_key_state(store: Store) -> HistoryKeyState:
    """How the newest history key stands; begun where nothing is known."""
    found = documents.load(store, "history_key", HistoryKeyState)
    if found is None:
        found = HistoryKeyState(int(time.time()))
        documents.save(store, "history_key", found)
    return found


def owe_history_key(store: Store) -> None:
    """An own device is being removed from a group: the next history key is due."""
    documents.save(store, "history_key", msgspec.structs.replace(history_key_state(store), device_left=True))


def save_handed_history_key(store: Store, key: HistoryKey) -> None:
    """Keep a history key that an own device handed on."""
    save_history_key(store, key)
    note_handed(store, key.version)


def note_handed(store: Store, version: int) -> None:
    """The own devices were handed this version."""
    state = history_key_state(store)
    documents.save(store, "history_key", msgspec.structs.replace(state, handed=max(state.handed, version)))


def save_handed_signing_key(store: Store, version: int, secret: bytes) -> None:
    """Keep a signing key that an own device handed on, until it was held to the account's statement."""
    documents.save(store, "handed_signing_key", (version, secret))


def handed_signing_key(store: Store) -> tuple[int, bytes] | None:
    """The signing key that waits, by the version of its statement."""
    return documents.load(store, "handed_signing_key", tuple[int, bytes])


def forget_handed_signing_key(store: Store) -> None:
    """It was taken up, or is of no use."""
    documents.remove(store, "handed_signing_key")

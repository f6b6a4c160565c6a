"""The small documents of a profile: the account with its keys, the tokens, and positions."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, DeviceId, UserId

#: How far the set-up of this device has come; each step is repeated until its answer is known.
Stage = Literal["signing_up", "signed_in", "keys_made", "root_made", "recovering", "ready"]


class Succession(msgspec.Struct, frozen=True):
    """The account's next statement, and what this device is by it; statement, signature and vault where it is still to be published."""

    version: int
    signing_secret: bytes
    certificate: bytes
    statement: bytes = b""
    signature: bytes = b""
    vault: bytes = b""
    recovery_key: bytes | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account of this profile. Seeds and keys are secrets; `recovery_key` is here only until it was shown.

    `succession` is a lock-out or a new recovery key that was begun here; `registered` says whether the server has this device's present certificate.
    """

    server: str
    ca_file: str | None
    username: str
    stage: Stage
    user_id: UserId | None = None
    device_id: DeviceId | None = None
    device_secret: bytes = b""
    signing_secret: bytes = b""
    certificate: bytes = b""
    statement: bytes = b""
    statement_signature: bytes = b""
    statement_version: int = 0
    root_key: bytes = b""
    vault: bytes = b""
    recovery_key: bytes | None = None
    history_uploads: dict[int, bytes] = {}
    succession: Succession | None = None
    registered: bool = True


class TokenPair(msgspec.Struct, frozen=True):
    """The tokens of this session; `expires_at` is this device's clock in seconds.

    `refresh_key` names a refresh that was begun: with it, the server answers a repetition like the first.
    """

    access_token: str
    refresh_token: str
    expires_at: int
    refresh_key: str | None = None


class IndexState(msgspec.Struct, frozen=True):
    """The account index as last stored on the server."""

    version: int
    conversation_ids: tuple[ConversationId, ...]


T = TypeVar("T")


def load(store: Store, name: str, kind: type[T]) -> T | None:
    """The document of that name, or None."""
    rows = store.execute("SELECT body FROM documents WHERE name = ?", (name,))
    return msgspec.msgpack.decode(rows[0][0], type=kind) if rows else None


def save(store: Store, name: str, document: object) -> None:
    """Store or replace a document."""
    body = msgspec.msgpack.encode(document)
    store.execute("INSERT OR REPLACE INTO documents (name, body) VALUES (?, ?)", (name, body))


def remove(store: Store, name: str) -> None:
    """Forget a document."""
    store.execute("DELETE FROM documents WHERE name = ?", (name,))


def load_account(store: Store) -> Account | None:
    """The account of this profile, or None."""
    return load(store, "account", Account)


def save_account(store: Store, account: Account) -> None:
    """Store the account."""
    save(store, "account", account)


def load_tokens(store: Store) -> TokenPair | None:
    """The tokens of this session, or None."""
    return load(store, "tokens", TokenPair)


def save_tokens(store: Store, tokens: TokenPair) -> None:
    """Store tokens; do so before their first use."""
    save(store, "tokens", tokens)

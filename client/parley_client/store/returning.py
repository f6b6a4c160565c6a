"""Conversations of before the account was begun anew that have not let their person in again."""

from __future__ import annotations

from parley_client.store import documents
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId

_NOT_LET_IN = "not_let_in"


def not_let_in(store: Store) -> list[ConversationId]:
    """Those that the server names and whose roster pins the old root key, as last heard."""
    return documents.load(store, _NOT_LET_IN, list[ConversationId]) or []


def note_let_in(store: Store, conversation_id: ConversationId, *, let_in: bool) -> bool:
    """Remember how it is with one of them; whether that is new."""
    before = set(not_let_in(store))
    after = before - {conversation_id} if let_in else before | {conversation_id}
    if after != before:
        documents.save(store, _NOT_LET_IN, sorted(after))
    return after != before

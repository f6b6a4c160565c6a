"""How conversations are named by people: an open channel by `#name`, a private one by its name alone.

Invariant: no name of a private conversation ever leads to an open channel, so nobody writes there by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable

from parley_client.store.conversations import ConversationRow
from parley_contracts.ids import as_channel


def named(rows: Iterable[ConversationRow], name: str) -> list[ConversationRow]:
    """The conversations that a name may mean: private ones of exactly that name, channels of it with # before."""
    found = []
    for row in rows:
        is_channel = as_channel(row.conversation_id) is not None
        if row.title and name == (f"#{row.title}" if is_channel else row.title):
            found.append(row)
    return found

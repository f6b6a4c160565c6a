"""A log and its members in memory, as the ports of messaging have them: for its tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from parley_contracts.ids import ConversationId
from parley_contracts.problems import Unavailable
from parley_messaging.domain.conversation import Span
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.ports import Inserted


class Memory:
    """`LogStore` in memory; `before_insert` may do anything first, `away` reads fail."""

    def __init__(self) -> None:
        self.rows: list[StoredEntry] = []
        self.inserts: list[int] = []
        self.away = 0
        self.before_insert: Any = None

    async def insert(self, entries: Sequence[StoredEntry]) -> Inserted:
        self.inserts.append(len(entries))
        if self.before_insert is not None:
            answer = self.before_insert(entries)
            if answer is not None:
                return answer
        for index, entry in enumerate(entries):
            if any(r.conversation_id == entry.conversation_id and r.sequence == entry.sequence for r in self.rows):
                return Inserted("duplicate", index)
            self.rows.append(entry)
        return Inserted("all", len(entries))

    def _read(self) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable

    async def tail(self, conversation_id: ConversationId) -> StoredEntry | None:
        self._read()
        own = [row for row in self.rows if row.conversation_id == conversation_id]
        return max(own, key=lambda row: row.sequence, default=None)

    async def submitted(self, conversation_id: ConversationId, keys: Iterable[Any]) -> dict[Any, StoredEntry]:
        self._read()
        wanted = set(keys)
        return {row.key: row for row in self.rows if row.conversation_id == conversation_id and row.key in wanted}

    async def entry(self, conversation_id: ConversationId, sequence: int) -> StoredEntry | None:
        found = [r for r in self.rows if (r.conversation_id, r.sequence) == (conversation_id, sequence)]
        return found[0] if found else None

    async def entries(self, conversation_id: ConversationId, **_: Any) -> list[StoredEntry]:
        self._read()
        return [row for row in self.rows if row.conversation_id == conversation_id]


class Members:
    """`MembershipStore` that knows one span, and counts how often it is asked."""

    def __init__(self) -> None:
        self.found: Span | None = Span(1)
        self.asked = 0
        self.announced: list[int] = []

    async def announce(self, _: ConversationId, sequence: int, *__: Any) -> None:
        self.announced.append(sequence)

    async def span(self, *_: Any) -> Span | None:
        self.asked += 1
        return self.found

"""How far people have read. Sending moves one's own position; such moves are collected and written each second.

Invariant: positions only rise; losing a collected move in a crash costs a person a wrong unread count, never an entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.problems import InvalidRequest, Unavailable
from parley_messaging.domain.entries import MESSAGE, StoredEntry
from parley_messaging.ports import LogStore, ReadPositionStore
from parley_messaging.service.access import access_conversation_by_id
from parley_messaging.service.states import States

FLUSH_INTERVAL_S = 1.0
_log = structlog.get_logger("parley_messaging.receipts")


class ReadMarks:
    """Moves of read positions that are not written yet."""

    def __init__(self, positions: ReadPositionStore) -> None:
        self._positions = positions
        self._pending: dict[tuple[UserId, ConversationId], tuple[int, int]] = {}

    def sent(self, entries: Sequence[StoredEntry]) -> None:
        """Whoever sends a message has read up to it."""
        for entry in entries:
            if entry.type == MESSAGE:
                key = (entry.user_id, entry.conversation_id)
                self._pending[key] = max(self._pending.get(key, (0, 0)), (entry.sequence, entry.ordinal))

    def pending(self, user_id: UserId, conversation_id: ConversationId) -> tuple[int, int]:
        """What is collected for the person here, (0, 0) for nothing."""
        return self._pending.get((user_id, conversation_id), (0, 0))

    async def flush(self) -> None:
        """Write what is collected."""
        marks, self._pending = self._pending, {}
        try:
            await self._positions.mark(marks)
        except Unavailable:
            _log.warning("read_marks_delayed", count=len(marks))
            self._pending = marks | self._pending

    async def run(self) -> None:
        """Write each second until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_INTERVAL_S)
            if self._pending:
                await self.flush()


class Receipts:
    """Marks that people make themselves."""

    def __init__(self, log: LogStore, positions: ReadPositionStore, states: States) -> None:
        self._log = log
        self._positions = positions
        self._states = states

    async def mark(self, user_id: UserId, unverified_id: str, read_sequence: int) -> ConversationId:
        """Raise the person's position to a visible sequence."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        conversation_id = access.state.conversation_id
        if not 0 <= read_sequence <= access.head:
            raise InvalidRequest("there is no such sequence", field="read_sequence")
        for entry in await self._log.at([(conversation_id, read_sequence)]):
            await self._positions.mark({(user_id, conversation_id): (read_sequence, entry.ordinal)})
        return conversation_id

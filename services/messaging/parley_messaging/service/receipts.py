"""How far people have read. Sending moves one's own position; such moves are collected and written each second.

They are collected where the sender is connected, whoever appends: what a person reads back there is never behind.
Invariant: positions only rise; losing a collected move in a crash costs a person a wrong unread count, never an entry.
"""

from __future__ import annotations

import asyncio

import structlog

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.messaging_api import Appended
from parley_contracts.problems import InvalidRequest, Unavailable
from parley_messaging.domain.entries import MESSAGE, Submission
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
        self._writing: dict[tuple[UserId, ConversationId], tuple[int, int]] = {}

    def sent(self, submission: Submission, appended: Appended) -> None:
        """Whoever sends a message has read up to it."""
        if submission.type == MESSAGE:
            key = (submission.user_id, submission.conversation_id)
            self._pending[key] = max(self._pending.get(key, (0, 0)), (appended.sequence, appended.ordinal))

    def pending(self, user_id: UserId, conversation_id: ConversationId) -> tuple[int, int]:
        """What is collected for the person here, (0, 0) for nothing."""
        key = (user_id, conversation_id)
        return max(self._pending.get(key, (0, 0)), self._writing.get(key, (0, 0)))

    async def flush(self) -> None:
        """Write what is collected."""
        self._writing, self._pending = self._pending, {}
        try:
            await self._positions.mark(self._writing)
        except Unavailable:
            _log.warning("read_marks_delayed", count=len(self._writing))
            self._pending = self._writing | self._pending
        self._writing = {}

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

"""How far people have read and got: marks that they make, moves that sending makes, and what others may see of it.

Moves by sending and delivered positions are collected where the device is connected and written each second. Invariant:
positions only rise; losing a collected move in a crash costs a mark that the device makes again, never an entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import (
    DELIVERY_INTERVAL_S,
    RECEIPTS_LIVE_BURST,
    RECEIPTS_LIVE_PER_S,
    RECEIPTS_LIVE_SOCKETS,
)
from parley_contracts.messaging_api import Appended, ReceiptUpdated
from parley_contracts.policy import decode_policy
from parley_contracts.problems import InvalidRequest, NotFound, Unavailable
from parley_contracts.state_api import ReadState, ReadStateUpdated, Receipt
from parley_contracts.state_api import Receipts as WireReceipts
from parley_messaging.domain.entries import Submission
from parley_messaging.domain.publications import Publication, json_frame
from parley_messaging.domain.rates import Clock, Rates, monotonic
from parley_messaging.ports import LogStore, PositionStore, ReadMark
from parley_messaging.service.access import access_conversation_by_id
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.states import Lru, States

FLUSH_INTERVAL_S = 1.0
DELIVERED_MAX = 200_000
_log = structlog.get_logger("parley_messaging.receipts")

Place = tuple[UserId, ConversationId]
Tell = Callable[[Publication], None]


class ReadMarks:
    """Moves of read positions, by sending, that are not written yet."""

    def __init__(self, positions: PositionStore, privacy: Privacy) -> None:
        self._positions = positions
        self._privacy = privacy
        self._pending: dict[Place, ReadMark] = {}
        self._writing: dict[Place, ReadMark] = {}

    def sent(self, submission: Submission, appended: Appended) -> None:
        """Whoever sends a message has read up to it; a reaction or an edit says nothing of that."""
        if submission.counts:
            place = (submission.user_id, submission.conversation_id)
            mark = ReadMark(appended.sequence, appended.ordinal)
            self._pending[place] = max(self._pending.get(place, mark), mark)

    def pending(self, user_id: UserId, conversation_id: ConversationId) -> tuple[int, int]:
        """What is collected for the person here as (sequence, ordinal), (0, 0) for nothing."""
        found = [marks.get((user_id, conversation_id)) for marks in (self._pending, self._writing)]
        return max(((mark.sequence, mark.ordinal) for mark in found if mark is not None), default=(0, 0))

    async def flush(self) -> None:
        """Write what is collected."""
        self._writing, self._pending = self._pending, {}
        try:
            await self._privacy.learn({user_id for user_id, _ in self._writing})
            await self._positions.mark({place: self._as_shown(place, mark) for place, mark in self._writing.items()})
        except Unavailable:
            _log.warning("read_marks_delayed", count=len(self._writing))
            self._pending = self._writing | self._pending
        self._writing = {}

    def _as_shown(self, place: Place, mark: ReadMark) -> ReadMark:
        settings = self._privacy.known(place[0])
        return replace(mark, shared=settings is not None and settings.receipts)

    async def run(self) -> None:
        """Write each second until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_INTERVAL_S)
            if self._pending:
                await self.flush()


class Receipts:
    """What people say themselves, and what others may know of it."""

    def __init__(
        self,
        log: LogStore,
        positions: PositionStore,
        states: States,
        privacy: Privacy,
        blocks: Blocks,
        *,
        tell: Tell,
        listening: Callable[[ConversationId], int],
        clock: Clock = monotonic,
    ) -> None:
        self._log = log
        self._blocks = blocks
        self._positions = positions
        self._states = states
        self._privacy = privacy
        self._tell = tell
        self._listening = listening
        self._live = Rates(burst=RECEIPTS_LIVE_BURST, per_s=RECEIPTS_LIVE_PER_S, clock=clock)
        self._delivered: Lru[Place, int] = Lru(DELIVERED_MAX)
        self._pending: dict[Place, tuple[int, int]] = {}

    async def mark(self, user_id: UserId, unverified_id: str, read_sequence: int) -> None:
        """Raise the person's position to a visible sequence, and clear the unread mark."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        conversation_id = access.state.conversation_id
        if not 0 <= read_sequence <= access.head:
            raise InvalidRequest("there is no such sequence", field="read_sequence")
        shared = (await self._privacy.of(user_id)).receipts and access.span.last is None
        entries = await self._log.at([(conversation_id, read_sequence)])
        mark = ReadMark(read_sequence, entries[0].ordinal if entries else 0, shared)
        state = await self._positions.read(user_id, conversation_id, mark)
        self._tell_own(user_id, state)
        if shared and read_sequence:
            self._tell_others(ReceiptUpdated(conversation_id, user_id, read_sequence, read_sequence), access.head)

    async def mark_unread(self, user_id: UserId, unverified_id: str, unread_sequence: int) -> ReadState:
        """Let a visible sequence and what follows count as unread until the next reading."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        if not access.span.first <= unread_sequence <= access.head:
            raise InvalidRequest("there is no such sequence", field="unread_sequence")
        state = await self._positions.mark_unread(user_id, access.state.conversation_id, unread_sequence)
        self._tell_own(user_id, state)
        return state

    async def receipts(self, user_id: UserId, unverified_id: str) -> WireReceipts:
        """What present members let the person see."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        if access.span.last is not None or not (await self._privacy.of(user_id)).receipts:
            return WireReceipts([])
        conversation_id, first = access.state.conversation_id, access.span.first
        with_policy = await self._log.lean(conversation_id, access.state.policy_sequence)
        if with_policy is None:
            raise NotFound
        members = decode_policy(with_policy.policy_in_force).user_ids - {user_id}
        others = {other for other in members if not self._blocks.hides(user_id, other)}
        found = [receipt for receipt in await self._positions.receipts(conversation_id) if receipt.user_id in others]
        return WireReceipts(
            [
                Receipt(each.user_id, each.read_sequence if each.read_sequence >= first else 0, each.delivered_sequence)
                for each in found
                if each.delivered_sequence >= first
            ]
        )

    # --- delivered positions

    async def deliver(self, user_id: UserId, unverified_id: str, delivered_sequence: int) -> None:
        """A device of the person has got this far."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        if not 0 <= delivered_sequence <= access.head:
            raise InvalidRequest("there is no such sequence", field="delivered_sequence")
        if (await self._privacy.of(user_id)).receipts and access.span.last is None:
            self.delivered(user_id, access.state.conversation_id, delivered_sequence, as_of=access.head)

    def delivered(self, user_id: UserId, conversation_id: ConversationId, sequence: int, *, as_of: int) -> None:
        """The same of a member who shows it and stood at entry `as_of`: collected, unless another device was there first."""
        place = (user_id, conversation_id)
        if sequence > (self._delivered.get(place) or 0):
            self._delivered.put(place, sequence)
            self._pending[place] = (sequence, as_of)

    async def flush(self) -> None:
        """Write and tell what is collected."""
        writing, self._pending = self._pending, {}
        try:
            await self._positions.deliver({place: sequence for place, (sequence, _) in writing.items()})
        except Unavailable:
            _log.warning("deliveries_delayed", count=len(writing))
            self._pending = writing | self._pending
            return
        for (user_id, conversation_id), (sequence, as_of) in writing.items():
            self._tell_others(ReceiptUpdated(conversation_id, user_id, 0, sequence), as_of)

    async def run(self) -> None:
        """Write each second until cancelled."""
        while True:
            await asyncio.sleep(DELIVERY_INTERVAL_S)
            if self._pending:
                await self.flush()

    # --- telling

    def _tell_own(self, user_id: UserId, state: ReadState) -> None:
        frame = json_frame(ReadStateUpdated(state))
        self._tell(Publication(state.conversation_id, 0, frame, audience="own", about=user_id))

    def _tell_others(self, event: ReceiptUpdated, as_of: int) -> None:
        """Live as long as it is not too much at once, for as many as hear it: whoever wants more asks for the receipts."""
        cost = max(1.0, self._listening(event.conversation_id) / RECEIPTS_LIVE_SOCKETS)
        if self._live.take(event.conversation_id, cost):
            frame = json_frame(event)
            self._tell(
                Publication(event.conversation_id, 0, frame, audience="receipts", about=event.user_id, as_of=as_of)
            )

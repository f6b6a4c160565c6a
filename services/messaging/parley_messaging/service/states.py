"""The node's cache of conversation states, epochs and visible spans, rebuilt from the log whenever it lacks something.

Invariant: a cached state may be old but was true once. Whoever appends by it is refused by the index when it is old;
whoever reads by it first asks for a state at least as new as what is read.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from parley_contracts.ids import ConversationId, UserId, as_channel
from parley_contracts.problems import Internal, NotFound
from parley_messaging.domain.conversation import ConversationState, EpochState, Span
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.ports import LogStore, MembershipStore

STATES_MAX = 50_000
EPOCHS_MAX = 2_000
SPANS_MAX = 200_000

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Lru(Generic[_Key, _Value]):
    """A bounded mapping that drops what was not used for longest."""

    def __init__(self, size_max: int) -> None:
        self._items: OrderedDict[_Key, _Value] = OrderedDict()
        self._size_max = size_max

    def get(self, key: _Key) -> _Value | None:
        """The value, now the most recently used one."""
        value = self._items.get(key)
        if value is not None:
            self._items.move_to_end(key)
        return value

    def put(self, key: _Key, value: _Value) -> None:
        """Set the value."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._size_max:
            self._items.popitem(last=False)

    def keys(self) -> list[_Key]:
        """All keys, least recently used first."""
        return list(self._items)

    def drop(self, key: _Key) -> None:
        """Forget the value."""
        self._items.pop(key, None)


class States:
    """What this node knows of conversations."""

    def __init__(self, log: LogStore, memberships: MembershipStore) -> None:
        self._log = log
        self._memberships = memberships
        self._states: Lru[ConversationId, ConversationState] = Lru(STATES_MAX)
        self._epochs: Lru[tuple[ConversationId, int, int], EpochState] = Lru(EPOCHS_MAX)
        self._spans: Lru[tuple[ConversationId, int, UserId], Span] = Lru(SPANS_MAX)

    async def state(self, conversation_id: ConversationId) -> ConversationState:
        """A state of the conversation, maybe an old one; head 0 where it does not exist."""
        return self._states.get(conversation_id) or await self.refresh(conversation_id)

    async def refresh(self, conversation_id: ConversationId) -> ConversationState:
        """The state after the newest entry that a majority has."""
        tail = await self._log.tail(conversation_id)
        if tail is None:
            return ConversationState(conversation_id)
        state = ConversationState.after(tail)
        self.observe(state)
        return state

    async def at_least(self, conversation_id: ConversationId, sequence: int) -> ConversationState:
        """A state that knows the entry `sequence`."""
        state = await self.state(conversation_id)
        return state if state.head >= sequence else await self.refresh(conversation_id)

    def observe(self, state: ConversationState) -> None:
        """Take note of the state after an entry that is stored."""
        known = self._states.get(state.conversation_id)
        if known is None or known.head < state.head:
            self._states.put(state.conversation_id, state)

    def forget(self, conversation_id: ConversationId) -> None:
        """Drop the state: something about it is in doubt."""
        self._states.drop(conversation_id)

    async def epoch(self, state: ConversationState) -> EpochState:
        """The epoch in force in `state`, with the policy in force; `NotFound` of an open channel, which has no group."""
        if as_channel(state.conversation_id) is not None:
            raise NotFound
        key = (state.conversation_id, state.epoch_sequence, state.policy_sequence)
        found = self._epochs.get(key)
        if found is None:
            made_by = await self._whole(state.conversation_id, state.epoch_sequence)
            policy = made_by.policy or (await self._whole(state.conversation_id, state.policy_sequence)).policy
            found = await asyncio.to_thread(EpochState.load, made_by, policy)
            self._epochs.put(key, found)
        return found

    async def entry(self, conversation_id: ConversationId, sequence: int) -> StoredEntry | None:
        """One entry, without what joiners need."""
        return await self._log.lean(conversation_id, sequence) if sequence > 0 else None

    async def epoch_before(self, commit: StoredEntry) -> EpochState:
        """The epoch that a commit left."""
        before = await self._whole(commit.conversation_id, commit.sequence - 1)
        return await self.epoch(ConversationState.after(before))

    async def reporters(self, commit: StoredEntry) -> frozenset[UserId]:
        """Who has reported that they cannot use a commit."""
        reports = await self._log.unusable_reports(commit.conversation_id, commit.sequence)
        return frozenset(report.user_id for report in reports)

    def remember_epoch(self, conversation_id: ConversationId, epoch: EpochState) -> None:
        """Spare the reading of an epoch that this node has just judged and stored."""
        self._epochs.put((conversation_id, epoch.sequence, epoch.policy_sequence), epoch)

    async def span(self, state: ConversationState, user_id: UserId) -> Span | None:
        """What the person may see, as of `state` or later. It changes with the policy only."""
        key = (state.conversation_id, state.policy_sequence, user_id)
        found = self._spans.get(key)
        if found is None:
            found = await self._memberships.span(user_id, state.conversation_id)
            if found is not None:
                self._spans.put(key, found)
        return found

    async def _whole(self, conversation_id: ConversationId, sequence: int) -> StoredEntry:
        entry = await self._log.entry(conversation_id, sequence)
        if entry is None:
            raise Internal(f"the log refers to an entry {sequence} that it does not hold")
        return entry

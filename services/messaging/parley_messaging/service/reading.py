"""Reading conversations: heads, pages, hashes, and what joiners of a group need.

Invariant: whatever is read is cut to the span that the person may see by a state at least as new as the newest entry.
"""

from __future__ import annotations

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, DeviceId, UserId, as_channel
from parley_contracts.limits import PAGE_ENTRIES_MAX
from parley_contracts.messaging_api import (
    ConversationState as WireConversationState,
)
from parley_contracts.messaging_api import (
    EntryHashes,
    EntryPage,
    GroupState,
    Head,
    WelcomeState,
)
from parley_contracts.problems import InvalidRequest, NotFound
from parley_contracts.resets import RESET
from parley_messaging.domain.conversation import ConversationState, Span
from parley_messaging.domain.entries import CREATED, StoredEntry
from parley_messaging.ports import LogStore, MembershipStore, Position, PositionStore
from parley_messaging.service.access import Access, access_conversation_by_id, access_conversation_by_state
from parley_messaging.service.receipts import ReadMarks
from parley_messaging.service.states import States

HASHES_MAX = 5000


class Reading:
    """The reads of this node."""

    def __init__(
        self,
        log: LogStore,
        memberships: MembershipStore,
        positions: PositionStore,
        states: States,
        marks: ReadMarks,
    ) -> None:
        self._log = log
        self._memberships = memberships
        self._positions = positions
        self._states = states
        self._marks = marks

    async def heads(self, user_id: UserId) -> list[Head]:
        """Where every conversation of the person stands."""
        spans = await self._memberships.spans(user_id)
        return list((await self.heads_of(user_id, spans)).values())

    async def heads_of(self, user_id: UserId, spans: dict[ConversationId, Span]) -> dict[ConversationId, Head]:
        """The heads of these conversations; where the person was removed, the head is the removal."""
        living = [conversation_id for conversation_id, span in spans.items() if span.last is None]
        entries = await self._log.tails(living)
        left = [(conversation_id, span.last) for conversation_id, span in spans.items() if span.last is not None]
        entries += await self._log.at(left)
        # Before the store is asked: what is written meanwhile is in one of the two.
        pending = {conversation_id: self._marks.pending(user_id, conversation_id) for conversation_id in spans}
        positions = await self._positions.positions(user_id, list(spans))
        heads: dict[ConversationId, Head] = {}
        for entry in entries:
            self._observe_tail(entry, spans[entry.conversation_id])
            position = positions.get(entry.conversation_id, Position())
            read = max((position.sequence, position.ordinal), pending[entry.conversation_id])
            heads[entry.conversation_id] = ConversationState.after(entry).seen_by(
                spans[entry.conversation_id],
                read_sequence=read[0],
                read_ordinal=read[1],
                unread_sequence=position.unread_sequence,
                read_state_version=position.version,
            )
        return heads

    async def head(self, access: Access, user_id: UserId) -> Head:
        """One head."""
        conversation_id = access.state.conversation_id
        found = (await self.heads_of(user_id, {conversation_id: access.span})).get(conversation_id)
        if found is None:
            raise NotFound
        return found

    async def access(self, user_id: UserId, unverified_id: str) -> Access:
        """What the person may see of the conversation; `NotFound` where that is nothing."""
        return await access_conversation_by_id(self._states, user_id, unverified_id)

    async def conversation(self, user_id: UserId, unverified_id: str) -> WireConversationState:
        """The head, and the policy in force (for someone removed: at the removal)."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        head = await self.head(access, user_id)
        state = access.state
        if access.head < state.head:
            last = await self._log.entry(state.conversation_id, access.head)
            state = ConversationState.after(last) if last else state
        policy = await self._whole(state.conversation_id, state.policy_sequence)
        return WireConversationState(head=head, policy=b64encode(policy.policy_in_force))

    async def entries(
        self,
        user_id: UserId,
        unverified_id: str,
        *,
        after: int | None,
        before: int | None,
        around: int | None,
        limit: int,
    ) -> EntryPage:
        """A page: after a sequence ascending, before one, around one, or by default the newest."""
        if sum(place is not None for place in (after, before, around)) > 1:
            raise InvalidRequest("give one of after, before and around")
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        low, high = access.readable.first - 1, access.head + 1
        conversation_id = access.state.conversation_id
        if around is not None:
            after = around - limit // 2 - 1
        if after is not None:
            found = await self._log.entries(conversation_id, after=max(low, after), before=high, limit=limit)
        else:
            top = high if before is None else min(high, before)
            found = await self._log.entries(conversation_id, after=low, before=top, limit=limit, newest_first=True)
        return await self._page(user_id, access, found)

    async def _page(self, user_id: UserId, access: Access, found: list[StoredEntry]) -> EntryPage:
        if found and found[-1].sequence > access.state.head:
            state = await self._states.at_least(access.state.conversation_id, found[-1].sequence)
            access = await access_conversation_by_state(self._states, user_id, state)
        visible = [entry for entry in found if access.readable.covers(entry.sequence)]
        first = visible[0].sequence if visible else access.head + 1
        last = visible[-1].sequence if visible else access.head
        return EntryPage(
            entries=[(await self.with_creation(entry)).to_wire() for entry in visible],
            head=access.head,
            next=last if last < access.head else None,
            previous=first if first > access.readable.first else None,
        )

    async def with_creation(self, entry: StoredEntry) -> StoredEntry:
        """The entry as readers see it: pages leave out GroupInfo, which belongs to beginnings alone."""
        if entry.type not in {CREATED, RESET} or entry.group_info:
            return entry
        return await self._whole(entry.conversation_id, entry.sequence)

    async def hashes(self, user_id: UserId, unverified_id: str, *, after: int, before: int | None) -> EntryHashes:
        """Hashes of the entries between; those before the person came in, too: the chain starts at 1."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        top = access.head + 1 if before is None else min(access.head + 1, before)
        found = await self._log.hashes(access.state.conversation_id, after=after, before=top, limit=HASHES_MAX)
        return EntryHashes(first_sequence=after + 1, hashes=[b64encode(item) for item in found])

    async def group_info(
        self, user_id: UserId, unverified_id: str, *, epoch: int | None, generation: int
    ) -> GroupState:
        """The GroupInfo of the present epoch, or of a past one that the person may see."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        conversation_id = access.state.conversation_id
        if as_channel(conversation_id) is not None:  # it has no group
            raise NotFound
        if epoch is None:
            if access.span.last is not None:
                raise NotFound
            entry = await self._whole(conversation_id, access.state.epoch_sequence)
        else:
            made_by = await self._log.made_epoch(conversation_id, generation, epoch)
            if made_by is None or not access.readable.covers(made_by.sequence):
                raise NotFound
            entry = made_by
        return GroupState(
            sequence=entry.sequence,
            epoch=entry.epoch,
            group_info=b64encode(entry.group_info),
            policy=await self._policy_at(entry),
        )

    async def welcome(
        self, user_id: UserId, device_id: DeviceId, unverified_id: str, *, sequence: int | None = None
    ) -> WelcomeState:
        """The latest Welcome for this device, or the one at an entry, and the policy in force then."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        entry = await self._log.welcomed(access.state.conversation_id, device_id, sequence=sequence)
        if entry is None or not access.span.covers(entry.sequence):
            return WelcomeState(0, 0, "", "")
        return WelcomeState(
            sequence=entry.sequence,
            epoch=entry.epoch,
            welcome=b64encode(entry.welcome),
            policy=await self._policy_at(entry),
        )

    def _observe_tail(self, entry: StoredEntry, span: Span) -> None:
        if span.last is None:
            self._states.observe(ConversationState.after(entry))

    async def _policy_at(self, entry: StoredEntry) -> str:
        if entry.policy:
            return b64encode(entry.policy)
        return b64encode((await self._whole(entry.conversation_id, entry.policy_sequence)).policy)

    async def _whole(self, conversation_id: ConversationId, sequence: int) -> StoredEntry:
        entry = await self._log.entry(conversation_id, sequence)
        if entry is None:
            raise NotFound
        return entry


def page_limit(unverified_limit: int) -> int:
    """A limit within bounds."""
    if not 1 <= unverified_limit <= PAGE_ENTRIES_MAX:
        raise InvalidRequest(f"`limit` is between 1 and {PAGE_ENTRIES_MAX}", field="limit")
    return unverified_limit

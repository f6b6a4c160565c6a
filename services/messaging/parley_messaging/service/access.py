"""The one place that decides who may see a conversation: everything that reads one comes through here (I6)."""

from __future__ import annotations

from dataclasses import dataclass

from parley_contracts.ids import ConversationId, UserId, is_uuid
from parley_contracts.problems import NotFound
from parley_messaging.domain.conversation import ConversationState, Span
from parley_messaging.service.states import States


@dataclass(frozen=True)
class Access:
    """A conversation as one person may see it."""

    state: ConversationState
    span: Span

    @property
    def readable(self) -> Span:
        """What of the log the person may read: for who belongs, also what the policy in force shares of before they came."""
        shared = self.state.history_sequence
        if self.span.last is not None or not shared:
            return self.span
        return Span(min(self.span.first, shared))

    @property
    def head(self) -> int:
        """The newest visible sequence."""
        return self.state.head if self.span.last is None else min(self.span.last, self.state.head)


async def access_conversation_by_id(states: States, user_id: UserId, unverified_id: str) -> Access:
    """What the person may see of the conversation; `NotFound` where that is nothing, or where there is none."""
    if not is_uuid(unverified_id):
        raise NotFound
    return await access_conversation_by_state(states, user_id, await states.refresh(ConversationId(unverified_id)))


async def access_conversation_by_state(states: States, user_id: UserId, state: ConversationState) -> Access:
    """The same by a state that is as new as whatever is about to be read."""
    span = await states.span(state, user_id) if state.head else None
    if span is None:
        raise NotFound
    return Access(state, span)

"""Who may reach whom: write to somebody alone, or bring them into a conversation (decisions/0031).

Invariant: whoever cannot be reached, for whichever reason, gets one answer to everybody who tries (I6).
"""

from __future__ import annotations

from collections.abc import Collection

from parley_contracts.ids import ConversationId, UserId, as_channel
from parley_contracts.problems import PolicyRefused
from parley_messaging.ports import JoinRequestStore, MembershipStore, PrivacyStore
from parley_messaging.service.blocks import Blocks

_SENTENCE = "somebody of this conversation cannot be reached, or has another root key"


def unreachable() -> PolicyRefused:
    """The one answer."""
    return PolicyRefused(_SENTENCE)


class Reaching:
    """Holds blocks, and what people want of strangers."""

    def __init__(
        self, blocks: Blocks, privacy: PrivacyStore, memberships: MembershipStore, requests: JoinRequestStore
    ) -> None:
        self._blocks = blocks
        self._privacy = privacy
        self._memberships = memberships
        self._requests = requests

    def check_writes(self, user_id: UserId, others: Collection[UserId]) -> None:
        """Raise where a block stands between the person and somebody to whom alone they write."""
        self._blocks.require()
        if any(self._blocks.between(user_id, other) for other in others):
            raise unreachable()

    async def check_brings_in(
        self, user_id: UserId, others: Collection[UserId], conversation_id: ConversationId
    ) -> None:
        """Raise where somebody whom the person brings in has blocked them, or wants no strangers.

        Whoever shares a private conversation is no stranger, nor is who answers a request to join.
        """
        self._blocks.require()
        if any(self._blocks.has_blocked(other, user_id) for other in others):
            raise unreachable()
        # From the store: what is known in memory may be a hint old, and this decides once for long.
        found = await self._privacy.settings(list(others))
        closed = [other for other, settings in found.items() if not settings.strangers]
        if not closed:
            return
        own = await self._shared_by(user_id)
        strange = {other for other in closed if own.isdisjoint(await self._shared_by(other))}
        if strange - {request.user_id for request in await self._requests.waiting(conversation_id)}:
            raise unreachable()

    async def _shared_by(self, user_id: UserId) -> set[ConversationId]:
        """Private conversations that somebody belongs to: an open channel makes nobody acquainted."""
        spans = await self._memberships.spans(user_id)
        return {where for where, span in spans.items() if span.last is None and as_channel(where) is None}

"""Taking a message's ciphertext out of the log: its place, header, signature and hashes stay.

Invariant: only the author, or who manages the group now, takes a message out; the log's order, counts and hash chain stay
as they were, and its client id stays used.
"""

from __future__ import annotations

from parley_contracts.channels_api import POST
from parley_contracts.ids import UserId
from parley_contracts.policy import decode_policy
from parley_contracts.problems import Forbidden, NotFound
from parley_messaging.domain.entries import MESSAGE
from parley_messaging.ports import LogStore
from parley_messaging.service.access import access_conversation_by_id
from parley_messaging.service.states import States


class Removing:
    """Removal of messages."""

    def __init__(self, log: LogStore, states: States) -> None:
        self._log = log
        self._states = states

    async def remove(self, user_id: UserId, unverified_id: str, sequence: int) -> None:
        """Take a message out; again changes nothing. `NotFound` where the person sees no such message."""
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        conversation_id = access.state.conversation_id
        entry = await self._log.entry(conversation_id, sequence) if access.readable.covers(sequence) else None
        if entry is None or entry.type not in {MESSAGE, POST}:
            raise NotFound
        if entry.user_id != user_id:
            in_force = await self._log.entry(conversation_id, access.state.policy_sequence)
            belongs = access.span.last is None and in_force is not None
            if not belongs or in_force is None or not decode_policy(in_force.policy_in_force).manages(user_id):
                raise Forbidden("Only its author, or who manages the group, can remove a message.")
        if entry.ciphertext or entry.body:
            await self._log.remove(entry)

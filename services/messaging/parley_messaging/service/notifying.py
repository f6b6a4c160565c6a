"""Who is to be notified of an entry: the roster at its sequence, and the sealed secrets of the epoch in force then."""

from __future__ import annotations

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, is_uuid
from parley_contracts.messaging_api import PushSecret, Recipients
from parley_contracts.policy import decode_policy
from parley_contracts.problems import NotFound
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.ports import LogStore
from parley_messaging.service.blocks import Blocks


class Notifying:
    """What the notification service asks of the log."""

    def __init__(self, log: LogStore, blocks: Blocks) -> None:
        self._log = log
        self._blocks = blocks

    async def recipients(self, unverified_id: str, sequence: int) -> Recipients:
        """The people who belong at an entry and have not blocked who wrote it; `NotFound` where there is no such entry, `Unavailable`."""
        if not is_uuid(unverified_id):
            raise NotFound
        self._blocks.require()
        conversation_id = ConversationId(unverified_id)
        entry = await self._entry(conversation_id, sequence)
        made_epoch = await self._entry(conversation_id, entry.epoch_sequence)
        policy = made_epoch.policy_in_force
        if entry.policy_sequence != entry.epoch_sequence:
            policy = (await self._entry(conversation_id, entry.policy_sequence)).policy
        return Recipients(
            user_ids=sorted(
                user_id
                for user_id in decode_policy(policy).user_ids
                if not self._blocks.has_blocked(user_id, entry.user_id)
            ),
            push_secrets=[PushSecret(secret.device_id, b64encode(secret.sealed)) for secret in made_epoch.push_secrets],
        )

    async def _entry(self, conversation_id: ConversationId, sequence: int) -> StoredEntry:
        entry = await self._log.lean(conversation_id, sequence)
        if entry is None:
            raise NotFound
        return entry

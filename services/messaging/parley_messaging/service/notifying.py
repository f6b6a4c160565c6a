"""Who is to be notified of entries: the roster at each, and the sealed secrets of the epoch in force then."""

from __future__ import annotations

from collections.abc import Sequence

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, is_uuid
from parley_contracts.limits import RECIPIENTS_PLACES_MAX
from parley_contracts.messaging_api import Place, PushSecret, Recipients, RecipientsAt, RecipientsFound
from parley_contracts.policy import decode_policy
from parley_contracts.problems import InvalidRequest
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.ports import LogStore
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.states import Lru

#: What is kept in memory; each has at most `MEMBERS_PER_GROUP_MAX` people and `PUSH_DEVICES_MAX` secrets.
GROUPS_MAX = 500
#: A conversation, and its entries that made the epoch and the policy in force.
_Standing = tuple[ConversationId, int, int]


class Notifying:
    """What the notification service asks of the log."""

    def __init__(self, log: LogStore, blocks: Blocks) -> None:
        self._log = log
        self._blocks = blocks
        self._groups: Lru[_Standing, Recipients] = Lru(GROUPS_MAX)

    async def recipients(self, unverified_places: Sequence[Place]) -> RecipientsFound:
        """The people who belong at each entry, and who of them has blocked who wrote it; `InvalidRequest`, `Unavailable`."""
        if len(unverified_places) > RECIPIENTS_PLACES_MAX:
            raise InvalidRequest(f"at most {RECIPIENTS_PLACES_MAX} places at once", field="places")
        self._blocks.require()
        asked = [(place.conversation_id, place.sequence) for place in unverified_places]
        entries = await self._log.at(place for place in dict.fromkeys(asked) if is_uuid(place[0]))
        groups: dict[_Standing, Recipients] = {}
        for standing in dict.fromkeys(map(_standing_at, entries)):
            if (group := await self._group(standing)) is not None:
                groups[standing] = group
        numbers = {standing: number for number, standing in enumerate(groups)}
        found: dict[tuple[ConversationId, int], RecipientsAt] = {}
        for entry in entries:
            if (group := groups.get(standing := _standing_at(entry))) is not None:
                blocked_by = [user_id for user_id in group.user_ids if self._blocks.has_blocked(user_id, entry.user_id)]
                found[entry.conversation_id, entry.sequence] = RecipientsAt(numbers[standing], blocked_by)
        return RecipientsFound(list(groups.values()), [found.get(place) for place in asked])

    async def _group(self, standing: _Standing) -> Recipients | None:
        """Read once, for neither an epoch nor a policy changes; None where the log lacks it."""
        known = self._groups.get(standing) or await self._read(*standing)
        if known is not None:
            self._groups.put(standing, known)
        return known

    async def _read(
        self, conversation_id: ConversationId, epoch_sequence: int, policy_sequence: int
    ) -> Recipients | None:
        made_epoch = await self._log.lean(conversation_id, epoch_sequence)
        made_policy = made_epoch
        if policy_sequence != epoch_sequence:
            made_policy = await self._log.lean(conversation_id, policy_sequence)
        if made_epoch is None or made_policy is None:
            return None
        return Recipients(
            user_ids=sorted(decode_policy(made_policy.policy_in_force).user_ids),
            push_secrets=[PushSecret(secret.device_id, b64encode(secret.sealed)) for secret in made_epoch.push_secrets],
        )


def _standing_at(entry: StoredEntry) -> _Standing:
    return entry.conversation_id, entry.epoch_sequence, entry.policy_sequence

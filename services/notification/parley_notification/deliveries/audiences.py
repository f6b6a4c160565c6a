"""Who may be told of what was said: found for many messages together, because most have the same audience.

Told are the devices with a subscription of everyone who belongs at the message's place in the log and has not blocked who wrote it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from parley_contracts.events import MessageStored
from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.messaging_api import Place
from parley_notification import neighbours
from parley_notification.subscriptions.models import Preference, Subscription

#: Where, by the entries that made the epoch and the policy in force, and who wrote it: what is alike in these has one audience.
AudienceKey = tuple[ConversationId, int, int, UserId]


@dataclass(frozen=True)
class Audience:
    """Devices with their people, who of these wants to hear nothing of the conversation, and the epoch's secrets, sealed, by device."""

    devices: Sequence[tuple[uuid.UUID, uuid.UUID]]
    muted: Collection[uuid.UUID]
    secrets: Mapping[DeviceId, str]


def key_of(message: MessageStored) -> AudienceKey:
    """What a message has in common with others of the same audience."""
    return message.conversation_id, message.epoch_sequence, message.policy_sequence, message.user_id


def find_audiences(messages: Iterable[MessageStored]) -> dict[AudienceKey, Audience]:
    """The audiences of messages; none where the log does not hold the first of its messages. `Unavailable`."""
    asked: dict[AudienceKey, MessageStored] = {}
    for message in messages:
        known = asked.setdefault(key_of(message), message)
        if message.sequence < known.sequence:
            asked[key_of(message)] = message
    if not asked:
        return {}
    found = neighbours.recipients([Place(message.conversation_id, message.sequence) for message in asked.values()])
    devices = _subscribed({user_id for group in found.groups for user_id in group.user_ids})
    muted = _muted({conversation_id for conversation_id, *_ in asked}, devices)
    reached = [[user_id for user_id in group.user_ids if user_id in devices] for group in found.groups]
    secrets = [{secret.device_id: secret.sealed for secret in group.push_secrets} for group in found.groups]
    audiences: dict[AudienceKey, Audience] = {}
    for key, at in zip(asked, found.places, strict=True):
        if at is not None:
            told = [user_id for user_id in reached[at.group] if user_id not in at.blocked_by]
            pairs = sorted((device_id, uuid.UUID(user_id)) for user_id in told for device_id in devices[user_id])
            audiences[key] = Audience(pairs, muted[key[0]], secrets[at.group])
    return audiences


def _subscribed(user_ids: Collection[UserId]) -> Mapping[UserId, list[uuid.UUID]]:
    """The devices with a subscription of each who has one."""
    found: dict[UserId, list[uuid.UUID]] = {}
    subscriptions = Subscription.objects.filter(user_id__in=[uuid.UUID(user_id) for user_id in user_ids])
    for device_id, user_id in subscriptions.values_list("device_id", "user_id"):
        found.setdefault(UserId(str(user_id)), []).append(device_id)
    return found


def _muted(
    conversation_ids: Collection[ConversationId], user_ids: Collection[UserId]
) -> Mapping[ConversationId, set[uuid.UUID]]:
    """Who of these people wants to hear nothing, by conversation."""
    found: defaultdict[ConversationId, set[uuid.UUID]] = defaultdict(set)
    mutes = Preference.objects.mutes().filter(
        conversation_id__in=[uuid.UUID(conversation_id) for conversation_id in conversation_ids],
        user_id__in=[uuid.UUID(user_id) for user_id in user_ids],
    )
    for conversation_id, user_id in mutes.values_list("conversation_id", "user_id"):
        found[ConversationId(str(conversation_id))].add(user_id)
    return found

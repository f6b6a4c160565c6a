"""Wire types of `/api/v1/notifications`. Binary fields are base64url without padding."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.ids import ConversationId, DeviceId
from parley_contracts.numbers import Uint16

Level = Literal["all", "none"]
#: What became of a push: `sent` to the push service, `gone` (the subscription has ended), `refused` for good,
#: `failed` after all attempts, or `retrying` later.
Outcome = Literal["sent", "gone", "refused", "failed", "retrying"]


class VapidKey(msgspec.Struct, frozen=True):
    """`GET vapid-key`: the application server key (RFC 8292), an uncompressed P-256 point."""

    public_key: str


class SubscriptionUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT subscriptions/{device_id}`: where this device takes pushes, and its keys (RFC 8291): 65 and 16 bytes."""

    endpoint: str
    p256dh: str
    auth: str


class Subscription(msgspec.Struct, frozen=True):
    """What a stored subscription answers; the endpoint itself is never given back."""

    device_id: DeviceId
    push_service: str
    changed_at: str


class Preference(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a person wants to hear of a conversation; `all` where nothing is stored.

    `until` (RFC 3339) ends a level of `none` by itself; None where nothing but the person ends it.
    """

    conversation_id: ConversationId
    level: Level
    until: str | None = None


class PreferenceUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT preferences/{conversation_id}`; `until` is RFC 3339 with a time zone."""

    level: Level
    until: str | None = None


class Preferences(msgspec.Struct, frozen=True):
    """`GET preferences`: those that differ from `all`."""

    preferences: list[Preference]


class SelfTest(msgspec.Struct, frozen=True):
    """`POST self-test`: what happened to a push to this very device. `status` is the push service's, None without one."""

    outcome: Outcome
    reason: str
    status: Uint16 | None

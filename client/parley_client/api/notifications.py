"""`/api/v1/notifications`: one function for each endpoint, named after it."""

from __future__ import annotations

from parley_client.api.http import Api
from parley_contracts.ids import ConversationId, DeviceId
from parley_contracts.limits import PUSH_RESOLVE_TIMEOUT_S, PUSH_TIMEOUT_S
from parley_contracts.notification_api import (
    Level,
    Preference,
    Preferences,
    PreferenceUpload,
    SelfTest,
    Subscription,
    SubscriptionUpload,
    VapidKey,
)

BASE = "/api/v1/notifications"


async def get_vapid_key(api: Api) -> VapidKey:
    """The server's application key."""
    return await api.call("GET", f"{BASE}/vapid-key", VapidKey)


async def put_subscription(api: Api, device_id: DeviceId, upload: SubscriptionUpload) -> Subscription:
    """Store where this device takes pushes."""
    return await api.call("PUT", f"{BASE}/subscriptions/{device_id}", Subscription, body=upload)


async def delete_subscription(api: Api, device_id: DeviceId) -> None:
    """Forget it; `NotFound` where there is none."""
    await api.call("DELETE", f"{BASE}/subscriptions/{device_id}", type(None))


async def get_preferences(api: Api) -> Preferences:
    """The person's preferences."""
    return await api.call("GET", f"{BASE}/preferences", Preferences)


async def put_preference(
    api: Api, conversation_id: ConversationId, level: Level, *, until: str | None = None
) -> Preference:
    """Set one, for good or until a time (RFC 3339)."""
    path = f"{BASE}/preferences/{conversation_id}"
    return await api.call("PUT", path, Preference, body=PreferenceUpload(level, until))


async def post_self_test(api: Api) -> SelfTest:
    """One push to this device, once."""
    timeout_s = PUSH_TIMEOUT_S + PUSH_RESOLVE_TIMEOUT_S + 5
    return await api.call("POST", f"{BASE}/self-test", SelfTest, attempts=1, timeout_s=timeout_s)

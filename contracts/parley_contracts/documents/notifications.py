"""The operations of `/api/v1/notifications`."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation, Service
from parley_contracts.notification_api import (
    Preference,
    Preferences,
    PreferenceUpload,
    SelfTest,
    Subscription,
    SubscriptionUpload,
    VapidKey,
)
from parley_contracts.problems import NotFound

NOTIFICATIONS = Service(
    name="notifications",
    prefix="/api/v1/notifications",
    description="Where devices take pushes (Web Push), and of which conversations.",
    operations=(
        Operation(
            name="get_vapid_key",
            method="GET",
            path="/vapid-key",
            summary="The application server key.",
            caller="session",
            answer=VapidKey,
        ),
        Operation(
            name="put_subscription",
            method="PUT",
            path="/subscriptions/{device_id}",
            summary="Store where the caller's device takes pushes.",
            description="The endpoint's host is looked up; addresses inside are refused, with a `reason`.",
            body=SubscriptionUpload,
            answer=Subscription,
        ),
        Operation(
            name="delete_subscription",
            method="DELETE",
            path="/subscriptions/{device_id}",
            summary="Forget the subscription of the caller's device.",
        ),
        Operation(
            name="get_preferences",
            method="GET",
            path="/preferences",
            summary="The caller's preferences.",
            answer=Preferences,
        ),
        Operation(
            name="put_preference",
            method="PUT",
            path="/preferences/{conversation_id}",
            summary="Set a preference of the caller's, for good or until a time.",
            description="Whether the conversation exists is not said: it is the caller's own note.",
            body=PreferenceUpload,
            answer=Preference,
        ),
        Operation(
            name="post_self_test",
            method="POST",
            path="/self-test",
            summary="Push something to the caller's device and say what happened.",
            description="`not_found` where the device takes no pushes.",
            answer=SelfTest,
            problems=(NotFound,),
        ),
    ),
)

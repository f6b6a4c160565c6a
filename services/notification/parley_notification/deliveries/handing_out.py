"""Handing out what is kept of a person, for the archive that they asked auth for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from parley_contracts.ids import UserId
from parley_notification.deliveries.models import Delivery
from parley_notification.subscriptions.models import Preference, Subscription
from parley_notification.subscriptions.subscriptions import open_subscription


def lines(user_id: UserId) -> Iterator[bytes]:
    """A person's subscriptions, preferences and deliveries, a line of JSON each; keys of subscriptions stay here."""
    mine = {"user_id": UUID(user_id)}
    for stored in Subscription.objects.filter(**mine):
        endpoint = open_subscription(stored).endpoint.url
        yield _line("subscription", device_id=stored.device_id, endpoint=endpoint, changed_at=stored.changed_at)
    for preference in Preference.objects.filter(**mine):
        until, where = preference.until, preference.conversation_id
        yield _line("preference", conversation_id=where, level=preference.level, until=until)
    names = ("device_id", "conversation_id", "sequence", "state", "reason", "attempts", "created_at")
    for delivery in Delivery.objects.filter(**mine).values(*names).iterator():
        yield _line("delivery", **delivery)


def _line(kind: str, **members: Any) -> bytes:
    return json.dumps({"kind": kind} | members, default=str).encode() + b"\n"

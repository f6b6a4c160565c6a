"""Storing, opening and ending subscriptions; preferences."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.limits import PREFERENCES_PER_USER_MAX
from parley_contracts.notification_api import Level
from parley_contracts.notification_api import Preference as WirePreference
from parley_contracts.notification_api import Subscription as WireSubscription
from parley_contracts.problems import InvalidRequest, NotFound
from parley_notification.sealed_fields import open_field, reseal_field, seal_field
from parley_notification.subscriptions.models import Preference, Subscription
from parley_serving.outbound.endpoints import Endpoint, parse_endpoint

_SEALED = ("endpoint", "p256dh", "auth")


@dataclass(frozen=True)
class OpenSubscription:
    """A subscription with its endpoint and keys in clear."""

    endpoint: Endpoint
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)


def store_subscription(
    user_id: UserId, device_id: DeviceId, endpoint: Endpoint, *, p256dh: bytes, auth: bytes
) -> WireSubscription:
    """Store what a device takes pushes by, in place of what was there; the same again changes nothing."""
    with transaction.atomic():
        stored = Subscription.objects.select_for_update().filter(device_id=device_id).first()
        if stored is not None and str(stored.user_id) == user_id:
            known = open_subscription(stored)
            if known == OpenSubscription(endpoint, p256dh, auth):
                return to_wire(stored)
        fields = {"endpoint": endpoint.url.encode(), "p256dh": p256dh, "auth": auth}
        sealed = {name: seal_field(value, row=device_id, column=name) for name, value in fields.items()}
        fresh, _ = Subscription.objects.update_or_create(
            device_id=uuid.UUID(device_id),
            defaults={
                **sealed,
                "user_id": uuid.UUID(user_id),
                "push_service": endpoint.authority[:255],
                "changed_at": timezone.now(),
            },
        )
    return to_wire(fresh)


def open_subscription(stored: Subscription) -> OpenSubscription:
    """The endpoint and keys of a stored subscription; `SealedFieldError`."""
    row = str(stored.device_id)
    endpoint, p256dh, auth = (open_field(bytes(getattr(stored, column)), row=row, column=column) for column in _SEALED)
    return OpenSubscription(parse_endpoint(endpoint.decode()), p256dh, auth)


def reseal_subscription(stored: Subscription) -> int:
    """Seal under the present key what is not; how many fields. A row that changed meanwhile stays so."""
    row = str(stored.device_id)
    before = {column: bytes(getattr(stored, column)) for column in _SEALED}
    resealed = {column: reseal_field(value, row=row, column=column) for column, value in before.items()}
    fresh = {column: value for column, value in resealed.items() if value is not None}
    if fresh:
        Subscription.objects.filter(pk=stored.pk, **before).update(**fresh)
    return len(fresh)


def to_wire(stored: Subscription) -> WireSubscription:
    """What its owner may see of it."""
    changed_at = _text(stored.changed_at) or ""
    return WireSubscription(DeviceId(str(stored.device_id)), stored.push_service, changed_at)


def end_subscription(user_id: UserId, device_id: DeviceId) -> None:
    """Forget a device's subscription; `NotFound` where there is none."""
    ended, _ = Subscription.objects.filter(device_id=uuid.UUID(device_id), user_id=uuid.UUID(user_id)).delete()
    if not ended:
        raise NotFound


def store_preference(
    user_id: UserId, conversation_id: ConversationId, level: Level, until: dt.datetime | None = None
) -> WirePreference:
    """Set a preference, for good or until a time; `all` needs no row."""
    rows = Preference.objects.filter(user_id=uuid.UUID(user_id))
    if level == "all":
        rows.filter(conversation_id=uuid.UUID(conversation_id)).delete()
    else:
        rows.filter(until__lte=timezone.now()).delete()
        if rows.count() >= PREFERENCES_PER_USER_MAX:
            raise InvalidRequest(f"At most {PREFERENCES_PER_USER_MAX} conversations have a preference.")
        Preference.objects.update_or_create(
            user_id=uuid.UUID(user_id),
            conversation_id=uuid.UUID(conversation_id),
            defaults={"level": level, "until": until},
        )
        return WirePreference(conversation_id, level, _text(until))
    return WirePreference(conversation_id, level)


def preferences_of(user_id: UserId) -> list[WirePreference]:
    """A person's preferences, by conversation."""
    rows = Preference.objects.mutes().filter(user_id=uuid.UUID(user_id)).order_by("conversation_id")
    return [WirePreference(ConversationId(str(row.conversation_id)), "none", _text(row.until)) for row in rows]


def _text(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment is not None else None

"""Who is told of a message, and what a push of it carries.

Told are the devices with a subscription of everyone who belongs at the message's place in the log, except the device that
sent it and those of people who want to hear nothing of the conversation.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.utils import timezone

from parley_contracts.encoding import b64decode
from parley_contracts.events import MessageStored
from parley_contracts.ids import as_channel
from parley_contracts.messaging_api import Recipients
from parley_contracts.push import PushPayload
from parley_notification.deliveries.models import Delivery
from parley_notification.subscriptions.models import Preference, Subscription


def decide(message: MessageStored, recipients: Recipients) -> list[Delivery]:
    """The deliveries of a message, not stored yet; those decided against are among them, with the reason."""
    return list(_decided(message, recipients)) if message.push else []


def _decided(message: MessageStored, recipients: Recipients) -> Iterator[Delivery]:
    user_ids = [uuid.UUID(user_id) for user_id in recipients.user_ids]
    subscriptions = list(
        Subscription.objects.filter(user_id__in=user_ids)
        .exclude(device_id=uuid.UUID(message.device_id))
        .order_by("device_id")
        .values_list("device_id", "user_id")
    )
    if not subscriptions:
        return
    muted = set(
        Preference.objects.mutes()
        .filter(conversation_id=uuid.UUID(message.conversation_id), user_id__in=user_ids)
        .values_list("user_id", flat=True)
    )
    secrets = {secret.device_id: b64decode(secret.sealed) for secret in recipients.push_secrets}
    for device_id, user_id in subscriptions:
        payload, reason = _payload(message, secrets.get(str(device_id), b""))  # type: ignore[call-overload]
        wanted = user_id not in muted
        yield Delivery(
            device_id=device_id,
            user_id=user_id,
            conversation_id=uuid.UUID(message.conversation_id),
            sequence=message.sequence,
            state="waiting" if wanted else "skipped",
            reason=reason if wanted else "muted",
            payload=payload if wanted else b"",
            due_at=timezone.now(),
            created_at=timezone.now(),
        )


def _payload(message: MessageStored, sealed_secret: bytes) -> tuple[bytes, str]:
    """The payload, and whether it carries the sealed text or names the conversation only, and why."""
    whole = PushPayload(
        conversation_id=message.conversation_id,
        sealed_secret=sealed_secret,
        header=b64decode(message.header),
        ciphertext=b64decode(message.ciphertext),
        signature=b64decode(message.signature),
    )
    fitted = whole.fitted()
    if as_channel(message.conversation_id) is not None:
        return fitted.encode(), "open_channel"  # where something was said is all that a push service is told
    if not fitted.header:
        return fitted.encode(), "too_large"
    return fitted.encode(), "text" if sealed_secret else "text_without_secret"

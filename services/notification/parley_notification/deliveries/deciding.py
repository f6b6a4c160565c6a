"""What each device of an audience is told: all but the one that wrote it, and those whose people want to hear nothing."""

from __future__ import annotations

import uuid

from django.utils import timezone

from parley_contracts.encoding import b64decode
from parley_contracts.events import MessageStored
from parley_contracts.ids import DeviceId, as_channel
from parley_contracts.push import PushPayload
from parley_notification.deliveries.audiences import Audience
from parley_notification.deliveries.models import Delivery


def decide(message: MessageStored, audience: Audience) -> list[Delivery]:
    """The deliveries of a message, not stored yet; those decided against are among them, with the reason.

    `ValueError` where the message holds what is no identifier or not base64url.
    """
    own = uuid.UUID(message.device_id)
    return [
        _delivery(message, device_id, user_id, audience) for device_id, user_id in audience.devices if device_id != own
    ]


def _delivery(message: MessageStored, device_id: uuid.UUID, user_id: uuid.UUID, audience: Audience) -> Delivery:
    payload, reason = _payload(message, b64decode(audience.secrets.get(DeviceId(str(device_id)), "")))
    wanted = user_id not in audience.muted
    return Delivery(
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

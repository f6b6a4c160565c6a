"""A device's subscription, and a person's preference for a conversation."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone


class Subscription(models.Model):
    """Where one device takes pushes. Endpoint and keys are sealed (`sealed_fields`); `push_service` is for the trace."""

    device_id = models.UUIDField(primary_key=True)
    user_id = models.UUIDField(db_index=True)
    endpoint = models.BinaryField()
    p256dh = models.BinaryField()
    auth = models.BinaryField()
    push_service = models.CharField(max_length=255)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"subscription of {self.device_id}"


class PreferenceQuerySet(models.QuerySet["Preference"]):
    """Preferences in bulk."""

    def mutes(self) -> Self:
        """Those that silence a conversation now."""
        return self.filter(models.Q(until=None) | models.Q(until__gt=timezone.now()), level="none")


class Preference(models.Model):
    """How a person wants to hear of a conversation; without a row, or after `until`: of everything."""

    user_id = models.UUIDField()
    conversation_id = models.UUIDField()
    level = models.CharField(max_length=8)
    until = models.DateTimeField(null=True)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        """One for each conversation."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(fields=["user_id", "conversation_id"], name="subscriptions_preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level} of {self.conversation_id}"

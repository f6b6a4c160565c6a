"""The outbox, and the one row that numbers it."""

from __future__ import annotations

from django.db import models

from parley_auth.accounts.models import new_id


class FeedPosition(models.Model):
    """The number of the newest event. Its row lock, held until commit, is what makes numbers follow commits."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"position {self.position}"


class OutboxEvent(models.Model):
    """One fact, kept for `EVENTS_KEPT_S` so that a wiped stream can be filled again."""

    position = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(default=new_id, unique=True)
    type = models.CharField(max_length=64)
    version = models.SmallIntegerField(default=1)
    at = models.DateTimeField()
    data = models.JSONField()

    class Meta:
        """Revocations are read by position, alone, every two seconds by every node."""

        indexes = [  # noqa: RUF012 - Django's own shape
            models.Index(fields=["position"], name="events_revocations", condition=models.Q(type="session.revoked")),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.type}"

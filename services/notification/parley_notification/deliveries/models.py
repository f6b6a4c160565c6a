"""What is to be pushed and why, each attempt, and how far the events were read."""

from __future__ import annotations

from django.db import models


class FeedPosition(models.Model):
    """How far a stream was read. It is here, and nowhere in Redis, so that losing Redis loses nothing (I5)."""

    stream = models.CharField(max_length=64, primary_key=True)
    position = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.stream} at {self.position}"


class WorkerBeat(models.Model):
    """When the worker last went round; its health."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"beat at {self.at}"


class Delivery(models.Model):
    """One message for one device: what was decided (`reason`), and what became of it.

    `state` is `waiting`, `sent`, `gone`, `refused`, `failed`, or `skipped` where the decision was against it. The payload is
    sealed end to end, and erased when the delivery ends.
    """

    device_id = models.UUIDField()
    user_id = models.UUIDField()
    conversation_id = models.UUIDField()
    sequence = models.BigIntegerField()
    state = models.CharField(max_length=8)
    reason = models.CharField(max_length=32)
    payload = models.BinaryField(default=b"")
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        """An event that comes twice is one delivery; the sender looks for what is due."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(fields=["device_id", "conversation_id", "sequence"], name="deliveries_once"),
        ]
        indexes = [  # noqa: RUF012 - Django's own shape
            models.Index(fields=["due_at"], name="deliveries_due", condition=models.Q(state="waiting")),
            models.Index(fields=["created_at"], name="deliveries_created"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.sequence} for {self.device_id}: {self.state}"


class Attempt(models.Model):
    """One try of a delivery: `outcome` is one of the wire's, `reason` a word, `status` the push service's or None."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=32)
    status = models.SmallIntegerField(null=True)
    duration_ms = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.outcome} ({self.reason})"

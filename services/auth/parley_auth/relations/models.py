"""Blocks, and who wants to be found."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Block(models.Model):
    """That `blocker` wants nothing of `blocked`; `position` is that of the event of its last change.

    A block that has ended stays for `EVENTS_KEPT_S`, so that whoever reads changes by position hears of its end.
    """

    blocker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocked_by")
    blocked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, db_index=True)
    position = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        """One for each pair and direction."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(fields=["blocker", "blocked"], name="relations_block_once"),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"


class Discovery(models.Model):
    """Whether a person is found by name; who has no row is."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="discovery"
    )
    by_name = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.user_id} by name: {self.by_name}"

"""Accounts that are to go or are gone, and names that nobody takes again."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Deletion(models.Model):
    """That an account goes at `due_at`, or is gone since `erased_at`.

    `position` is that of the newest event that told the others, by which they read on; None before. `look_at` is when they are
    asked whether anything is left, until nothing was at `verified_at`.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="deletion"
    )
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    by_operator = models.BooleanField()
    erased_at = models.DateTimeField(null=True)
    position = models.BigIntegerField(null=True, unique=True)
    looks = models.PositiveSmallIntegerField(default=0)
    look_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        """The worker looks for what is due, and for what is not verified."""

        indexes = [  # noqa: RUF012 - Django's own shape
            models.Index(fields=["due_at"], name="rights_due", condition=models.Q(erased_at=None)),
            models.Index(fields=["look_at"], name="rights_unverified", condition=models.Q(verified_at=None)),
        ]

    def __str__(self) -> str:
        return f"deletion of {self.user_id}"


class ReservedName(models.Model):
    """A name that an account had, known by a blind index only: nobody takes it again, so nobody is taken for who is gone."""

    name_index = models.BinaryField(max_length=32, primary_key=True)

    def __str__(self) -> str:
        return "a reserved name"

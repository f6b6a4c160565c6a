"""Accounts that are to go or are gone, names that nobody takes again, and archives of what there is of a person."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import models

from parley_auth.accounts.models import new_id
from parley_auth.sealed_fields import open_field, reseal_field, seal_field
from parley_contracts.encoding import b64decode, b64encode

_KEY_COLUMN = "export key"
_KEY_SIZE_BYTES = 32


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


class Export(models.Model):
    """An archive of what there is of a person. Its key is in this row alone, so that it is worth nothing once the row is gone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, default="waiting")
    progress_percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: When it is (again) to be worked on.
    due_at = models.DateTimeField(db_index=True)
    key_sealed = models.BinaryField()
    size_bytes = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"export {self.id}"

    @property
    def place(self) -> str:
        """Where it lies in the object store, below the person's own folder."""
        return f"exports/{self.user_id}/{self.id}"

    def make_key(self) -> None:
        """Write a fresh key into the row; the caller saves it."""
        self.key_sealed = seal_field(b64encode(os.urandom(_KEY_SIZE_BYTES)), row=str(self.id), column=_KEY_COLUMN)

    def open_key(self) -> bytes:
        """The key, unsealed; `SealedFieldError`."""
        return b64decode(open_field(bytes(self.key_sealed), row=str(self.id), column=_KEY_COLUMN))

    def reseal_key(self) -> bytes | None:
        """The key sealed under the present one; None where it is already."""
        return reseal_field(bytes(self.key_sealed), row=str(self.id), column=_KEY_COLUMN)

"""The table of people."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from parley_auth.accounts.emails import blind_index, open_email, seal_email
from parley_contracts.ids import UserId, new_uuid7
from parley_contracts.limits import (
    ABOUT_LENGTH_MAX,
    DISPLAY_NAME_LENGTH_MAX,
    PRONOUNS_LENGTH_MAX,
    TIME_ZONE_LENGTH_MAX,
    USERNAME_LENGTH_MAX,
)


def new_id() -> uuid.UUID:
    """A fresh UUIDv7, as the column wants it."""
    return uuid.UUID(new_uuid7())


class User(AbstractBaseUser):
    """An account. `username` is canonical (`names.canonical_username`); the e-mail address is sealed."""

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email_sealed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=USERNAME_LENGTH_MAX, unique=True)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH_MAX)
    about = models.CharField(max_length=ABOUT_LENGTH_MAX, default="")
    pronouns = models.CharField(max_length=PRONOUNS_LENGTH_MAX, default="")
    time_zone = models.CharField(max_length=TIME_ZONE_LENGTH_MAX, default="")
    #: The SHA-256 of the picture's bytes in hex; empty where there is none (`profiles.avatars`).
    avatar = models.CharField(max_length=64, default="")
    email_sealed = models.BinaryField()
    email_index = models.BinaryField(max_length=32, db_index=True)
    email_verified_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[BaseUserManager[Self]] = BaseUserManager()

    class Meta:
        """The table is `accounts_user`. Whoever confirmed an address has it; until then several may claim it."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(
                fields=["email_index"],
                name="accounts_confirmed_email",
                condition=models.Q(email_verified_at__isnull=False),
            ),
        ]

    @property
    def user_id(self) -> UserId:
        """The identifier as the wire has it."""
        return UserId(str(self.id))

    def open_email(self) -> str:
        """The e-mail address, unsealed."""
        return open_email(self.id, bytes(self.email_sealed))

    def take_email(self, email: str) -> None:
        """Write a canonical address into the row; the caller saves it."""
        self.email_sealed, self.email_index = seal_email(self.id, email), blind_index(email)


class SentCode(models.Model):
    """A code that went out in a letter, known by its hash only: good once, for one purpose and one address."""

    class Purpose(models.TextChoices):
        """What the code does."""

        VERIFY = "verify"
        RESET = "reset"

    code_hash = models.BinaryField(max_length=32, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_codes")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    email_sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"code of {self.user_id} to {self.purpose}"

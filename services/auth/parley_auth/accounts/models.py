"""The table of people."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from parley_auth.accounts.emails import open_email
from parley_contracts.ids import UserId, new_uuid7
from parley_contracts.limits import DISPLAY_NAME_LENGTH_MAX, USERNAME_LENGTH_MAX


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
    email_sealed = models.BinaryField()
    email_index = models.BinaryField(max_length=32, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[BaseUserManager[Self]] = BaseUserManager()

    class Meta:
        """The table is `accounts_user`."""

    @property
    def user_id(self) -> UserId:
        """The identifier as the wire has it."""
        return UserId(str(self.id))

    def open_email(self) -> str:
        """The e-mail address, unsealed."""
        return open_email(self.id, bytes(self.email_sealed))

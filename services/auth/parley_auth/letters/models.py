"""What waits to be written and sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from parley_auth.accounts.models import new_id
from parley_auth.sealed_fields import open_field, reseal_field, seal_field

_COLUMN = "letter address"


class Letter(models.Model):
    """A letter to an address. `user` is None where only the worker looks up whose address it is."""

    class Kind(models.TextChoices):
        """What it says (`words`)."""

        VERIFY = "verify"
        RESET = "reset"
        EMAIL_CHANGED = "email_changed"
        SECOND_FACTOR_ON = "second_factor_on"
        SECOND_FACTOR_OFF = "second_factor_off"
        PROVIDER_LINKED = "provider_linked"
        PROVIDER_UNLINKED = "provider_unlinked"
        NEW_SIGN_IN = "new_sign_in"
        NEW_ROOT = "new_root"
        PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of letter
        DELETION_ASKED = "deletion_asked"
        DELETION_TAKEN_BACK = "deletion_taken_back"
        EXPORT_ASKED = "export_asked"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=24)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    address_sealed = models.BinaryField()
    #: A sentence that this one letter says besides.
    about = models.CharField(max_length=200, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"letter {self.id}: {self.kind}"

    def seal_address(self, address: str) -> None:
        """Write the address into the row; the caller saves it."""
        self.address_sealed = seal_field(address, row=str(self.id), column=_COLUMN)

    def open_address(self) -> str:
        """The address, unsealed."""
        return open_field(bytes(self.address_sealed), row=str(self.id), column=_COLUMN)

    def reseal_address(self) -> bytes | None:
        """The address sealed under the present key; None where it is already."""
        return reseal_field(bytes(self.address_sealed), row=str(self.id), column=_COLUMN)

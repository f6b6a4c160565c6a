"""Invitations, and who came by which."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from parley_auth.accounts.models import new_id


class Invitation(models.Model):
    """A code that lets so many people make an account, known by its hash only; `created_by` is None where operators made it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code_hash = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    uses = models.PositiveIntegerField()
    used = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"invitation {self.id}"


class InvitedAccount(models.Model):
    """An account that an invitation let in."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="invited"
    )
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="accounts")

    def __str__(self) -> str:
        return f"{self.user_id} by {self.invitation_id}"

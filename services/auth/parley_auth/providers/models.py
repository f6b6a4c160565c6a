"""Which account at a provider signs in to which account here."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from parley_auth.accounts.models import new_id


class ProviderIdentity(models.Model):
    """An account at a provider, known by a blind index of its issuer and `sub`; no token and no name of it is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=32)
    subject_index = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id} at {self.provider}"

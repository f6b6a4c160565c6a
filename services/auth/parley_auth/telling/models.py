"""Announcements, terms, and who agreed to which."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from parley_auth.accounts.models import new_id
from parley_contracts.limits import ANNOUNCEMENT_LENGTH_MAX


class Announcement(models.Model):
    """A sentence or two for everybody, shown until it ends."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    text = models.CharField(max_length=ANNOUNCEMENT_LENGTH_MAX)
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"announcement {self.id}"


class PublishedTerms(models.Model):
    """One version of the terms; `withdrawn_at` where nobody is asked for it any more."""

    version = models.PositiveIntegerField(primary_key=True)
    text = models.TextField()
    published_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"terms {self.version}"


class GivenConsent(models.Model):
    """That somebody agreed to a version, and when."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents")
    terms = models.ForeignKey(PublishedTerms, on_delete=models.PROTECT, related_name="consents")
    agreed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Each person agrees to a version once."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(fields=["user", "terms"], name="telling_consent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} to {self.terms_id}"

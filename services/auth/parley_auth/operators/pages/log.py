"""The audit log as a list that is read."""

from __future__ import annotations

from django.contrib import admin

from parley_auth.accounts.models import User
from parley_auth.audit.models import AuditEntry
from parley_auth.operators.pages.reading import ReadingPages


class LogPages(ReadingPages):
    """Rows, newest first."""

    list_display = ("number", "at", "act", "who", "whom", "address", "details")
    list_display_links = None
    list_filter = ("act",)
    search_fields = ("=subject", "=actor")
    search_help_text = "The identifier of an account, as who did it or to whom."
    ordering = ("-number",)
    sortable_by = ()

    @admin.display(description="who")
    def who(self, row: AuditEntry) -> str:
        """The name behind the actor, where it is a person's."""
        return _name(row.actor)

    @admin.display(description="whom")
    def whom(self, row: AuditEntry) -> str:
        """The name behind the subject."""
        return _name(row.subject)


def _name(text: str) -> str:
    if not text or ":" in text:
        return text
    user = User.objects.filter(pk=text).only("username").first()
    return user.username if user is not None else text

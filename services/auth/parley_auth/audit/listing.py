"""The audit log as operators read it."""

from __future__ import annotations

import msgspec

from parley_auth.accounts.models import User
from parley_auth.audit.models import AuditEntry


class Line(msgspec.Struct, frozen=True):
    """One deed; names stand beside the identifiers of people who still are here."""

    number: int
    at: str
    act: str
    actor: str
    subject: str
    address: str
    details: dict[str, str | int]
    actor_name: str = ""
    subject_name: str = ""


def newest(limit: int, *, before: int | None = None, user: User | None = None) -> list[Line]:
    """The newest rows (below the number `before`, about the person `user`), newest first."""
    rows = AuditEntry.objects.order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    if user is not None:
        rows = rows.filter(subject=user.user_id)
    page = list(rows[:limit])
    named = _names({text for row in page for text in (row.actor, row.subject)})
    return [
        Line(
            number=row.number,
            at=row.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            act=row.act,
            actor=row.actor,
            subject=row.subject,
            address=row.address,
            details=row.details,
            actor_name=named.get(row.actor, ""),
            subject_name=named.get(row.subject, ""),
        )
        for row in page
    ]


def _names(texts: set[str]) -> dict[str, str]:
    ids = [text for text in texts if text and ":" not in text]
    return {user.user_id: user.username for user in User.objects.filter(pk__in=ids, deletion__erased_at=None)}

"""Making, listing and withdrawing announcements."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_operator
from parley_auth.operators.roles import Actor, Right
from parley_auth.telling import models
from parley_auth.web.labels import read_label
from parley_contracts.ids import is_uuid
from parley_contracts.limits import (
    ANNOUNCEMENT_LENGTH_MAX,
    ANNOUNCEMENT_LIFETIME_S_MAX,
    ANNOUNCEMENT_LIFETIME_S_MIN,
    ANNOUNCEMENTS_AT_ONCE_MAX,
)
from parley_contracts.problems import InvalidRequest, NotFound, TooMany
from parley_contracts.telling_api import Announcement


def standing() -> list[Announcement]:
    """Those that have not ended, the newest first."""
    return [_as_told(row) for row in _standing().order_by("-created_at", "-id")]


def announce(actor: Actor, unverified_text: str, lifetime_s: int) -> Announcement:
    """Tell everybody something; `InvalidRequest`, `TooMany` where enough stands already."""
    actor.expect(Right.ANNOUNCE)
    text = read_label(unverified_text, field="text", length_max=ANNOUNCEMENT_LENGTH_MAX)
    if not ANNOUNCEMENT_LIFETIME_S_MIN <= lifetime_s <= ANNOUNCEMENT_LIFETIME_S_MAX:
        raise InvalidRequest("An announcement stands from a minute to a year.", field="lifetime_s")
    with transaction.atomic():
        if _standing().count() >= ANNOUNCEMENTS_AT_ONCE_MAX:
            raise TooMany("Withdraw another announcement first.", limit=ANNOUNCEMENTS_AT_ONCE_MAX)
        row = models.Announcement.objects.create(text=text, ends_at=timezone.now() + timedelta(seconds=lifetime_s))
        record_operator(Act.ANNOUNCEMENT_MADE, actor.name, announcement=str(row.id))
    return _as_told(row)


def withdraw(actor: Actor, unverified_id: str) -> None:
    """Let an announcement end now; `NotFound`."""
    actor.expect(Right.ANNOUNCE)
    with transaction.atomic():
        if not is_uuid(unverified_id) or not _standing().filter(pk=uuid.UUID(unverified_id)).update(
            ends_at=timezone.now()
        ):
            raise NotFound("No such announcement stands.")
        record_operator(Act.ANNOUNCEMENT_WITHDRAWN, actor.name, announcement=unverified_id)


def _standing() -> QuerySet[models.Announcement]:
    return models.Announcement.objects.filter(ends_at__gt=timezone.now())


def _as_told(row: models.Announcement) -> Announcement:
    return Announcement(str(row.id), row.text, _time(row.created_at), _time(row.ends_at))


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")

"""Archives of what there is of a person: asking for one, making it, giving its parts, letting it go.

Invariant: one is made at a time and a few a day; it is for its own person alone, who gave the password around when they asked or
later; and it is deleted, with its key, when its time is over.
"""

from __future__ import annotations

import tempfile
import uuid
from datetime import timedelta

import structlog
from cryptography.exceptions import InvalidTag
from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_auth.rights import objects
from parley_auth.rights.gathering import write_archive
from parley_auth.rights.models import Export
from parley_auth.rights.sealing import SEALED_PART_SIZE_BYTES, SealingFile, open_part
from parley_auth.sealed_fields import SealedFieldError
from parley_auth.signin.models import Session
from parley_contracts.ids import is_uuid
from parley_contracts.limits import (
    EXPORT_ATTEMPTS_MAX,
    EXPORT_LEASE_S,
    EXPORT_LIFETIME_S,
    EXPORT_PART_SIZE_BYTES,
    EXPORTS_PER_DAY_MAX,
    RECENT_SIGN_IN_S,
)
from parley_contracts.problems import Conflict, NotFound, SignInAgain, TooMany, Unavailable

_DAY = timedelta(days=1)
_UNDER_WAY = ("waiting", "working")
_log = structlog.get_logger("parley_auth.rights")


def ask(user: User) -> Export:
    """Have an archive made; `Conflict` while another one is, `TooMany` where it is one too many of this day."""
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if user.exports.filter(state__in=_UNDER_WAY).exists():
            raise Conflict("An archive is being made already.")
        if user.exports.filter(asked_at__gt=now - _DAY).count() >= EXPORTS_PER_DAY_MAX:
            raise TooMany(limit=EXPORTS_PER_DAY_MAX)
        export = Export(user=user, asked_at=now, due_at=now, expires_at=now + timedelta(seconds=EXPORT_LIFETIME_S))
        export.make_key()
        export.save(force_insert=True)
        tell_person(Letter.Kind.EXPORT_ASKED, user)
        record_own(Act.EXPORT_ASKED, user)
    return export


def exports_of(user: User) -> QuerySet[Export]:
    """A person's archives that are not over, the newest first."""
    return user.exports.filter(expires_at__gt=timezone.now()).order_by("-asked_at", "-id")


def part_of(session: Session, unverified_export_id: str, number: int) -> bytes:
    """A part of one of one's own archives; `NotFound` where there is none such, `SignInAgain`, `Unavailable`."""
    if not is_uuid(unverified_export_id):
        raise NotFound
    export = exports_of(session.user).filter(pk=uuid.UUID(unverified_export_id), state="ready").first()
    if export is None or not 0 <= number * EXPORT_PART_SIZE_BYTES < (export.size_bytes or 0):
        raise NotFound
    if session.authenticated_at < export.asked_at - timedelta(seconds=RECENT_SIGN_IN_S):
        raise SignInAgain
    sealed = objects.read(export.place, first=number * SEALED_PART_SIZE_BYTES, size_bytes=SEALED_PART_SIZE_BYTES)
    try:
        return open_part(export.open_key(), number, sealed)
    except (InvalidTag, SealedFieldError) as error:
        _log.error("an archive does not open", export_id=str(export.id))
        raise NotFound from error


def make_next() -> bool:
    """Work on one archive that is due; False where none is."""
    with transaction.atomic():
        due = Export.objects.select_for_update(skip_locked=True).filter(
            state__in=_UNDER_WAY, due_at__lte=timezone.now()
        )
        export = due.order_by("due_at").first()
        if export is None:
            return False
        # Whoever works on it and dies leaves it to be found again.
        export.state = "working" if export.attempts < EXPORT_ATTEMPTS_MAX else "failed"
        export.attempts += 1
        export.due_at = timezone.now() + timedelta(seconds=EXPORT_LEASE_S)
        export.save(update_fields=["state", "attempts", "due_at"])
    if export.state == "working":
        _work_on(export)
    return True


def let_go_next() -> bool:
    """Delete one archive whose time is over; False where there is none."""
    over = Export.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at").first()
    if over is None:
        return False
    objects.delete(over.place)
    over.delete()
    return True


def _work_on(export: Export) -> None:
    try:
        size_bytes = _make(export)
    except (Unavailable, OSError) as error:
        _log.warning("an archive is made later", export_id=str(export.id), cause=type(error).__name__)
        pause = timedelta(seconds=10 * 2**export.attempts)
        _change(export, state="waiting", due_at=timezone.now() + pause, progress_percent=0)
        return
    lasts = timezone.now() + timedelta(seconds=EXPORT_LIFETIME_S)
    if not _change(export, state="ready", size_bytes=size_bytes, progress_percent=100, expires_at=lasts):
        objects.delete(export.place)  # its person is gone meanwhile


def _make(export: Export) -> int:
    with tempfile.TemporaryFile() as sealed:
        sink = SealingFile(export.open_key(), sealed)

        def tell(percent: int) -> None:
            _change(export, progress_percent=percent)

        write_archive(export.user, sink, tell)
        sink.close()
        sealed.seek(0)
        objects.write(export.place, File(sealed))
    return sink.size_bytes


def _change(export: Export, **fields: object) -> bool:
    return bool(Export.objects.filter(pk=export.pk).update(**fields))

"""Publishing terms, and agreeing to them."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_operator, record_own
from parley_auth.operators.roles import Actor, Right
from parley_auth.telling.models import GivenConsent, PublishedTerms
from parley_contracts.limits import TERMS_LENGTH_MAX
from parley_contracts.problems import Conflict, InvalidRequest, NotFound, VersionStale
from parley_contracts.telling_api import Consent, Terms

_LINES = frozenset("\n\t")


class TermsRow(msgspec.Struct, frozen=True):
    """One version as operators see it: how many agreed, and whether people are still asked for it."""

    version: int
    published_at: str
    asked_for: bool
    agreed: int


def newest() -> Terms | None:
    """The terms that people are asked for, None where there are none."""
    row = _newest()
    return Terms(row.version, row.text, _time(row.published_at)) if row is not None else None


def versions(actor: Actor) -> list[TermsRow]:
    """All versions, the newest first."""
    actor.expect(Right.READ)
    now = _newest()
    rows = PublishedTerms.objects.annotate(agreed=Count("consents")).order_by("-version")
    return [
        TermsRow(row.version, _time(row.published_at), now is not None and row.version == now.version, row.agreed)
        for row in rows
    ]


def publish(actor: Actor, unverified_text: str) -> Terms:
    """Ask everybody for these terms from now on, as the next version; `InvalidRequest`."""
    actor.expect(Right.PUBLISH_TERMS)
    text = unicodedata.normalize("NFC", unverified_text.replace("\r\n", "\n").strip())
    if not text or len(text) > TERMS_LENGTH_MAX:
        raise InvalidRequest(f"Terms have 1 to {TERMS_LENGTH_MAX} characters.", field="text")
    if any(unicodedata.category(each) in {"Cc", "Cs", "Co"} and each not in _LINES for each in text):
        raise InvalidRequest("These terms have a character that cannot be shown.", field="text")
    with transaction.atomic():
        last = PublishedTerms.objects.aggregate(last=Max("version"))["last"] or 0
        row = PublishedTerms.objects.create(version=last + 1, text=text)
        record_operator(Act.TERMS_PUBLISHED, actor.name, version=row.version)
    return Terms(row.version, row.text, _time(row.published_at))


def withdraw(actor: Actor) -> int:
    """Ask for no terms any more, until others are published; the version that was asked for. `Conflict` where there is none."""
    actor.expect(Right.PUBLISH_TERMS)
    with transaction.atomic():
        row = _newest()
        if row is None:
            raise Conflict("No terms are asked for.")
        PublishedTerms.objects.filter(withdrawn_at=None).update(withdrawn_at=timezone.now())
        record_operator(Act.TERMS_WITHDRAWN, actor.name, version=row.version)
    return row.version


def consent_of(user: User) -> Consent:
    """What a person agreed to last, and what they are asked for."""
    given = GivenConsent.objects.filter(user=user).order_by("-terms_id").first()
    version = given.terms_id if given is not None else 0
    asked = _newest()
    due = asked.version if asked is not None and asked.version != version else None
    return Consent(version, _time(given.agreed_at) if given is not None else None, due)


def agree(user: User, version: int) -> Consent:
    """Agree to the newest terms; `NotFound` where there are none, `VersionStale` where it is another version."""
    row = _newest()
    if row is None:
        raise NotFound
    if row.version != version:
        raise VersionStale(version=row.version)
    with transaction.atomic():
        _, made = GivenConsent.objects.get_or_create(user=user, terms=row)
        if made:
            record_own(Act.TERMS_AGREED, user, version=version)
    return consent_of(user)


def _newest() -> PublishedTerms | None:
    return PublishedTerms.objects.filter(withdrawn_at=None).order_by("-version").first()


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")

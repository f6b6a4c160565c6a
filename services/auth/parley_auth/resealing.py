"""Sealing anew what a replaced field key sealed, so that the old key can go.

Invariant: a row that changes meanwhile is left as it was changed to; the next pass finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import structlog
from allauth.mfa.models import Authenticator
from django.db.models import Model, QuerySet

from parley_auth.accounts.emails import reseal_email
from parley_auth.accounts.models import SentCode, User
from parley_auth.factors.adapter import reseal_secret
from parley_auth.letters.models import Letter
from parley_auth.rights.models import Export
from parley_auth.sealed_fields import SealedFieldError

_BATCH = 500
_M = TypeVar("_M", bound=Model)
_log = structlog.get_logger("parley_auth.keys")


def reseal() -> int:
    """One pass over all sealed fields; how many rows had to be sealed anew. A field that no key opens is logged and left."""
    return (
        # Of accounts that are gone there is no address.
        _pass(User.objects.exclude(email_sealed=b""), _user_fields)
        + _pass(SentCode.objects.all(), _code_fields)
        + _pass(Letter.objects.all(), _letter_fields)
        + _pass(Authenticator.objects.all(), _factor_fields)
        + _pass(Export.objects.all(), _export_fields)
    )


def _user_fields(user: User) -> Mapping[str, Any]:
    return _changed(email_sealed=reseal_email(user.id, bytes(user.email_sealed)))


def _code_fields(code: SentCode) -> Mapping[str, Any]:
    return _changed(email_sealed=reseal_email(code.user_id, bytes(code.email_sealed)))


def _letter_fields(letter: Letter) -> Mapping[str, Any]:
    return _changed(address_sealed=letter.reseal_address())


def _export_fields(export: Export) -> Mapping[str, Any]:
    return _changed(key_sealed=export.reseal_key())


def _factor_fields(factor: Authenticator) -> Mapping[str, Any]:
    """The secret of an authenticator app; recovery codes are hashed, a passkey's public key is open."""
    fresh = reseal_secret(factor.data["secret"]) if "secret" in factor.data else None
    return {"data": factor.data | {"secret": fresh}} if fresh is not None else {}


def _changed(**fields: bytes | None) -> Mapping[str, bytes]:
    return {name: value for name, value in fields.items() if value is not None}


def _pass(rows: QuerySet[_M], fresh_fields: Callable[[_M], Mapping[str, Any]]) -> int:
    count = 0
    for row in _paged(rows):
        try:
            fresh = fresh_fields(row)
        except SealedFieldError:
            _log.error("a field opens under no key", table=row._meta.db_table)  # noqa: SLF001 - Django's own name
            continue
        if fresh:
            before = {name: getattr(row, name) for name in fresh}
            rows.filter(pk=row.pk, **before).update(**fresh)
            count += 1
    return count


def _paged(rows: QuerySet[_M]) -> Iterator[_M]:
    page = list(rows.order_by("pk")[:_BATCH])
    while page:
        yield from page
        page = list(rows.filter(pk__gt=page[-1].pk).order_by("pk")[:_BATCH])

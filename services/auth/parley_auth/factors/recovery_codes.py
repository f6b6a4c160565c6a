"""Recovery codes: each good once in place of an authenticator app or a passkey, shown when they are made and never again.

Invariant: they are kept by their hash only. A code has 120 random bits, so a plain hash of it can be searched by nobody
(ASVS 5.0, 6.5.2); allauth's own are shorter and could be shown again, so it only keeps the row.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from parley_auth.accounts.codes import code_hash, random_code
from parley_auth.accounts.models import User
from parley_contracts.encoding import b64encode
from parley_contracts.limits import RECOVERY_CODES
from parley_contracts.problems import WrongCode

_HASHES = "code_hashes"


def make_codes(user: User) -> list[str]:
    """New codes in place of all earlier ones, inside the caller's transaction."""
    codes = [random_code() for _ in range(RECOVERY_CODES)]
    hashes = [b64encode(code_hash(code)) for code in codes]
    kind = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.update_or_create(user=user, type=kind, defaults={"data": {_HASHES: hashes}})
    return codes


def codes_left(factor: Authenticator) -> int:
    """How many were not used."""
    return len(factor.data[_HASHES])


def use_recovery_code(factor: Authenticator, unverified_code: str) -> bool:
    """Use a code up; False where it is none of them."""
    try:
        wanted = b64encode(code_hash(unverified_code))
    except WrongCode:
        return False
    with transaction.atomic():
        locked = Authenticator.objects.select_for_update().get(pk=factor.pk)
        left = [each for each in locked.data[_HASHES] if each != wanted]
        found = len(left) < len(locked.data[_HASHES])
        locked.data[_HASHES] = left
        locked.save(update_fields=["data"])
    return found

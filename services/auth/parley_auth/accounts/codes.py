"""Codes in letters: 120 random bits in letters that nobody mistakes, kept by their hash only.

Invariant: a code is good once and until it expires, and no table, log or error holds one.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from parley_auth.accounts.emails import open_email, seal_email
from parley_auth.accounts.models import SentCode, User
from parley_contracts.limits import EMAIL_CODE_LENGTH_MAX, EMAIL_CODE_LIFETIME_S, RESET_CODE_LIFETIME_S
from parley_contracts.problems import WrongCode

#: Crockford's base 32: no I, L, O or U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 24
_GROUP = 4
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_LIFETIMES_S = {SentCode.Purpose.VERIFY: EMAIL_CODE_LIFETIME_S, SentCode.Purpose.RESET: RESET_CODE_LIFETIME_S}


def make_code(user: User, purpose: SentCode.Purpose, email: str, *, lifetime_s: int | None = None) -> str:
    """A new code as people read it; `lifetime_s` in place of that of a letter.

    It voids an earlier one that confirms. One that resets it does not: anybody may ask for those, and could thus keep the
    owner from ever using one.
    """
    code = random_code()
    if purpose == SentCode.Purpose.VERIFY:
        user.email_codes.filter(purpose=purpose).delete()
    SentCode.objects.create(
        code_hash=code_hash(code),
        user=user,
        purpose=purpose,
        email_sealed=seal_email(user.id, email),
        expires_at=timezone.now() + timedelta(seconds=lifetime_s or _LIFETIMES_S[purpose]),
    )
    return code


def use_code(unverified_code: str, purpose: SentCode.Purpose, *, user: User | None = None) -> tuple[User, str]:
    """Whose code it is (that of `user`, where given), and for which address; `WrongCode`.

    It is used up with the caller's transaction: what fails there leaves it good.
    """
    found = (
        SentCode.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(code_hash=code_hash(unverified_code), purpose=purpose)
        .first()
    )
    if found is None or found.expires_at <= timezone.now() or not found.user.is_active:
        raise WrongCode(field="code")
    if user is not None and found.user_id != user.id:
        raise WrongCode(field="code")
    found.delete()
    return found.user, open_email(found.user.id, bytes(found.email_sealed))


def random_code() -> str:
    """A code as people read it, in groups."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def code_hash(unverified_code: str) -> bytes:
    """What is stored of a code, however it was typed; `WrongCode` where it cannot be one."""
    if len(unverified_code) > EMAIL_CODE_LENGTH_MAX or not unverified_code.isascii():
        raise WrongCode(field="code")
    return hashlib.sha256(unverified_code.upper().translate(_MISREAD).encode()).digest()

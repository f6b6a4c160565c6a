"""Passkeys as their people see them."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator

from parley_auth.accounts.models import User
from parley_contracts.auth_api import Passkey


def passkeys_of(user: User) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("pk")
    return [passkey_info(factor) for factor in found]


def passkey_info(factor: Authenticator) -> Passkey:
    """One of them."""
    used = factor.last_used_at
    return Passkey(factor.pk, factor.data["name"], _time(factor.created_at), _time(used) if used else None)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

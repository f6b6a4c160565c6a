"""Accounts that are gone, and their names."""

from __future__ import annotations

import hashlib
import hmac

from parley_auth.accounts.models import User
from parley_auth.keyring import LASTING_KEY_FILE, derived_key
from parley_auth.rights.models import ReservedName


def is_taken(name: str) -> bool:
    """Whether a canonical name is somebody's, or was."""
    return User.objects.filter(username=name).exists() or ReservedName.objects.filter(name_index=_index(name)).exists()


def is_gone(user: User) -> bool:
    """Whether an account was deleted, not only asked to go."""
    deletion = getattr(user, "deletion", None)
    return deletion is not None and deletion.erased_at is not None


def reserve(name: str) -> None:
    """Let nobody take a canonical name again."""
    ReservedName.objects.get_or_create(name_index=_index(name))


def _index(name: str) -> bytes:
    return hmac.digest(derived_key(LASTING_KEY_FILE, "reserved names"), name.encode(), hashlib.sha256)

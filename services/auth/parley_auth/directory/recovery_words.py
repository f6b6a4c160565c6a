"""Recovery words: the wrapped recovery key of an account, and the pepper that only this server can give to it.

Invariant: a pepper is made of a secret outside the database, the person and the salt beside the wrap, and is given to that
person's sessions alone; one whose wrap is gone is never given again, for each wrap has a salt of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from django.db import transaction

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.directory.models import RecoveryWrap, Statement
from parley_auth.keyring import derived_key
from parley_contracts.encoding import b64encode
from parley_contracts.ids import uuid_bytes
from parley_contracts.limits import RECOVERY_SALT_SIZE_BYTES
from parley_contracts.problems import Conflict, NotFound
from parley_contracts.recovery_api import RecoveryWords, RecoveryWordsBegun

#: Never replaced: a wrap opens with the pepper that it was made with.
_SECRET = "recovery_pepper"  # noqa: S105 - the file's name


def begin(user: User) -> RecoveryWordsBegun:
    """Salt and pepper of a wrap to come."""
    salt = os.urandom(RECOVERY_SALT_SIZE_BYTES)
    return RecoveryWordsBegun(b64encode(salt), b64encode(_pepper(user, salt)))


@transaction.atomic
def store(user: User, *, salt: bytes, wrap: bytes) -> None:
    """Keep a wrap in place of any other; `Conflict` where there is no vault for the key in it."""
    if not Statement.objects.filter(user=user).exists():
        raise Conflict("The account has no recovery key yet.")
    RecoveryWrap.objects.update_or_create(user=user, defaults={"salt": salt, "wrap": wrap})
    record_own(Act.RECOVERY_WORDS_SET, user)


def stored(user: User) -> RecoveryWords:
    """The wrap with its pepper; `NotFound`."""
    found = RecoveryWrap.objects.filter(user=user).first()
    if found is None:
        raise NotFound
    return RecoveryWords(b64encode(bytes(found.wrap)), b64encode(_pepper(user, bytes(found.salt))))


@transaction.atomic
def forget(user: User) -> None:
    """Have no wrap any more."""
    deleted, _ = RecoveryWrap.objects.filter(user=user).delete()
    if deleted:
        record_own(Act.RECOVERY_WORDS_REMOVED, user)


def exist(user: User) -> bool:
    """Whether there is a wrap."""
    return RecoveryWrap.objects.filter(user=user).exists()


def _pepper(user: User, salt: bytes) -> bytes:
    key = derived_key(_SECRET, "recovery words")
    return hmac.digest(key, uuid_bytes(user.user_id) + salt, hashlib.sha256)

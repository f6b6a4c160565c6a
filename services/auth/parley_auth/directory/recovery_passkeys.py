"""The recovery key under a passkey: which credential, the salt that it is asked by, and the wrap.

Invariant: what the passkey gives for the salt never comes here, so nothing here opens the wrap; nobody checks the passkey's signature, since
the wrap opens by its secret or not at all.
"""

from __future__ import annotations

from django.db import transaction

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.directory.models import RecoveryPasskey, Statement
from parley_contracts import recovery_api as wire
from parley_contracts.encoding import b64encode
from parley_contracts.problems import Conflict, NotFound


@transaction.atomic
def store(user: User, *, credential: bytes, salt: bytes, wrap: bytes) -> None:
    """Keep a wrap in place of any other; `Conflict` where there is no vault for the key in it."""
    if not Statement.objects.filter(user=user).exists():
        raise Conflict("The account has no recovery key yet.")
    kept = {"credential": credential, "salt": salt, "wrap": wrap}
    RecoveryPasskey.objects.update_or_create(user=user, defaults=kept)
    record_own(Act.RECOVERY_PASSKEY_SET, user)


def stored(user: User) -> wire.RecoveryPasskey:
    """The wrap; `NotFound`."""
    found = RecoveryPasskey.objects.filter(user=user).first()
    if found is None:
        raise NotFound
    kept = (b64encode(bytes(each)) for each in (found.credential, found.salt, found.wrap))
    return wire.RecoveryPasskey(*kept)


@transaction.atomic
def forget(user: User) -> None:
    """Have no wrap any more."""
    deleted, _ = RecoveryPasskey.objects.filter(user=user).delete()
    if deleted:
        record_own(Act.RECOVERY_PASSKEY_REMOVED, user)


def exist(user: User) -> bool:
    """Whether there is a wrap."""
    return RecoveryPasskey.objects.filter(user=user).exists()

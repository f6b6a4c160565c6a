"""Asking that an account goes, and taking that back.

Invariant: whoever asked is signed out everywhere in the same transaction, and until the account is gone nothing of it is touched:
devices stay known, so that signing in again brings everything back.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_auth.rights.models import Deletion
from parley_auth.signin.families import end_sessions
from parley_contracts.limits import DELETION_GRACE_S, DELETION_GRACE_TEST_S
from parley_contracts.problems import Conflict, WrongCredentials

#: How long an account waits, by profile of limits.
_GRACE_S = {"default": DELETION_GRACE_S, "test": DELETION_GRACE_TEST_S}


def ask_own(user: User) -> Deletion:
    """Let a person's own account go after a while; all sessions end."""
    with transaction.atomic():
        deletion = begin(user, by_operator=False)
        record_own(Act.DELETION_ASKED, user)
    return deletion


def begin(user: User, *, by_operator: bool) -> Deletion:
    """Let an account go after a while, with the caller's transaction, which tells who asked; `Conflict` where it goes already."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    now = timezone.now()
    due_at = now + timedelta(seconds=_GRACE_S[settings.CONFIG.limits_profile])
    deletion, made = Deletion.objects.get_or_create(
        user=user, defaults={"asked_at": now, "due_at": due_at, "by_operator": by_operator}
    )
    if not made:
        raise Conflict("This account is to be deleted already.")
    tell_person(Letter.Kind.DELETION_ASKED, user, about=f"It is deleted on {due_at:%Y-%m-%d at %H:%M} UTC.")
    end_sessions(list(user.sessions.filter(ended_at=None)), reason="deletion")
    return deletion


def take_back(user: User, *, by_operator: bool) -> bool:
    """Let an account stay, with the caller's transaction; whether it was to go by such a one."""
    taken, _ = Deletion.objects.filter(user=user, erased_at=None, by_operator=by_operator).delete()
    if taken:
        tell_person(Letter.Kind.DELETION_TAKEN_BACK, user)
    return bool(taken)


def take_back_by_signing_in(user: User) -> None:
    """Let the account of who signs in stay, with the caller's transaction, which locked the person's row.

    `WrongCredentials` where it was suspended or went while its person was signing in.
    """
    if not User.objects.filter(pk=user.pk, is_active=True).exists():
        raise WrongCredentials
    if take_back(user, by_operator=False):
        record_own(Act.DELETION_TAKEN_BACK, user)

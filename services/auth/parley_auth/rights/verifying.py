"""Asking every service whether anything of an account that is gone is left, until each says that nothing is.

Invariant: an account counts as gone everywhere only by the word of every service, and a service that has something left is told
once more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_effect
from parley_auth.operators.neighbours import leftovers
from parley_auth.rights.erasing import erase_again, left_of
from parley_auth.rights.models import Deletion
from parley_contracts.limits import DELETION_LOOK_PAUSE_S_MAX, DELETION_LOOK_PAUSE_S_MIN
from parley_contracts.problems import Unavailable

#: Who besides auth keeps something of people.
SERVICES: Final = ("messaging", "media", "notification")
_log = structlog.get_logger("parley_auth.rights")


def verify_next() -> bool:
    """Look after one account that is gone; False where none is to be looked after now."""
    now = timezone.now()
    deletion = (
        Deletion.objects.select_related("user")
        .filter(erased_at__isnull=False, verified_at=None, look_at__lte=now)
        .order_by("look_at")
        .first()
    )
    if deletion is None:
        return False
    pause_s = min(DELETION_LOOK_PAUSE_S_MAX, DELETION_LOOK_PAUSE_S_MIN * 2 ** min(deletion.looks, 16))
    Deletion.objects.filter(pk=deletion.pk).update(
        looks=min(deletion.looks + 1, 32_000), look_at=now + timedelta(seconds=pause_s)
    )
    try:
        left = {"auth": left_of(deletion.user)} | {
            service: leftovers(service, deletion.user.user_id) for service in SERVICES
        }
        if any(left.values()):
            _log.warning("a deletion left something", user_id=deletion.user.user_id, left=left)
            erase_again(deletion.user)
            return True
    except Unavailable:
        _log.warning("a deletion is verified later", user_id=deletion.user.user_id)
        return True
    with transaction.atomic():
        if Deletion.objects.filter(pk=deletion.pk, verified_at=None).update(verified_at=timezone.now(), look_at=None):
            record_effect(Act.DELETION_VERIFIED, deletion.user)
    return True

"""Replacing the field key, and sealing anew what it sealed: where devices take pushes, and the keys of their subscriptions."""

from __future__ import annotations

import time
from collections.abc import Iterator

import structlog
from django.conf import settings

from parley_contracts.limits import FIELD_KEY_LIFETIME_S
from parley_notification.sealed_fields import SealedFieldError
from parley_notification.subscriptions.models import Subscription
from parley_notification.subscriptions.subscriptions import reseal_subscription
from parley_serving import key_files

_BATCH = 500
_log = structlog.get_logger("parley_notification.keys")


def rotate_field_key() -> int:
    """Seal under another key from now on; how many fields were sealed anew."""
    return key_files.rotate_field_key(settings.CONFIG.secrets_dir, reseal)


def keep_field_key() -> None:
    """Replace a field key that is old, and let replaced ones go."""
    folder = settings.CONFIG.secrets_dir
    if key_files.age_s(folder / key_files.FIELD_KEY_FILE) > FIELD_KEY_LIFETIME_S:
        rotate_field_key()
    key_files.let_field_keys_go(folder, reseal, time.time())


def reseal() -> int:
    """One pass over all subscriptions; how many fields were sealed anew. One that no key opens is logged and left."""
    count = 0
    for stored in _paged():
        try:
            count += reseal_subscription(stored)
        except SealedFieldError:
            _log.error("a subscription opens under no key")
    return count


def _paged() -> Iterator[Subscription]:
    rows = Subscription.objects.order_by("pk")
    page = list(rows[:_BATCH])
    while page:
        yield from page
        page = list(rows.filter(pk__gt=page[-1].pk)[:_BATCH])

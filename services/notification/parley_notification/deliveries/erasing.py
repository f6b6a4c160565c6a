"""Taking everything of a person out who is gone, as auth tells.

Invariant: the position is moved in the transaction that erases, so that nobody is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from parley_contracts.ids import UserId
from parley_notification import neighbours
from parley_notification.deliveries.models import Delivery, FeedPosition
from parley_notification.subscriptions.models import Preference, Subscription

_DELETIONS: Final = "deletions:auth"


def erase_who_is_gone() -> None:
    """Erase what there is of those who went since the last look."""
    stored = FeedPosition.objects.filter(stream=_DELETIONS).values_list("position", flat=True).first()
    since = int(stored or "0")
    while (page := neighbours.deletions(since)).deletions:
        with transaction.atomic():
            for deletion in page.deletions:
                for rows in _rows_of(deletion.user_id):
                    rows.delete()
            FeedPosition.objects.update_or_create(stream=_DELETIONS, defaults={"position": str(page.next)})
        since = page.next


def left_of(user_id: UserId) -> dict[str, int]:
    """How many rows are left of a person, by table; nothing where there are none."""
    counts = {rows.model._meta.db_table: rows.count() for rows in _rows_of(user_id)}  # noqa: SLF001 - Django's own name
    return {table: count for table, count in counts.items() if count}


def _rows_of(user_id: UserId) -> Iterator[QuerySet[Any]]:
    for model in (Subscription, Preference, Delivery):
        yield model._default_manager.filter(user_id=UUID(user_id))  # noqa: SLF001 - Django's own name

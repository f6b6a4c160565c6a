"""Writing events: numbers 1, 2, 3 … in the order of the commits.

Invariant: a reader who has seen position n never misses a smaller one that commits later. `append_event` takes the
number under a row lock that is held until the transaction ends; callers append after all their other locks, so that
two transactions never wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection
from django.utils import timezone

from parley_auth.events.models import OutboxEvent

NOTIFY_CHANNEL = "parley_auth_outbox"
_TURN = """
    INSERT INTO events_feedposition (id, position) VALUES (1, 0)
    ON CONFLICT (id) DO UPDATE SET position = events_feedposition.position
"""
# The ORM has no upsert that adds to the stored value.
_NEXT_POSITION = """
    INSERT INTO events_feedposition (id, position) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET position = events_feedposition.position + 1
    RETURNING position
"""


def append_event(event_type: str, data: Mapping[str, str | None]) -> OutboxEvent:
    """Add a fact to the transaction that makes it true."""
    assert connection.in_atomic_block, "an event without its transaction"
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_POSITION)
        position: int = cursor.fetchone()[0]
        cursor.execute("SELECT pg_notify(%s, '')", [NOTIFY_CHANNEL])
    return OutboxEvent.objects.create(position=position, type=event_type, at=timezone.now(), data=dict(data))


def await_turn() -> None:
    """Hold the lock under which events get their numbers, for what else is numbered in the order of the commits."""
    with connection.cursor() as cursor:
        cursor.execute(_TURN)

"""The worker: reads events, sends what is due, drops the subscriptions of revoked devices, forgets what is old."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import DatabaseError, close_old_connections, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from parley_contracts.limits import DELIVERIES_KEPT_S, REVOCATION_POLL_INTERVAL_S
from parley_contracts.problems import Problem
from parley_notification import neighbours
from parley_notification.deliveries.consumer import Consumer
from parley_notification.deliveries.erasing import erase_who_is_gone
from parley_notification.deliveries.models import Delivery, FeedPosition, WorkerBeat
from parley_notification.deliveries.sender import Sender
from parley_notification.rotation import keep_field_key
from parley_notification.subscriptions.models import Subscription
from parley_notification.web.rates import redis_client

IDLE_S = 0.2
#: How long the sender waits for a word that something is due; what becomes due by its time alone waits no longer.
LOOK_INTERVAL_S = 1.0
PAUSE_S = 1.0
BEAT_INTERVAL_S = 2.0
BEAT_AGE_S_MAX = 30.0
PRUNE_INTERVAL_S = 3600.0
_REVOCATIONS = "revocations:auth"
_log = structlog.get_logger("parley_notification.worker")


def work_until(stopped: threading.Event) -> None:
    """Work until `stopped`; each kind of work in a thread of its own, none of which ends by a fault."""
    due = threading.Event()
    work: dict[str, Callable[[], float]] = {"events": _events(due), "pushes": _pushes(due), "upkeep": _upkeep()}
    threads = [threading.Thread(target=_repeated, args=(stopped, name, once), name=name) for name, once in work.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def is_alive() -> bool:
    """Whether the worker went round lately."""
    oldest = timezone.now() - timedelta(seconds=BEAT_AGE_S_MAX)
    return WorkerBeat.objects.filter(at__gte=oldest).exists()


def drop_revoked() -> None:
    """End the subscriptions of devices that were revoked since the last look."""
    stored = FeedPosition.objects.filter(stream=_REVOCATIONS).values_list("position", flat=True).first()
    since = int(stored or "0")
    while (page := neighbours.revocations(since)).revocations:
        gone = [uuid.UUID(revocation.device_id) for revocation in page.revocations if revocation.device_id is not None]
        with transaction.atomic():
            Subscription.objects.filter(device_id__in=gone).delete()
            FeedPosition.objects.update_or_create(stream=_REVOCATIONS, defaults={"position": str(page.next)})
        since = page.next


def prune() -> None:
    """Forget deliveries, with their attempts, after `DELIVERIES_KEPT_S`."""
    Delivery.objects.filter(created_at__lt=timezone.now() - timedelta(seconds=DELIVERIES_KEPT_S)).delete()


def _repeated(stopped: threading.Event, name: str, once: Callable[[], float]) -> None:
    """Do a piece of work again and again, with the pauses that it asks for."""
    while not stopped.is_set():
        try:
            pause_s = once()
        except (DatabaseError, RedisError, Problem, OSError) as error:
            _log.warning("work_pauses", work=name, cause=type(error).__name__)
            pause_s = PAUSE_S
        except Exception:  # noqa: BLE001 - a bug in one piece of work is logged, and the work goes on
            _log.exception("work_failed", work=name)
            pause_s = PAUSE_S
        close_old_connections()
        stopped.wait(pause_s)


def _events(due: threading.Event) -> Callable[[], float]:
    consumer = Consumer(redis_client())

    def once() -> float:
        if not consumer.read_once():
            return IDLE_S
        due.set()
        return 0.0

    return once


def _pushes(due: threading.Event) -> Callable[[], float]:
    sender = Sender(due.set)

    def once() -> float:
        if not sender.begin_due():
            due.wait(LOOK_INTERVAL_S)
            due.clear()
        return 0.0

    return once


def _upkeep() -> Callable[[], float]:
    next_prune = time.monotonic()

    def once() -> float:
        nonlocal next_prune
        WorkerBeat.objects.update_or_create(id=1, defaults={"at": timezone.now()})
        drop_revoked()
        erase_who_is_gone()
        if time.monotonic() >= next_prune:
            prune()
            keep_field_key()
            next_prune = time.monotonic() + PRUNE_INTERVAL_S
        return min(BEAT_INTERVAL_S, REVOCATION_POLL_INTERVAL_S)

    return once

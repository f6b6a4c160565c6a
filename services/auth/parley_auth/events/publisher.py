"""Publishing the outbox to the Redis Stream `events:auth`.

Invariant: an event's place in the stream is its position, so the stream itself says what it still lacks: after a wipe
all that the outbox keeps is published again, and two publishers at once cannot double an event.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from redis.exceptions import RedisError, ResponseError

from parley_auth.accounts.models import SentCode
from parley_auth.directory.models import KeyPackage, KeyPackageClaim
from parley_auth.events.models import FeedPosition, OutboxEvent
from parley_auth.events.outbox import NOTIFY_CHANNEL
from parley_auth.relations.blocking import BLOCK_CHANGED, forget_ended
from parley_auth.signin.models import Session
from parley_auth.web.rates import RedisClient
from parley_contracts.limits import EVENTS_KEPT_S, EVENTS_STREAM_LENGTH_MAX

STREAM = "events:auth"
REVOCATIONS_CHANNEL = "auth:revocations"
#: What other services read from auth itself, and are told on that channel to look for.
_HINTED = frozenset({"session.revoked", BLOCK_CHANGED})
BATCH = 500
POLL_INTERVAL_S = 2.0
PRUNE_INTERVAL_S = 3600.0
_log = structlog.get_logger("parley_auth.events")


class Publisher:
    """Moves events from the outbox to the stream, in order."""

    def __init__(self, client: RedisClient) -> None:
        self._redis = client

    def publish_pending(self) -> int:
        """Publish what the stream lacks; the number of events."""
        published = 0
        while True:
            last = self._last_position()
            events = list(OutboxEvent.objects.filter(position__gt=last).order_by("position")[:BATCH])
            if not events:
                return published
            for event in events:
                self._publish(event)
            published += len(events)

    def _last_position(self) -> int:
        try:
            information: dict[str, Any] = self._redis.xinfo_stream(STREAM)
        except ResponseError:  # no such stream: never published, or wiped
            return 0
        last = int(information["last-generated-id"].partition(b"-")[0])
        stored = FeedPosition.objects.values_list("position", flat=True).first() or 0
        if last <= stored:
            return last
        # The database is an older one than the stream has seen (a restored backup): that stream tells of another past.
        _log.error("the stream is ahead of the outbox and starts anew", stream=last, outbox=stored)
        self._redis.delete(STREAM)
        return 0

    def _publish(self, event: OutboxEvent) -> None:
        fields: dict[Any, Any] = {
            "id": str(event.id),
            "type": event.type,
            "version": event.version,
            "at": event.at.isoformat().replace("+00:00", "Z"),
            "data": msgspec.json.encode(event.data),
        }
        try:
            self._redis.xadd(
                STREAM, fields, id=f"{event.position}-0", maxlen=EVENTS_STREAM_LENGTH_MAX, approximate=True
            )
        except ResponseError as error:
            if "equal or smaller" not in str(error):
                raise
        if event.type in _HINTED:
            self._redis.publish(REVOCATIONS_CHANNEL, str(event.position))


def prune() -> None:
    """Forget what nobody asks for any more: old events, claims, expired key packages and codes, sessions and blocks long over."""
    horizon = timezone.now() - timedelta(seconds=EVENTS_KEPT_S)
    OutboxEvent.objects.filter(at__lt=horizon).delete()
    KeyPackageClaim.objects.filter(created_at__lt=horizon).delete()
    KeyPackage.objects.filter(expires_at__lt=horizon).delete()
    SentCode.objects.filter(expires_at__lt=timezone.now()).delete()
    Session.objects.filter(expires_at__lt=horizon).delete()
    Session.objects.filter(ended_at__lt=horizon).delete()
    forget_ended()


def publish_until(stopped: threading.Event) -> None:
    """Publish until `stopped`, woken by the database, and at the latest every `POLL_INTERVAL_S`."""
    client = redis.Redis.from_url(settings.CONFIG.redis_url, socket_timeout=2, socket_connect_timeout=2)
    publisher = Publisher(client)
    next_prune = time.monotonic() + POLL_INTERVAL_S
    while not stopped.is_set():
        try:
            with psycopg.connect(settings.CONFIG.postgres_url, autocommit=True, connect_timeout=3) as listener:
                listener.execute(f"LISTEN {NOTIFY_CHANNEL}")
                while not stopped.is_set():
                    publisher.publish_pending()
                    if time.monotonic() >= next_prune:
                        prune()
                        next_prune = time.monotonic() + PRUNE_INTERVAL_S
                    for _ in listener.notifies(timeout=POLL_INTERVAL_S, stop_after=1):
                        pass
        except (psycopg.Error, DatabaseError, RedisError) as error:
            _log.warning("publishing pauses", cause=type(error).__name__)
            close_old_connections()
            stopped.wait(1.0)

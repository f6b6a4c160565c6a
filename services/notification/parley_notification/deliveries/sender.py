"""Sending what is due: looked up, checked and connected anew each time, repeated with back-off, every attempt recorded.

Invariant: a delivery is claimed by a row lock and a lease, so two workers never send it at once; one that was claimed by a
worker that died is sent again, which a device shows once (the same tag).
"""

from __future__ import annotations

import hmac
import random
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from parley_contracts.encoding import b64encode
from parley_contracts.ids import DeviceId, UserId
from parley_contracts.limits import PUSH_AT_ONCE_MAX, PUSH_ATTEMPTS_MAX, PUSH_TTL_S
from parley_contracts.notification_api import Outcome, SelfTest
from parley_contracts.problems import NotFound
from parley_contracts.push import SELF_TEST, PushPayload
from parley_notification.deliveries.models import Attempt, Delivery
from parley_notification.keyring import derived_key, vapid_key
from parley_notification.sealed_fields import SealedFieldError
from parley_notification.subscriptions.models import Subscription
from parley_notification.subscriptions.subscriptions import open_subscription
from parley_notification.webpush.encryption import encrypt_push
from parley_notification.webpush.sending import Push, post_push
from parley_notification.webpush.vapid import authorization
from parley_serving.outbound import endpoints
from parley_serving.outbound.posting import Unreachable

LEASE_S = 120
BATCH = 256
_PER_DEVICE = 4
BACKOFF_S = 2.0
BACKOFF_S_MAX = 3600.0
_TOPIC_SIZE_BYTES = 24
_SELF_TEST_TTL_S = 60
_CONTENT_TOO_LARGE = 413
_log = structlog.get_logger("parley_notification.sender")


@dataclass(frozen=True)
class Tried:
    """One attempt: its outcome, why, the service's status, and after how long it wants to be asked again."""

    outcome: Outcome
    reason: str
    status: int | None = None
    retry_after_s: int | None = None


class Sender:
    """Sends to many devices at once, to each of them in order: a slow push service holds up its own devices only.

    `done` is called, in any thread, when one device has got what was begun for it.
    """

    def __init__(self, done: Callable[[], None] = lambda: None) -> None:
        self._done = done
        self._pool = ThreadPoolExecutor(max_workers=PUSH_AT_ONCE_MAX, thread_name_prefix="push")
        self._busy: dict[uuid.UUID, Future[None]] = {}

    def begin_due(self) -> int:
        """Begin to send what is due, as far as there is room; the number of deliveries begun."""
        for device_id in [device_id for device_id, work in self._busy.items() if work.done()]:
            self._busy.pop(device_id).result()
        room = PUSH_AT_ONCE_MAX - len(self._busy)
        claimed = _claim(frozenset(self._busy), devices_max=room) if room else {}
        for device_id, deliveries in claimed.items():
            self._busy[device_id] = self._pool.submit(_send_all, deliveries)
            self._busy[device_id].add_done_callback(lambda _: self._done())
        return sum(map(len, claimed.values()))

    def finish(self) -> None:
        """Wait for what was begun."""
        wait(self._busy.values())

    def close(self) -> None:
        """Give the threads back, what was begun done."""
        self._pool.shutdown()


def self_test(user_id: UserId, device_id: DeviceId) -> SelfTest:
    """Push to a device now, once, and say what happened; `NotFound` where it takes no pushes."""
    stored = Subscription.objects.filter(device_id=uuid.UUID(device_id), user_id=uuid.UUID(user_id)).first()
    if stored is None:
        raise NotFound("This device takes no pushes.")
    tried = _push(stored, SELF_TEST, topic="", ttl_s=_SELF_TEST_TTL_S)
    if tried.outcome == "gone":
        _forget(stored)
    return SelfTest("failed" if tried.outcome == "retrying" else tried.outcome, tried.reason, tried.status)


def _claim(busy: frozenset[uuid.UUID], *, devices_max: int) -> dict[uuid.UUID, list[Delivery]]:
    """The oldest deliveries that are due, a few for each of a few devices, leased."""
    now = timezone.now()
    claimed: dict[uuid.UUID, list[Delivery]] = {}
    with transaction.atomic():
        due = Delivery.objects.select_for_update(skip_locked=True).filter(state="waiting", due_at__lte=now)
        for delivery in due.exclude(device_id__in=busy).order_by("due_at", "id")[:BATCH]:
            if delivery.device_id in claimed or len(claimed) < devices_max:
                chosen = claimed.setdefault(delivery.device_id, [])
                chosen += [delivery] if len(chosen) < _PER_DEVICE else []
        ids = [delivery.id for deliveries in claimed.values() for delivery in deliveries]
        Delivery.objects.filter(id__in=ids).update(due_at=now + timedelta(seconds=LEASE_S))
    return claimed


def _send_all(deliveries: Sequence[Delivery]) -> None:
    """Send one device's pushes in order; where one is to be repeated later, so are those behind it."""
    try:
        for place, delivery in enumerate(deliveries):
            if _send(delivery) == "retrying":
                rest = [behind.id for behind in deliveries[place + 1 :]]
                Delivery.objects.filter(id__in=rest).update(due_at=delivery.due_at)
                return
    finally:
        connection.close()


def _send(delivery: Delivery) -> Outcome:
    began = time.monotonic()
    stored = Subscription.objects.filter(device_id=delivery.device_id, user_id=delivery.user_id).first()
    if stored is None:
        tried = Tried("gone", "no_subscription")
    elif timezone.now() - delivery.created_at > timedelta(seconds=PUSH_TTL_S):
        tried = Tried("failed", "too_late")
    else:
        tried = _push(stored, bytes(delivery.payload), topic=_topic(delivery), ttl_s=PUSH_TTL_S)
        if tried.status == _CONTENT_TOO_LARGE:
            tried = _shortened(delivery, tried)
        if tried.outcome == "gone":
            _forget(stored)
    _record(delivery, tried, round((time.monotonic() - began) * 1000))
    return tried.outcome


def _shortened(delivery: Delivery, tried: Tried) -> Tried:
    """The service takes less than RFC 8291 promises: name the conversation only, and try again."""
    payload = PushPayload.decode(bytes(delivery.payload))
    if not payload.header:
        return tried
    delivery.payload = PushPayload(payload.conversation_id).encode()
    return Tried("retrying", "too_large_for_service", tried.status)


def _push(stored: Subscription, payload: bytes, *, topic: str, ttl_s: int) -> Tried:
    """One attempt."""
    loopback, hosts = settings.CONFIG.loopback_ca_file, settings.CONFIG.outbound_hosts
    try:
        opened = open_subscription(stored)
        target = endpoints.find_target(
            opened.endpoint, endpoints.resolve, loopback_allowed=loopback is not None, hosts=hosts
        )
        push = Push(
            body=encrypt_push(payload, p256dh=opened.p256dh, auth=opened.auth),
            authorization=authorization(vapid_key(), audience=opened.endpoint.origin, subject=settings.CONFIG.origin),
            topic=topic,
            ttl_s=ttl_s,
        )
        answer = post_push(target, push, loopback_ca_file=loopback)
    except endpoints.EndpointError as error:
        return Tried("refused", error.reason)
    except SealedFieldError:
        return Tried("refused", "subscription_unreadable")
    except endpoints.ResolutionError:
        return Tried("retrying", "unresolved")
    except Unreachable as error:
        return Tried("retrying", error.reason)
    outcome, reason = outcome_of(answer.status)
    return Tried(outcome, reason, answer.status, answer.retry_after_s)


def outcome_of(status: int) -> tuple[Outcome, str]:
    """What a push service's status means (RFC 8030 sections 5 and 7.3)."""
    if 200 <= status < 300:
        return "sent", "accepted"
    if status in {404, 410}:
        return "gone", "subscription_ended"
    if status == 429:
        return "retrying", "rate_limited"
    if status >= 500:
        return "retrying", "service_fault"
    if 300 <= status < 400:
        return "refused", "redirect"
    return "refused", "service_refused"


def _record(delivery: Delivery, tried: Tried, duration_ms: int) -> None:
    now, outcome = timezone.now(), tried.outcome
    delivery.attempts += 1
    if outcome == "retrying" and delivery.attempts >= PUSH_ATTEMPTS_MAX:
        outcome = "failed"
    delivery.state = "waiting" if outcome == "retrying" else outcome
    if outcome == "retrying":
        delivery.due_at = now + timedelta(seconds=_pause_s(delivery.attempts, tried.retry_after_s))
    else:
        delivery.payload = b""
    with transaction.atomic():
        delivery.save(update_fields=["state", "attempts", "due_at", "payload"])
        Attempt.objects.create(
            delivery=delivery,
            at=now,
            outcome=outcome,
            reason=tried.reason,
            status=tried.status,
            duration_ms=duration_ms,
        )
    _log.info("push", outcome=outcome, reason=tried.reason, status=tried.status, attempts=delivery.attempts)


def _pause_s(attempts: int, retry_after_s: int | None) -> float:
    """Exponential, half of it at random; never before the service wants to be asked again."""
    pause_s = min(BACKOFF_S_MAX, BACKOFF_S * 4 ** (attempts - 1))
    return max(random.uniform(pause_s / 2, pause_s), float(retry_after_s or 0))  # noqa: S311 - spreads load only


def _topic(delivery: Delivery) -> str:
    """A name that says nothing to the push service: the same for one device's pushes of one conversation."""
    named = delivery.device_id.bytes + delivery.conversation_id.bytes
    return b64encode(hmac.digest(derived_key("topics"), named, "sha256")[:_TOPIC_SIZE_BYTES])


def _forget(stored: Subscription) -> None:
    """Drop a subscription that has ended, unless the device has renewed it meanwhile."""
    Subscription.objects.filter(device_id=stored.device_id, changed_at=stored.changed_at).delete()

"""The outbox: positions without surprises, the stream that fills itself, revocations for the other services."""

import json
import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from parley_auth.config import read_config
from parley_auth.events.models import FeedPosition, OutboxEvent
from parley_auth.events.outbox import append_event
from parley_auth.events.publisher import REVOCATIONS_CHANNEL, STREAM, Publisher, prune, publish_until
from parley_auth.signin.models import Session
from parley_auth.web.rates import redis_client


def entries() -> list[tuple[bytes, dict[bytes, bytes]]]:
    return redis_client().xrange(STREAM)


def append(number: int) -> None:
    with transaction.atomic():
        append_event("account.created", {"user_id": str(number)})


@pytest.mark.django_db(transaction=True)
def test_event_needs_its_transaction():
    with pytest.raises(AssertionError):
        append_event("account.created", {})


def test_stream_entries_have_all_fields(alice):
    publisher = Publisher(redis_client())
    assert publisher.publish_pending() == 2
    created, added = entries()
    assert created[0] == b"1-0" or int(created[0].split(b"-")[0]) > 0
    fields = {name.decode(): value.decode() for name, value in created[1].items()}
    assert set(fields) == {"id", "type", "version", "at", "data"}
    assert (fields["type"], fields["version"]) == ("account.created", "1")
    assert fields["at"].endswith("Z")
    assert json.loads(fields["data"]) == {"user_id": alice.user_id, "username": "alice"}
    assert json.loads(added[1][b"data"]) == {"user_id": alice.user_id, "device_id": alice.device_id}


def test_nothing_is_published_twice(alice):
    publisher = Publisher(redis_client())
    assert (publisher.publish_pending(), publisher.publish_pending()) == (2, 0)
    for event in OutboxEvent.objects.order_by("position"):
        publisher._publish(event)
    assert len(entries()) == 2


def test_wiped_stream_is_filled_again(alice, bob):
    publisher = Publisher(redis_client())
    publisher.publish_pending()
    before = entries()
    redis_client().flushdb()
    assert publisher.publish_pending() == 4
    assert entries() == before


def test_stream_of_another_past_starts_anew(alice):
    redis_client().xadd(STREAM, {"type": "old"}, id="999999999-0")
    assert Publisher(redis_client()).publish_pending() == 2
    assert [fields[b"type"] for _, fields in entries()] == [b"account.created", b"device.added"]


def test_revocation_is_hinted(alice):
    channel = redis_client().pubsub(ignore_subscribe_messages=True)
    channel.subscribe(REVOCATIONS_CHANNEL)
    channel.get_message(timeout=1)
    alice.api.post("logout")
    Publisher(redis_client()).publish_pending()
    message = channel.get_message(timeout=1)
    position = OutboxEvent.objects.get(type="session.revoked").position
    assert message["data"] == str(position).encode()
    channel.close()


def test_revocations_are_read_by_position(alice, bob, service):
    assert service.get("revocations?since=0").body == {"revocations": [], "next": 0}
    alice.api.post("logout")
    first = service.get("revocations?since=0").body
    (revocation,) = first["revocations"]
    assert set(revocation) == {"position", "session_id", "user_id", "device_id", "revoked_at"}
    assert first["next"] == revocation["position"]
    assert service.get(f"revocations?since={first['next']}").body == {"revocations": [], "next": first["next"]}
    bob.api.post("logout")
    second = service.get(f"revocations?since={first['next']}").body
    assert [revocation["user_id"] for revocation in second["revocations"]] == [bob.user_id]
    assert second["next"] > first["next"]


@pytest.mark.parametrize("since", ["-1", "x", "1.5", "9" * 19, "", "%00", "\u0661"])
def test_odd_positions_are_refused(service, since):
    assert service.get(f"revocations?since={since}").problem == "invalid_request"


def test_pruning_does_not_reset_positions(alice, service):
    alice.api.post("logout")
    newest = OutboxEvent.objects.order_by("-position").first().position
    OutboxEvent.objects.update(at=timezone.now() - timedelta(days=8))
    prune()
    assert not OutboxEvent.objects.exists()
    append(1)
    assert OutboxEvent.objects.get().position == newest + 1 == FeedPosition.objects.get().position


def test_pruning_forgets_sessions_long_over(alice, login):
    alice.api.post("logout")
    Session.objects.update(ended_at=timezone.now() - timedelta(days=8))
    login("alice")
    prune()
    assert Session.objects.count() == 1


def follow(stopped: threading.Event, seen: list[int]) -> None:
    """Read as the other services do, from the position reached, until nothing more is written."""
    finished = False
    while not finished:
        finished = stopped.is_set()
        newer = OutboxEvent.objects.filter(position__gt=seen[-1] if seen else 0).order_by("position")
        seen.extend(newer.values_list("position", flat=True))
    connections.close_all()


def write_slowly(writer: int) -> None:
    """Twenty transactions, of which every fifth gives up after it took its number."""
    for number in range(20):
        with transaction.atomic():
            append_event("account.created", {"user_id": f"{writer}-{number}"})
            time.sleep(0.001 * (writer % 3))
            transaction.set_rollback(number % 5 == 4)
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_reader_never_misses_a_later_commit():
    stopped = threading.Event()
    seen: list[int] = []
    reader = threading.Thread(target=follow, args=(stopped, seen))
    writers = [threading.Thread(target=write_slowly, args=(writer,)) for writer in range(6)]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stopped.set()
    reader.join()
    stored = list(OutboxEvent.objects.order_by("position").values_list("position", flat=True))
    assert seen == stored == list(range(1, 6 * 16 + 1))


@pytest.mark.django_db(transaction=True)
def test_publisher_follows_commits_and_survives_a_wipe(make_person, settings, test_database_url):
    settings.CONFIG = read_config(os.environ | {"PARLEY_POSTGRES_URL": test_database_url})
    stopped = threading.Event()

    def run() -> None:
        publish_until(stopped)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        make_person()
        wait_for(lambda: len(entries()) == 1)
        started = time.monotonic()
        make_person()
        wait_for(lambda: len(entries()) == 2)
        assert time.monotonic() - started < 1.5
        redis_client().flushdb()
        wait_for(lambda: len(entries()) == 2)
    finally:
        stopped.set()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_publisher_waits_for_redis_to_return(make_person, settings, test_database_url, monkeypatch):
    settings.CONFIG = read_config(os.environ | {"PARLEY_POSTGRES_URL": test_database_url})
    make_person()
    stopped = threading.Event()
    tried = threading.Event()
    original = Publisher.publish_pending

    def away_once(publisher: Publisher) -> int:
        if not tried.is_set():
            tried.set()
            raise RedisError("away")
        return original(publisher)

    monkeypatch.setattr(Publisher, "publish_pending", away_once)

    def run() -> None:
        publish_until(stopped)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_for(lambda: len(entries()) == 1)
    finally:
        stopped.set()
        thread.join()


def wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)

"""Reading events and keeping house: nothing lost or doubled, poison put aside, revoked devices dropped, old records forgotten."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from parley_contracts.events import MESSAGING_STREAM, dead_stream
from parley_contracts.ids import ConversationId, new_uuid7
from parley_contracts.limits import DELIVERIES_KEPT_S
from parley_contracts.problems import Unavailable
from parley_notification.deliveries import consumer as consuming
from parley_notification.deliveries import worker
from parley_notification.deliveries.models import Attempt, Delivery, FeedPosition, WorkerBeat
from parley_notification.subscriptions.models import Subscription

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_event_that_comes_twice_is_one_delivery(conversation, producer, consume, send):
    producer.store(conversation.anna, conversation.id)
    before = FeedPosition.objects.get(stream=MESSAGING_STREAM).position
    consume()
    FeedPosition.objects.filter(stream=MESSAGING_STREAM).update(position=before)
    producer.client.flushdb()
    consume()
    assert FeedPosition.objects.get(stream=MESSAGING_STREAM).position == producer.position
    assert (Delivery.objects.count(), send(), conversation.browser.asked) == (1, 1, 1)


def test_a_wiped_stream_is_asked_for_again(conversation, producer, consumer, consume):
    for number in range(30):
        producer.store(conversation.anna, conversation.id)
        producer.publish()
        if number % 7 == 3:
            producer.client.flushdb()
        if number % 5 == 2:
            consumer.read_once()
    consume()
    assert Delivery.objects.count() == 30


def test_a_stream_that_begins_too_late_is_asked_for_again(conversation, producer, consumer, consume):
    """Somebody published only the newest: the event names another one before it than was read."""
    for _ in range(3):
        producer.store(conversation.anna, conversation.id)
    producer.client.delete(MESSAGING_STREAM)
    newest = producer.events[-1]
    producer.client.xadd(MESSAGING_STREAM, newest.fields(), id=newest.position)
    assert consumer.read_once() == 0
    consume()
    assert Delivery.objects.count() == 3


def test_messaging_away_holds_the_events_back(conversation, producer, consumer, consume, messaging):
    producer.store(conversation.anna, conversation.id)
    producer.publish()
    posts, messaging.posts = messaging.posts, {"/internal/recipients": lambda _: (503, {})}
    with pytest.raises(Unavailable):
        consumer.read_once()
    assert Delivery.objects.count() == 0
    messaging.posts = posts
    consume()
    assert Delivery.objects.count() == 1


def test_recipients_are_asked_for_once_for_what_has_the_same(conversation, producer, consumer):
    for changes in ({}, {}, {"epoch_sequence": 2}, {"policy_sequence": 2}, {}):
        producer.store(conversation.anna, conversation.id, **changes)
    producer.store(conversation.berta, conversation.id)
    producer.store(conversation.anna, conversation.id, push=False, epoch_sequence=3)
    producer.publish()
    with CaptureQueriesContext(connection) as queries:
        assert consumer.read_once() == 7
    assert sum("subscriptions_subscription" in query["sql"] for query in queries) == 1
    assert producer.asked == [[1, 3, 4, 6]]
    assert Delivery.objects.filter(user_id=conversation.berta.user_id).count() == 5
    producer.store(conversation.anna, conversation.id)
    producer.publish()
    producer.blocked_by = [conversation.berta.user_id]
    consumer.read_once()
    assert producer.asked[1:] == [[8]], "each reading asks anew: somebody may have been blocked meanwhile"
    assert Delivery.objects.filter(user_id=conversation.berta.user_id).count() == 5


def test_many_deliveries_are_stored_as_they_are_made(conversation, producer, consume, monkeypatch):
    monkeypatch.setattr(consuming, "STORED_AT_ONCE", 2)
    for _ in range(5):
        producer.store(conversation.anna, conversation.id)
    consume()
    assert Delivery.objects.count() == 5
    assert FeedPosition.objects.get(stream=MESSAGING_STREAM).position == producer.position


def test_poison_is_put_aside(conversation, producer, consume):
    import msgspec

    producer.store(conversation.anna, conversation.id)
    producer.events[-1] = msgspec.structs.replace(producer.events[-1], data=b'{"conversation_id": 5}')
    producer.store(conversation.anna, conversation.id, ciphertext="not base64url!")
    producer.store(conversation.anna, ConversationId("nowhere"))
    producer.store(conversation.anna, conversation.id)
    consume()
    assert producer.client.xlen(dead_stream(MESSAGING_STREAM)) == 3
    assert Delivery.objects.count() == 1


def test_events_of_other_types_and_of_no_entry_are_passed(conversation, producer, consume):
    import msgspec

    producer.store(conversation.anna, conversation.id)
    producer.events[-1] = msgspec.structs.replace(producer.events[-1], type="membership.changed", data=b"{}")
    producer.store(conversation.anna, ConversationId(new_uuid7()))
    producer.store(conversation.anna, conversation.id)
    consume()
    assert Delivery.objects.count() == 1
    assert producer.client.xlen(dead_stream(MESSAGING_STREAM)) == 0


def test_the_stream_is_trimmed_behind_its_reader(conversation, producer, consume):
    for _ in range(50):
        producer.store(conversation.anna, conversation.id)
    consume()
    assert producer.client.xlen(MESSAGING_STREAM) <= 1


# --- the worker -------------------------------------------------------------------------------------------------------


def test_revoked_devices_lose_their_subscriptions(conversation, auth, device, receiver):
    other = device()
    other.subscribe(receiver.browser("other").upload())
    auth.revoke(conversation.berta)
    worker.drop_revoked()
    assert [str(row.device_id) for row in Subscription.objects.all()] == [other.device_id]
    auth.revoke(other)
    worker.drop_revoked()
    assert not Subscription.objects.exists()


def test_the_record_is_kept_for_a_while_only(conversation, producer, consume, send):
    producer.store(conversation.anna, conversation.id)
    consume()
    send()
    worker.prune()
    assert Attempt.objects.count() == 1
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=DELIVERIES_KEPT_S + 1))
    worker.prune()
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


def test_the_worker_does_all_of_it_until_it_is_stopped(conversation, producer, device):
    health = "/internal/worker-health"
    assert not device().call("GET", health).body["healthy"]
    stopped = threading.Event()
    thread = threading.Thread(target=worker.work_until, args=(stopped,))
    thread.start()
    try:
        producer.store(conversation.anna, conversation.id)
        deadline = time.monotonic() + 20
        while not conversation.browser.received:
            producer.publish()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert device().call("GET", health).body["healthy"]
    finally:
        stopped.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
    WorkerBeat.objects.update(at=timezone.now() - timedelta(minutes=5))
    assert not device().call("GET", health).body["healthy"]
    assert device().call("GET", "/internal/health").body == {"healthy": True, "detail": ""}


def test_a_fault_in_one_work_pauses_it_alone(monkeypatch):
    monkeypatch.setattr(worker, "PAUSE_S", 0.01)
    stopped, rounds = threading.Event(), []

    def once() -> float:
        rounds.append(1)
        if len(rounds) == 5:
            stopped.set()
        raise RuntimeError("a bug")

    worker._repeated(stopped, "events", once)
    assert len(rounds) == 5

"""From an event to a push: who is told, what each answer of a push service leads to, and that nothing is lost or doubled."""

from __future__ import annotations

import socket
import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from push_receiver import PushReceiver

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, new_channel_id, new_uuid7
from parley_contracts.limits import PUSH_ATTEMPTS_MAX, PUSH_TTL_S
from parley_contracts.push import SELF_TEST, PushPayload
from parley_notification.deliveries import sender
from parley_notification.deliveries.models import Attempt, Delivery
from parley_notification.deliveries.sender import Sender, outcome_of
from parley_notification.subscriptions.models import Subscription
from parley_serving.outbound import endpoints, posting

pytestmark = pytest.mark.django_db(transaction=True)


def make_due() -> None:
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now())


def test_a_message_is_pushed_to_members_devices(conversation, producer, consume, send):
    producer.secrets = [{"device_id": conversation.berta.device_id, "sealed": b64encode(b"e" * 80)}]
    producer.store(conversation.anna, conversation.id)
    consume()
    assert send() == 1
    (received,) = conversation.browser.received
    payload = PushPayload.decode(received.payload)
    assert (payload.conversation_id, payload.sealed_secret) == (conversation.id, b"e" * 80)
    assert (payload.header, payload.ciphertext) == (b"h" * 240, b"c" * 272)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, bytes(delivery.payload)) == ("sent", "text", b"")
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.reason, attempt.status) == ("sent", "accepted", 201)
    assert send() == 0


def test_topics_tell_the_push_service_nothing(conversation, producer, consume, send, receiver):
    other = ConversationId(new_uuid7())
    producer.members[other] = producer.members[conversation.id]
    for where in (conversation.id, conversation.id, other):
        producer.store(conversation.anna, where)
    consume()
    send()
    topics = [received.headers["Topic"] for received in conversation.browser.received]
    assert topics[0] == topics[1] != topics[2]
    assert all(len(topic) == 32 for topic in topics)
    assert not any(conversation.id in str(received.headers) for received in conversation.browser.received)


def test_the_sending_device_is_left_out(conversation, producer, consume, send):
    producer.store(conversation.berta, conversation.id)
    consume()
    assert (send(), Delivery.objects.count()) == (0, 0)


def test_silent_messages_are_not_pushed(conversation, producer, consume, messaging):
    messaging.asked.clear()
    producer.store(conversation.anna, conversation.id, push=False)
    consume()
    assert (Delivery.objects.count(), messaging.asked) == (0, [])


def test_muted_people_are_recorded_and_not_told(conversation, producer, consume, send):
    conversation.berta.call("PUT", f"preferences/{conversation.id}", {"level": "none"})
    producer.store(conversation.anna, conversation.id)
    consume()
    assert send() == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("skipped", "muted")


def test_a_mute_ends_by_itself(conversation, producer, consume, send):
    for until in (timezone.now() + timedelta(hours=1), timezone.now() - timedelta(seconds=1)):
        conversation.berta.call("PUT", f"preferences/{conversation.id}", {"level": "none", "until": until.isoformat()})
        producer.store(conversation.anna, conversation.id)
        consume()
    assert send() == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["sent", "skipped"]


def test_a_push_from_an_open_channel_says_only_where(conversation, producer, consume, send):
    channel = new_channel_id()
    producer.members[channel] = producer.members[conversation.id]
    producer.store(conversation.anna, channel, header="", ciphertext="", signature="")
    consume()
    send()
    assert conversation.browser.received[0].payload == PushPayload(channel).encode()
    assert set(Delivery.objects.values_list("reason", flat=True)) == {"open_channel"}


def test_what_does_not_fit_names_the_conversation(conversation, producer, consume, send):
    """To the byte: a push of RFC 8291 holds 3,993 letters of payload, which are 2,994 bytes as base64url."""
    producer.secrets = [{"device_id": conversation.berta.device_id, "sealed": b64encode(b"e" * 80)}]
    producer.store(conversation.anna, conversation.id, header="", ciphertext="", signature="")
    producer.store(conversation.anna, conversation.id, ciphertext=b64encode(b"c" * 2585))
    producer.store(conversation.anna, conversation.id, ciphertext=b64encode(b"c" * 2586))
    consume()
    send()
    bare, whole, large = (received.payload for received in conversation.browser.received)
    assert len(whole) == 3992
    assert len(conversation.browser.received[1].body) == 4095
    assert PushPayload.decode(whole).ciphertext == b"c" * 2585
    assert bare == large == PushPayload(conversation.id).encode()
    assert set(Delivery.objects.values_list("reason", flat=True)) == {"text", "too_large"}


# --- answers of push services -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_ended_subscriptions_are_dropped(conversation, producer, consume, send, status):
    conversation.browser.answers = [(status, {})]
    producer.store(conversation.anna, conversation.id)
    consume()
    send()
    assert Delivery.objects.get().state == "gone"
    assert not Subscription.objects.exists()
    producer.store(conversation.anna, conversation.id)
    consume()
    assert (send(), conversation.browser.asked) == (0, 1)


def test_a_subscription_that_was_renewed_meanwhile_stays(conversation, receiver):
    stored = Subscription.objects.get()
    conversation.berta.subscribe(receiver.browser("renewed").upload())
    sender._forget(stored)
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize(("status", "pause_s"), [(429, 77), (500, 0), (503, 30), (502, 0)])
def test_passing_faults_are_repeated_with_a_pause(conversation, producer, consume, send, status, pause_s):
    headers = {"Retry-After": str(pause_s)} if pause_s else {}
    conversation.browser.answers = [(status, headers)]
    producer.store(conversation.anna, conversation.id)
    consume()
    send()
    delivery = Delivery.objects.get()
    assert delivery.state == "waiting"
    assert delivery.due_at - Attempt.objects.get().at >= timedelta(seconds=max(pause_s, 1))
    make_due()
    assert send() == 1
    assert Delivery.objects.get().state == "sent"
    assert list(Attempt.objects.order_by("id").values_list("outcome", flat=True)) == ["retrying", "sent"]


def test_pauses_grow_and_end(conversation, producer, consume, send):
    conversation.browser.answers = [(500, {})] * (PUSH_ATTEMPTS_MAX + 2)
    producer.store(conversation.anna, conversation.id)
    consume()
    pauses = []
    for _ in range(PUSH_ATTEMPTS_MAX):
        make_due()
        began = timezone.now()
        send()
        pauses.append((Delivery.objects.get().due_at - began).total_seconds())
    assert Delivery.objects.get().state == "failed"
    assert pauses[0] < pauses[2] < pauses[4] < 3700
    make_due()
    assert (send(), conversation.browser.asked) == (0, PUSH_ATTEMPTS_MAX)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(conversation, producer, consume, send, receiver, status):
    elsewhere = receiver.browser("elsewhere")
    conversation.browser.answers = [(status, {"Location": elsewhere.endpoint})]
    producer.store(conversation.anna, conversation.id)
    consume()
    send()
    assert (Delivery.objects.get().state, Attempt.objects.get().reason) == ("refused", "redirect")
    assert (elsewhere.asked, conversation.browser.asked) == (0, 1)


def test_a_service_that_takes_less_gets_the_conversation_only(conversation, producer, consume, send):
    conversation.browser.answers = [(413, {})]
    producer.store(conversation.anna, conversation.id)
    consume()
    send()
    make_due()
    send()
    assert PushPayload.decode(conversation.browser.received[0].payload) == PushPayload(conversation.id)


def test_meanings_of_statuses():
    assert {outcome_of(status)[0] for status in (200, 201, 202, 204)} == {"sent"}
    assert {outcome_of(status)[0] for status in (400, 401, 403, 405, 300, 304)} == {"refused"}
    assert {outcome_of(status)[0] for status in (429, 500, 599)} == {"retrying"}


def test_an_endpoint_that_leads_inside_by_now_is_not_connected_to(conversation, producer, consume, send, monkeypatch):
    producer.store(conversation.anna, conversation.id)
    consume()
    monkeypatch.setattr(endpoints, "resolve", lambda *_: ["10.0.0.1"])
    send()
    assert (Delivery.objects.get().state, Attempt.objects.get().reason) == ("refused", "endpoint_inside")
    assert conversation.browser.asked == 0


def test_a_name_that_is_away_is_tried_again(conversation, producer, consume, send, monkeypatch):
    producer.store(conversation.anna, conversation.id)
    consume()
    with monkeypatch.context() as patch:
        patch.setattr(endpoints, "resolve", lambda *_: [])
        send()
    assert (Delivery.objects.get().state, Attempt.objects.get().reason) == ("waiting", "unresolved")
    make_due()
    send()
    assert Delivery.objects.get().state == "sent"


def test_a_certificate_of_another_host_is_not_trusted(device, producer, consume, send, tmp_path, conversation):
    from django.conf import settings

    folder = settings.CONFIG.secrets_dir
    impostor = PushReceiver(folder / "ca.crt", folder / "ca.key", tmp_path, host="push.example")
    try:
        conversation.berta.subscribe(impostor.browser("berta").upload())
        producer.store(conversation.anna, conversation.id)
        consume()
        send()
        assert (Attempt.objects.get().outcome, Attempt.objects.get().reason) == ("retrying", "tls")
        assert impostor.browsers["berta"].asked == 0
    finally:
        impostor.stop()


def test_a_device_gets_its_pushes_in_order(conversation, producer, consume, send):
    producer.secrets = []
    for number in range(10):
        producer.store(conversation.anna, conversation.id, ciphertext=b64encode(b"%03d" % number))
    consume()
    send()
    said = [PushPayload.decode(received.payload).ciphertext for received in conversation.browser.received]
    assert said == [b"%03d" % number for number in range(10)]


def test_two_senders_send_a_push_once(conversation, producer, consume):
    for _ in range(30):
        producer.store(conversation.anna, conversation.id)
    consume()
    pools = [Sender(), Sender()]

    def send_all(pool: Sender) -> None:
        while pool.begin_due():
            pool.finish()

    threads = [threading.Thread(target=send_all, args=(pool,)) for pool in pools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pool in pools:
        pool.close()
    assert len(conversation.browser.received) == 30


def test_what_waits_behind_a_fault_waits_with_it(conversation, producer, consume, send):
    conversation.browser.answers = [(503, {"Retry-After": "60"})]
    for _ in range(3):
        producer.store(conversation.anna, conversation.id)
    consume()
    send()
    assert (conversation.browser.asked, Delivery.objects.filter(state="waiting").count()) == (1, 3)
    make_due()
    assert send() == 3
    assert Delivery.objects.filter(state="sent").count() == 3


def test_a_service_that_answers_byte_by_byte_meets_the_deadline(device, producer, consume, conversation, monkeypatch):
    """And meanwhile it holds up nobody else's pushes."""
    monkeypatch.setattr(posting, "PUSH_TIMEOUT_S", 1.5)
    stopped = threading.Event()
    slow = device()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_drip, args=(listener, stopped))
        thread.start()
        upload = conversation.browser.upload() | {"endpoint": f"https://localhost:{listener.getsockname()[1]}/slow"}
        assert slow.subscribe(upload).status == 200
        producer.members[conversation.id].append(slow.user_id)
        producer.store(conversation.anna, conversation.id)
        consume()
        began = time.monotonic()
        pushing = Sender()
        pushing.begin_due()
        conversation.browser.wait(1, timeout_s=1.4)
        pushing.finish()
        assert time.monotonic() - began < 5
        pushing.close()
        stopped.set()
        thread.join()
    assert Attempt.objects.get(delivery__device_id=slow.device_id).reason == "timeout"


def _drip(listener: socket.socket, stopped: threading.Event) -> None:
    """Take one connection and begin a TLS record of 16,384 bytes, a byte now and then."""
    connection, _ = listener.accept()
    record = iter(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(1000))
    with connection:
        connection.recv(4096)
        while not stopped.wait(0.1):
            try:
                connection.send(bytes([next(record)]))
            except OSError:
                return


def test_what_is_too_old_is_not_sent(conversation, producer, consume, send):
    producer.store(conversation.anna, conversation.id)
    consume()
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=PUSH_TTL_S + 1))
    send()
    assert (Delivery.objects.get().state, conversation.browser.asked) == ("failed", 0)


def test_logs_tell_no_endpoint(conversation, producer, consume, send, capfd, caplog):
    conversation.browser.answers = [(500, {}), (410, {})]
    for _ in range(3):
        producer.store(conversation.anna, conversation.id)
    consume()
    send()
    make_due()
    send()
    written = "".join(capfd.readouterr()) + caplog.text
    assert "gone" in written
    assert "/push/" not in written


# --- the self-test ----------------------------------------------------------------------------------------------------


def test_a_self_test_says_what_happened(conversation, monkeypatch):
    browser, berta = conversation.browser, conversation.berta
    assert berta.call("POST", "self-test").body == {"outcome": "sent", "reason": "accepted", "status": 201}
    assert browser.received[0].payload == SELF_TEST
    browser.answers = [(503, {})]
    assert berta.call("POST", "self-test").body == {"outcome": "failed", "reason": "service_fault", "status": 503}
    with monkeypatch.context() as patch:
        patch.setattr(endpoints, "resolve", lambda *_: ["192.168.0.1"])
        answer = berta.call("POST", "self-test").body
    assert answer == {"outcome": "refused", "reason": "endpoint_inside", "status": None}
    browser.answers = [(410, {})]
    assert berta.call("POST", "self-test").body["outcome"] == "gone"
    assert berta.call("POST", "self-test").problem == "not_found"
    assert conversation.anna.call("POST", "self-test").problem == "not_found"

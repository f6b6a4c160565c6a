"""Blocks, and being found: what the person is shown, what the blocked one is not, and what the services read."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from parley_auth.events.models import OutboxEvent
from parley_auth.events.publisher import REVOCATIONS_CHANNEL, STREAM, Publisher, prune
from parley_auth.relations import blocking
from parley_auth.relations.models import Block
from parley_auth.web.rates import redis_client
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import EVENTS_KEPT_S


def seen(answer):
    """Everything that an answer says, but for what is of the moment."""
    body = {name: value for name, value in (answer.body or {}).items() if name not in {"request_id", "instance"}}
    varying = {"X-Request-ID", "RateLimit", "RateLimit-Policy"}
    return answer.status, body, sorted((n, v) for n, v in answer.headers.items() if n not in varying)


def names(answer):
    assert answer.status == 200, answer.body
    return [each["username"] for each in answer.body["blocks"]]


def test_whom_one_has_blocked_is_listed_for_oneself_alone(alice, bob, make_person):
    carol = make_person("carol")
    assert alice.api.get("me/blocks").body == {"blocks": [], "version": 0}
    assert names(alice.api.put(f"me/blocks/{bob.user_id}")) == ["bob"]
    first = alice.api.put(f"me/blocks/{carol.user_id}").body
    assert [each["user_id"] for each in first["blocks"]] == [carol.user_id, bob.user_id]
    assert alice.api.put(f"me/blocks/{carol.user_id}").body == first, "again changes nothing"
    assert names(bob.api.get("me/blocks")) == names(carol.api.get("me/blocks")) == []
    ended = alice.api.call("DELETE", f"me/blocks/{bob.user_id}")
    assert names(ended) == ["carol"] and ended.body["version"] > first["version"]
    assert alice.api.call("DELETE", f"me/blocks/{bob.user_id}").body == ended.body
    assert names(alice.api.put(f"me/blocks/{bob.user_id}")) == ["bob", "carol"]


def test_nobody_blocks_oneself_nobody_and_too_many(alice, bob, make_person, monkeypatch):
    assert alice.api.put(f"me/blocks/{alice.user_id}").problem == "invalid_request"
    for unknown in (new_uuid7(), "x", "%00", "0" * 400):
        assert alice.api.put(f"me/blocks/{unknown}").problem == "not_found"
    assert alice.api.call("DELETE", "me/blocks/x").problem == "not_found"
    assert alice.api.call("DELETE", f"me/blocks/{new_uuid7()}").status == 200
    monkeypatch.setattr(blocking, "BLOCKS_PER_USER_MAX", 1)
    assert alice.api.put(f"me/blocks/{bob.user_id}").status == 200
    carol = make_person()
    assert alice.api.put(f"me/blocks/{carol.user_id}").problem == "too_many"
    assert alice.api.put(f"me/blocks/{bob.user_id}").status == 200
    alice.api.call("DELETE", f"me/blocks/{bob.user_id}")
    assert alice.api.put(f"me/blocks/{carol.user_id}").status == 200


def test_to_the_blocked_one_the_blocker_is_not_there(alice, bob, make_device_person):
    alice.upload_key_packages(3)
    nobody = seen(bob.api.get("users?username=nobody"))
    absent = seen(bob.api.post(f"users/{new_uuid7()}/key-packages/claim", Idempotency_Key="a" * 20))
    assert (nobody[0], absent[0]) == (404, 404)
    assert bob.api.get("users?username=Alice").body["user_id"] == alice.user_id
    assert bob.claim(alice).status == 200
    alice.api.put(f"me/blocks/{bob.user_id}")
    assert seen(bob.api.get("users?username=alice")) == nobody
    assert seen(bob.claim(alice)) == absent
    # Names and keys stay for those who share a group, whose rules ask for them.
    assert bob.api.get(f"users/{alice.user_id}").status == bob.api.get(f"users/{alice.user_id}/identity").status == 200
    assert alice.api.get("users?username=bob").status == 200
    carol = make_device_person()
    assert carol.api.get("users?username=alice").status == carol.claim(alice).status == 200
    alice.api.call("DELETE", f"me/blocks/{bob.user_id}")
    assert bob.api.get("users?username=alice").status == bob.claim(alice).status == 200


def test_who_does_not_want_it_is_not_found_by_name(alice, bob):
    assert alice.api.get("me/discovery").body == {"by_name": True}
    nobody = seen(bob.api.get("users?username=nobody"))
    assert alice.api.put("me/discovery", {"by_name": False}).body == {"by_name": False}
    assert alice.api.get("me/discovery").body == {"by_name": False}
    assert seen(bob.api.get("users?username=alice")) == nobody
    assert alice.api.get("users?username=alice").status == 200, "oneself is found"
    assert bob.api.get(f"users/{alice.user_id}").status == 200, "by the people of one's groups"
    for bad in (None, {}, {"by_name": "yes"}, {"by_name": True, "more": 1}, []):
        assert alice.api.put("me/discovery", bad).problem == "invalid_request"
    alice.api.put("me/discovery", {"by_name": True})
    assert bob.api.get("users?username=alice").status == 200


def test_prefixes_and_patterns_find_nobody(alice, bob):
    for pattern in ("alic", "a", "alice%", "al_ce", "*", "ALICE ", "a\u200blice"):
        assert bob.api.get(f"users?username={pattern}").status == 404, pattern


def changes(service, since=0):
    answer = service.get(f"blocks?since={since}")
    assert answer.status == 200, answer.body
    return [(c["blocker_id"], c["blocked_id"], c["active"]) for c in answer.body["changes"]], answer.body["next"]


def test_services_read_what_stands_and_then_what_changes(service, alice, bob, make_person, monkeypatch):
    carol = make_person()
    assert changes(service) == ([], 0)
    for person in (bob, carol):
        alice.api.put(f"me/blocks/{person.user_id}")
    a, b, c = alice.user_id, bob.user_id, carol.user_id
    found, position = changes(service)
    assert found == [(a, b, True), (a, c, True)]
    alice.api.call("DELETE", f"me/blocks/{b}")
    bob.api.put(f"me/blocks/{a}")
    assert changes(service, position)[0] == [(a, b, False), (b, a, True)]
    monkeypatch.setattr(blocking, "BLOCKS_PAGE_MAX", 1)
    first, position = changes(service)
    assert first == [(a, c, True)] and changes(service, position)[0] == [(a, b, False)]
    for bad in ("x", "-1", "9" * 30):
        assert service.get(f"blocks?since={bad}").problem == "invalid_request"


def test_what_has_ended_is_forgotten_once_everybody_has_heard(service, alice, bob):
    alice.api.put(f"me/blocks/{bob.user_id}")
    alice.api.call("DELETE", f"me/blocks/{bob.user_id}")
    prune()
    assert changes(service)[0] == [(alice.user_id, bob.user_id, False)]
    Block.objects.update(ended_at=timezone.now() - timedelta(seconds=EVENTS_KEPT_S + 60))
    prune()
    assert changes(service)[0] == []


def test_a_block_is_an_event_that_is_hinted_and_comes_back_after_a_wipe(alice, bob):
    channel = redis_client().pubsub(ignore_subscribe_messages=True)
    channel.subscribe(REVOCATIONS_CHANNEL)
    channel.get_message(timeout=1)
    alice.api.put(f"me/blocks/{bob.user_id}")
    alice.api.put(f"me/blocks/{bob.user_id}")
    (event,) = OutboxEvent.objects.filter(type="block.changed")
    assert event.data == {"blocker_id": alice.user_id, "blocked_id": bob.user_id, "state": "active"}
    Publisher(redis_client()).publish_pending()
    assert channel.get_message(timeout=1)["data"] == str(event.position).encode()
    redis_client().flushdb()
    Publisher(redis_client()).publish_pending()
    told = [json.loads(fields[b"data"]) for _, fields in redis_client().xrange(STREAM)]
    assert event.data in told
    channel.close()


@pytest.mark.django_db(transaction=True)
def test_blocks_at_once_are_one(make_person):
    anna, ben = make_person(), make_person()
    answers = []

    def work(method):
        answers.append(anna.api.call(method, f"me/blocks/{ben.user_id}").status)
        connections.close_all()

    threads = [threading.Thread(target=work, args=("PUT",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    assert Block.objects.count() == OutboxEvent.objects.filter(type="block.changed").count() == 1

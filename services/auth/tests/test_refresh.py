"""Refresh tokens: rotation, reuse, lost answers, signing out."""

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from parley_auth.events.models import OutboxEvent
from parley_auth.signin.models import RefreshToken, Session
from parley_contracts.limits import REFRESH_RETRY_WINDOW_S

KEY = "0123456789abcdef0123"
PASSWORD = "copper-window-lantern-19"


def refresh(api, token: str, **headers: str):
    return type(api)().post("token/refresh", {"refresh_token": token}, **headers)


def test_refresh_rotates(person):
    first = refresh(person.api, person.refresh_token)
    assert first.status == 200
    assert set(first.body) == {"access_token", "refresh_token", "expires_in_s"}
    second = refresh(person.api, first.body["refresh_token"])
    assert second.status == 200
    assert len({person.refresh_token, first.body["refresh_token"], second.body["refresh_token"]}) == 3
    person.api.token = second.body["access_token"]
    assert person.api.get("me").status == 200


def test_reuse_ends_family(person, service):
    first = refresh(person.api, person.refresh_token)
    again = refresh(person.api, person.refresh_token)
    assert (again.status, again.problem) == (401, "refresh_reused")
    assert refresh(person.api, first.body["refresh_token"]).problem == "refresh_reused"
    person.api.token = first.body["access_token"]
    assert person.api.get("me").problem == "unauthenticated"
    (revocation,) = service.get("revocations?since=0").body["revocations"]
    assert revocation["user_id"] == person.user_id
    assert revocation["device_id"] is None


def test_reuse_spares_other_sessions(person, login):
    other = login(person.username).body["meta"]
    refresh(person.api, person.refresh_token)
    refresh(person.api, person.refresh_token)
    assert refresh(person.api, other["refresh_token"]).status == 200


def test_lost_answer_is_given_again_with_its_key(person):
    first = refresh(person.api, person.refresh_token, Idempotency_Key=KEY)
    again = refresh(person.api, person.refresh_token, Idempotency_Key=KEY)
    assert again.status == 200
    assert again.body["refresh_token"] == first.body["refresh_token"]
    assert refresh(person.api, again.body["refresh_token"]).status == 200


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "another-key-of-20-chars"}])
def test_without_key_reuse_is_reuse(person, headers):
    first = refresh(person.api, person.refresh_token, Idempotency_Key=KEY)
    assert refresh(person.api, person.refresh_token, **headers).problem == "refresh_reused"
    assert refresh(person.api, first.body["refresh_token"]).problem == "refresh_reused"


def test_key_does_not_help_once_successor_was_used(person):
    first = refresh(person.api, person.refresh_token, Idempotency_Key=KEY)
    assert refresh(person.api, first.body["refresh_token"]).status == 200
    assert refresh(person.api, person.refresh_token, Idempotency_Key=KEY).problem == "refresh_reused"


def test_key_does_not_help_after_its_time(person):
    refresh(person.api, person.refresh_token, Idempotency_Key=KEY)
    RefreshToken.objects.exclude(used_at=None).update(
        used_at=timezone.now() - timedelta(seconds=REFRESH_RETRY_WINDOW_S + 1)
    )
    assert refresh(person.api, person.refresh_token, Idempotency_Key=KEY).problem == "refresh_reused"


@pytest.mark.parametrize("token", ["", "x", "prt_", "prt_" + "A" * 43, "\u0000", "é" * 100])
def test_unknown_tokens_are_refused(person, token):
    assert refresh(person.api, token).problem == "unauthenticated"


@pytest.mark.parametrize("body", [None, {}, {"refresh_token": 1}, {"refresh_token": "x", "more": 1}, []])
def test_bad_bodies_are_refused(anonymous, body):
    assert anonymous.post("token/refresh", body).problem == "invalid_request"


def test_access_token_does_not_refresh(person):
    assert refresh(person.api, person.api.token).problem == "unauthenticated"


def test_expired_token_is_refused(person):
    RefreshToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refresh(person.api, person.refresh_token).problem == "unauthenticated"


def test_a_session_lasts_while_it_is_used_and_no_longer_than_the_operator_wants(person, monkeypatch):
    def age(days: float) -> None:
        Session.objects.update(authenticated_at=timezone.now() - timedelta(days=days))

    def next_token(token: str) -> str:
        answer = refresh(person.api, token)
        assert answer.status == 200, answer.body
        return answer.body["refresh_token"]

    age(400)
    token = next_token(person.refresh_token)
    monkeypatch.setattr(settings.CONFIG, "session_days", 30)
    age(29.5)
    token = next_token(token)
    left = RefreshToken.objects.get(used_at=None).expires_at - timezone.now()
    assert (
        timedelta(hours=11) < left <= timedelta(hours=12) and Session.objects.get().expires_at - timezone.now() <= left
    )
    assert person.api.post("me/reauthenticate", {"password": PASSWORD}).status == 204
    token = next_token(token)
    assert RefreshToken.objects.get(used_at=None).expires_at - timezone.now() > timedelta(days=29), "proven anew"
    age(30.1)
    assert refresh(person.api, token).problem == "unauthenticated"


def test_tokens_are_stored_hashed(person):
    (row,) = RefreshToken.objects.all()
    assert person.refresh_token.encode() not in bytes(row.token_hash)
    assert len(bytes(row.token_hash)) == 32


def test_device_tokens_retire_earlier_ones(alice):
    earlier = RefreshToken.objects.order_by("issued_at").first()
    rotated = refresh(alice.api, alice.refresh_token)
    assert rotated.status == 200
    earlier.refresh_from_db()
    assert earlier.used_at is not None


def test_logout_ends_session_and_device(alice, bob, service):
    alice.upload_key_packages(1)
    assert alice.api.post("logout").status == 204
    assert alice.api.get("me").problem == "unauthenticated"
    assert refresh(alice.api, alice.refresh_token).problem == "unauthenticated"
    assert bob.api.get(f"users/{alice.user_id}/identity").body["devices"] == []
    assert bob.claim(alice).body == {"key_packages": []}
    (revocation,) = service.get("revocations?since=0").body["revocations"]
    assert revocation["device_id"] == alice.device_id
    assert OutboxEvent.objects.get(type="device.revoked").data["device_id"] == alice.device_id


def test_logout_without_device(person):
    assert person.api.post("logout").status == 204
    assert person.api.post("logout").problem == "unauthenticated"


@pytest.mark.django_db(transaction=True)
def test_parallel_use_of_one_token_yields_one_successor(make_person):
    person = make_person()
    answers = []

    def use() -> None:
        answers.append(refresh(person.api, person.refresh_token))
        connections.close_all()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] + [401] * 7
    assert Session.objects.get().end_reason == "reuse"
    assert OutboxEvent.objects.filter(type="session.revoked").count() == 1

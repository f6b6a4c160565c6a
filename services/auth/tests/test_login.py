"""Signing in: one answer for all that is wrong, and limits that hold."""

import statistics
import threading
import time

import pytest
from redis.exceptions import RedisError

from parley_auth.accounts import passwords
from parley_auth.accounts.models import User
from parley_auth.signin import families
from parley_auth.web import rates


def test_login_gives_tokens(person, login):
    answer = login(person.username.upper())
    assert answer.status == 200
    assert answer.body["data"]["user"]["id"] == person.user_id
    assert set(answer.body["meta"]) >= {"access_token", "refresh_token", "expires_in_s", "is_authenticated"}


def test_unknown_user_and_wrong_password_look_alike(person, login):
    wrong, unknown = login(person.username, "wrong-password-1"), login("nobody-here", "wrong-password-1")
    assert (wrong.status, wrong.problem) == (401, "wrong_credentials")
    assert unknown.body == wrong.body
    assert set(unknown.headers) == set(wrong.headers)


def test_unknown_user_takes_as_long_as_wrong_password(real_hashes, person, login):
    def work_s(name: str) -> float:
        began = time.process_time()  # of ours alone, however busy the machine is
        login(name, "wrong-password-1")
        return time.process_time() - began

    work_s(person.username)
    pairs = [(work_s(person.username), work_s("nobody-here")) for _ in range(3)]
    known, unknown = (statistics.median(each) for each in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2


def test_inactive_account_looks_like_wrong_password(person, login):
    User.objects.update(is_active=False)
    assert login(person.username).problem == "wrong_credentials"
    assert person.api.get("me").problem == "unauthenticated"


@pytest.mark.parametrize("name", ["", "x" * 300, "a\u0000b"])
def test_odd_names_are_refused(person, login, name):
    assert login(name).problem == "invalid_request"


def test_guessing_is_limited_by_pair(person, login, default_limits):
    for _ in range(5):
        assert login(person.username, "wrong-password-1").status == 401
    limited = login(person.username)
    assert (limited.status, limited.problem) == (429, "rate_limited")
    assert 0 < int(limited.headers["Retry-After"]) <= 300
    assert limited.body["retry_after_s"] == int(limited.headers["Retry-After"])
    assert limited.headers["RateLimit-Policy"] == '"login_pair";q=5;w=300'
    assert limited.headers["RateLimit"].startswith('"login_pair";r=0;t=')


def test_unknown_names_are_limited_alike(login, default_limits):
    answers = [login("nobody-here", "wrong-password-1").status for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_success_does_not_count(person, login, default_limits):
    assert {login(person.username).status for _ in range(8)} == {200}


def test_lockout_is_no_weapon(person, login, default_limits, monkeypatch):
    assert login(person.username).status == 200
    monkeypatch.setitem(rates.RATES["test"], "login_name", rates.Rate(3, 3600, fails_closed=True))
    for number in range(5):
        login(person.username, "wrong-password-1", address=f"198.51.100.{number}")
    assert login(person.username, address="198.51.100.77").status == 429
    assert login(person.username).status == 200


def test_guessing_from_many_addresses_is_slowed_and_the_owner_comes_in(person, login, default_limits):
    """The numbers of service: fifty guesses an hour under one name, from wherever; and where the owner has been before, no matter."""
    assert login(person.username).status == 200
    answers = [
        login(person.username, "wrong-password-1", address=f"198.51.{number // 200}.{number % 200}").status
        for number in range(120)
    ]
    assert answers == [401] * 50 + [429] * 70
    assert [login(person.username).status for _ in range(3)] == [200] * 3
    unknown = [login("nobody-here", "wrong-password-1", address=f"203.0.{number}.1").status for number in range(60)]
    assert unknown == [401] * 50 + [429] * 10, "and nothing tells that nobody has that name"


def test_limits_close_without_redis(person, login, signup, monkeypatch):
    def away() -> None:
        raise RedisError("away")

    monkeypatch.setattr(rates.redis_client(), "pipeline", lambda **_: away())
    answer = login(person.username)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert signup("grace").problem == "unavailable"
    assert person.api.get("me").status == 200
    assert person.api.get(f"users/{person.user_id}").status == 200


@pytest.mark.parametrize("command", ["exists", "set"])
def test_limits_close_when_redis_goes_midway(person, login, monkeypatch, command):
    def away(*_: object, **__: object) -> None:
        raise RedisError("away")

    monkeypatch.setattr(rates.redis_client(), command, away)
    assert login(person.username).problem == "unavailable"


def test_too_many_hashes_at_once_are_refused(person, login, monkeypatch):
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(1))
    with passwords._place():
        answer = login(person.username)
    assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (503, "unavailable", "1")
    assert login(person.username).status == 200


def test_token_of_a_flow_is_no_session(anonymous, person, login):
    answer = login(person.username)
    assert answer.status == 200
    refused = anonymous.call("GET", "flows/app/v1/config", X_Session_Token="made-up")
    assert (refused.status, refused.problem) == (401, "unauthenticated")


def test_sessions_are_bounded(alice, login, monkeypatch):
    monkeypatch.setattr(families, "SESSIONS_PER_USER_MAX", 3)
    first = login("alice").body["meta"]["access_token"]
    later = [login("alice").body["meta"]["access_token"] for _ in range(2)]
    assert alice.api.get("me").status == 200
    assert type(alice.api)(first).get("me").problem == "unauthenticated"
    assert all(type(alice.api)(token).get("me").status == 200 for token in later)

"""Counting: windows, headers, addresses."""

import pytest
from django.test import RequestFactory
from redis.exceptions import RedisError

from parley_auth.web import rates
from parley_contracts.problems import Unavailable


def test_window_counts_and_ends(monkeypatch):
    monkeypatch.setitem(rates.RATES["test"], "read", rates.Rate(2, 60))
    usages = [rates.hit("read", "key") for _ in range(3)]
    assert [usage.used for usage in usages] == [1, 2, 3]
    assert [usage.exceeded for usage in usages] == [False, False, True]
    assert all(0 < usage.reset_s <= 60 for usage in usages)
    assert rates.hit("read", "other").used == 1
    (counter,) = [key for key in redis_keys() if redis_value(key) == b"3"]
    rates.redis_client().pexpire(counter, 1)
    assert wait_until_gone(counter)
    assert rates.hit("read", "key").used == 1


def redis_keys() -> list[bytes]:
    return rates.redis_client().keys("auth:rate:*")


def redis_value(key: bytes) -> bytes:
    return rates.redis_client().get(key)


def wait_until_gone(key: bytes) -> bool:
    return any(not rates.redis_client().exists(key) for _ in range(1000))


def test_limits_behind_a_token_let_pass_without_redis(monkeypatch):
    calls = []

    def away(**_: object) -> None:
        calls.append(1)
        raise RedisError("away")

    monkeypatch.setattr(rates.redis_client(), "pipeline", away)
    monkeypatch.setattr(rates, "_paused_until", 0.0)
    assert rates.hit("read", "key") is None
    assert rates.hit("read", "key") is None
    assert len(calls) == 1
    with pytest.raises(Unavailable):
        rates.hit("login_pair", "key")
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::99", "", "2001:db8:1:2::"),
        ("", "", "unknown"),
        ("", "garbage", "unknown"),
    ],
)
def test_forwarded_address_is_trusted_on_the_socket_alone(peer, forwarded, expected):
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    assert rates.client_address(request) == expected


def test_profiles_have_the_same_names():
    assert set(rates.RATES) == {"default", "test"}
    assert set(rates.RATES["default"]) == set(rates.RATES["test"])


def test_signups_are_limited_by_address(signup, default_limits, monkeypatch):
    monkeypatch.setitem(rates.RATES["test"], "signup", rates.Rate(1, 3600, fails_closed=True))
    assert signup("grace").status == 200
    limited = signup("linus")
    assert (limited.status, limited.problem) == (429, "rate_limited")
    assert int(limited.headers["Retry-After"]) > 3500

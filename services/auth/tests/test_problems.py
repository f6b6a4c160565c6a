"""Every error is a problem, whoever noticed it; nothing secret is in it or in the log."""

import json
import logging

import pytest
from django.db import OperationalError, connection
from django.test import override_settings

from parley_auth.accounts import api as accounts_api


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/api/v1/auth", "/api/v1/auth/nope", "/admin/", "/api/v1/auth/docs", "/%00"]
)
def test_absent_paths_are_problems(anonymous, path):
    answer = anonymous.get(path)
    assert (answer.status, answer.problem) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "me"),
        ("GET", "logout"),
        ("GET", "flows/app/v1/auth/login"),
        ("PUT", "flows/app/v1/auth/signup"),
        ("TRACE", "me"),
    ],
)
def test_other_methods_are_problems(alice, method, path):
    answer = alice.api.call(method, path)
    assert (answer.status, answer.problem) == (405, "method_not_allowed")
    assert "Allow" in answer.headers


def test_request_id_is_kept_or_made(anonymous):
    assert anonymous.get("/nope", X_Request_ID="abcdef-0123.45").headers["X-Request-ID"] == "abcdef-0123.45"
    for odd in ("short", "x" * 65, "a b c d e f", "<script>"):
        made = anonymous.get("/nope", X_Request_ID=odd).headers["X-Request-ID"]
        assert made != odd
        assert len(made) == 36


def test_foreign_host_is_refused(anonymous):
    answer = anonymous.get("me", Host="evil.example")
    assert (answer.status, answer.problem) == (400, "invalid_request")
    for host in ("chat.example:8443", "chat.example", "localhost"):
        assert anonymous.get("me", Host=host).status == 401


def test_oversize_body_is_refused(alice):
    answer = alice.api.call("PATCH", "me", raw=b" " * (1024 * 1024 + 1))
    assert (answer.status, answer.problem, answer.body["limit_bytes"]) == (413, "too_large", 1024 * 1024)


def test_odd_lengths_are_refused(anonymous):
    response = anonymous.client.generic("POST", "/api/v1/auth/logout", b"", CONTENT_LENGTH="-5")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 50_000, b'{"a":' * 50_000, b'"\xff"', b'{"display_name":"\\ud800"}', b"NaN", b"\x00"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "me"),
        ("POST", "token/refresh"),
        ("PUT", "me/statements/1"),
        ("PUT", "me/devices/01900000-0000-7000-8000-000000000000"),
        ("POST", "me/key-packages"),
    ],
)
def test_broken_json_is_refused_everywhere(alice, method, path, body):
    answer = alice.api.call(method, path, raw=body)
    assert (answer.status, answer.problem) == (400, "invalid_request")


def test_bug_tells_nothing(alice, monkeypatch, caplog):
    def broken(_request: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(accounts_api, "own_profile", broken)
    answer = alice.api.get("me", X_Request_ID="find-me-in-the-log")
    assert (answer.status, answer.problem) == (500, "internal")
    assert "secret" not in json.dumps(answer.body)
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "find-me-in-the-log" in str(logged[0].msg)


def test_database_away_is_unavailable(alice, login, monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        answers = alice.api.get("me"), login("alice"), alice.api.post("token/refresh", {"refresh_token": "x"})
    for answer in answers:
        assert (answer.status, answer.problem) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.body["retry_after_s"] == int(answer.headers["Retry-After"])


def test_answers_carry_security_headers(alice):
    headers = alice.api.get("me").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers
    assert alice.api.get("me", X_Forwarded_Proto="https").headers["Strict-Transport-Security"]


def test_no_cross_origin_permission_is_given(alice):
    answer = alice.api.call("OPTIONS", "me", Origin="https://evil.example", Access_Control_Request_Method="GET")
    assert answer.status == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_secrets_stay_out_of_the_log(signup, login, caplog):
    caplog.set_level(logging.DEBUG)
    meta = signup("grace", email="grace@example.org").body["meta"]
    login("grace", "a-wrong-password-77")
    refreshed = login("grace").body["meta"]
    text = "\n".join(str(record.__dict__) for record in caplog.records if record.name.startswith("parley"))
    assert "/api/v1/auth/flows/app/v1/auth/login" in text
    secrets = ["copper-window-lantern-19", "a-wrong-password-77", "grace@example.org"]
    secrets += [meta["access_token"], meta["refresh_token"], refreshed["refresh_token"]]
    assert not [secret for secret in secrets if secret in text]


@override_settings(DEBUG=True)
def test_debug_pages_do_not_exist(anonymous):
    assert anonymous.get("me").problem == "unauthenticated"

"""The routes: whose subscription it is, what is refused, and what a copy of the database shows."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
import uuid

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7
from parley_notification.config import LOOPBACK_VARIABLE, read_config
from parley_notification.rotation import reseal, rotate_field_key
from parley_notification.sealed_fields import SealedFieldError, open_field, seal_field
from parley_notification.subscriptions.models import Subscription
from parley_notification.subscriptions.subscriptions import open_subscription
from parley_notification.web import rates
from parley_notification.web.rates import Rate
from parley_serving.key_files import (
    FIELD_KEY_REPLACED_S_MIN,
    let_field_keys_go,
    replace_key,
    replaced_keys,
    write_key,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_subscription_is_put_again_and_again(device, receiver):
    berta = device()
    upload = receiver.browser("one").upload()
    first = berta.subscribe(upload)
    assert first.status == 200
    assert first.body["push_service"] == f"localhost:{receiver.port}"
    assert berta.subscribe(upload).body == first.body
    second = berta.subscribe(receiver.browser("two").upload())
    assert second.body["changed_at"] >= first.body["changed_at"]
    assert Subscription.objects.count() == 1
    assert berta.call("DELETE", f"subscriptions/{berta.device_id}").status == 204
    assert berta.call("DELETE", f"subscriptions/{berta.device_id}").problem == "not_found"


def test_another_device_answers_as_one_that_is_not(device, receiver):
    anna, berta = device(), device()
    upload = receiver.browser("one").upload()
    berta.subscribe(upload)
    for name in (berta.device_id, new_uuid7(), "nonsense"):
        assert anna.call("PUT", f"subscriptions/{name}", upload).problem == "not_found"
        assert anna.call("DELETE", f"subscriptions/{name}").problem == "not_found"
    assert Subscription.objects.get().user_id == uuid.UUID(berta.user_id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("endpoint", "http://push.example/"), ("endpoint", "https://10.0.0.1/"), ("endpoint", "https://[fe80::1]/")),
        *(("endpoint", "https://169.254.169.254/latest/"), ("endpoint", "https://127.0.0.1:22/"), ("endpoint", "")),
        *(("endpoint", "https://name.invalid/"), ("p256dh", b64encode(bytes(65))), ("p256dh", "!"), ("p256dh", "")),
        *(("auth", b64encode(bytes(15))), ("auth", b64encode(bytes(17))), ("auth", "ä"), ("auth", "YQ==")),
    ],
)
def test_bad_subscriptions_are_refused_and_nothing_is_lost(device, receiver, field, value):
    berta = device()
    good = receiver.browser("one").upload()
    berta.subscribe(good)
    before = bytes(Subscription.objects.get().endpoint)
    assert berta.subscribe(good | {field: value}).problem in {"invalid_request", "too_large"}
    assert bytes(Subscription.objects.get().endpoint) == before


def test_loopback_is_refused_without_the_test_setting(device, receiver, monkeypatch):
    monkeypatch.setattr(settings, "CONFIG", read_config(os.environ | {LOOPBACK_VARIABLE: ""}))
    refused = device().subscribe(receiver.browser("one").upload())
    assert (refused.problem, refused.body["reason"]) == ("invalid_request", "endpoint_inside")


@hypothesis_settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
)
def test_any_body_is_a_clear_problem(device, noise):
    raw = noise if isinstance(noise, bytes) else noise.encode("utf-8", "surrogatepass")
    berta = device()
    for method, path in (("PUT", f"subscriptions/{berta.device_id}"), ("PUT", f"preferences/{new_uuid7()}")):
        assert berta.call(method, path, raw=raw).problem == "invalid_request"


def test_a_copy_of_the_database_shows_nothing(device, receiver):
    berta = device()
    upload = receiver.browser("a-very-telling-name").upload()
    berta.subscribe(upload)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM notification.subscriptions_subscription")
        rows = [bytes(cell) if isinstance(cell, memoryview) else str(cell).encode() for cell in cursor.fetchone()]
    held = b"\0".join(rows)
    for secret in (b"a-very-telling-name", b64decode(upload["p256dh"]), b64decode(upload["auth"])):
        assert secret not in held


def test_sealed_fields_are_bound_to_their_place():
    sealed = seal_field(b"value", row="one", column="endpoint")
    assert open_field(sealed, row="one", column="endpoint") == b"value"
    for row, column in (("two", "endpoint"), ("one", "auth")):
        with pytest.raises(SealedFieldError):
            open_field(sealed, row=row, column=column)
    for place in range(len(sealed)):
        with pytest.raises(SealedFieldError):
            open_field(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], row="one", column="endpoint")
    with pytest.raises(SealedFieldError):
        open_field(b"", row="one", column="endpoint")


def test_a_replaced_field_key_still_opens_what_it_sealed(tmp_path):
    sealed = seal_field(b"value", row="one", column="auth")
    current = settings.CONFIG.secrets_dir / "field_key"
    content = current.read_bytes()
    old = replace_key(settings.CONFIG.secrets_dir, "field_key", b"another key altogether")
    try:
        assert open_field(sealed, row="one", column="auth") == b"value"
        assert open_field(seal_field(b"new", row="one", column="auth"), row="one", column="auth") == b"new"
    finally:
        write_key(current, content)
        old.unlink()


def test_everything_is_sealed_anew_and_the_old_key_goes(device, receiver):
    folder = settings.CONFIG.secrets_dir
    content, uploads = (folder / "field_key").read_bytes(), []
    people = [device(), device()]
    for number, person in enumerate(people):
        uploads.append(receiver.browser(f"rotated-{number}").upload())
        assert person.subscribe(uploads[-1]).status == 200
    before = {row.device_id: bytes(row.endpoint) for row in Subscription.objects.all()}
    try:
        assert rotate_field_key() == 6
        assert not set(before.values()) & {bytes(row.endpoint) for row in Subscription.objects.all()}
        # One that was under way with the old key is found by the pass after it.
        Subscription.objects.filter(device_id=people[0].device_id).update(
            endpoint=before[uuid.UUID(people[0].device_id)]
        )
        later = time.time() + FIELD_KEY_REPLACED_S_MIN + 2
        assert [len(let_field_keys_go(folder, reseal, later)) for _ in range(2)] == [0, 1]
        assert replaced_keys(folder, "field_key") == []
        for person, upload in zip(people, uploads, strict=True):
            stored = open_subscription(Subscription.objects.get(device_id=person.device_id))
            assert (stored.endpoint.url, stored.auth) == (upload["endpoint"], b64decode(upload["auth"]))
    finally:
        Subscription.objects.all().delete()
        for path in replaced_keys(folder, "field_key"):
            path.unlink()
        write_key(folder / "field_key", content)


def test_preferences_are_the_persons_own(device):
    anna, berta = device(), device()
    where = new_uuid7()
    assert berta.call("PUT", f"preferences/{where}", {"level": "none"}).body == {
        "conversation_id": where,
        "level": "none",
    }
    assert berta.call("PUT", f"preferences/{where}", {"level": "none"}).status == 200
    assert berta.call("GET", "preferences").body == {"preferences": [{"conversation_id": where, "level": "none"}]}
    assert anna.call("GET", "preferences").body == {"preferences": []}
    assert berta.call("PUT", f"preferences/{where}", {"level": "all"}).status == 200
    assert berta.call("GET", "preferences").body == {"preferences": []}
    assert berta.call("PUT", f"preferences/{where}", {"level": "some"}).problem == "invalid_request"
    assert berta.call("PUT", "preferences/nonsense", {"level": "all"}).problem == "not_found"


def test_a_mute_may_have_an_end(device):
    berta, where, other = device(), new_uuid7(), new_uuid7()
    ahead = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    answer = berta.call("PUT", f"preferences/{where}", {"level": "none", "until": ahead})
    assert answer.body == {"conversation_id": where, "level": "none", "until": ahead}
    berta.call("PUT", f"preferences/{other}", {"level": "none", "until": "2020-01-01T00:00:00Z"})
    assert berta.call("GET", "preferences").body == {"preferences": [answer.body]}
    for broken in ("soon", "2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00", ""):
        refused = berta.call("PUT", f"preferences/{where}", {"level": "none", "until": broken})
        assert refused.problem == "invalid_request", broken


def test_tokens_are_held_to_their_rules(device, auth):
    berta = device()
    assert berta.call("GET", "preferences").status == 200
    for changes in ({"exp": 1}, {"iss": "https://evil.example"}, {"aud": "other"}):
        answer = berta.call("GET", "preferences", token=berta.token(**changes))
        assert answer.problem in {"unauthenticated", "token_expired"}
    for token in ("x", "a.b.c", "e30.e30.", berta.token()[:-4] + "AAAA", "x" * 5000):
        assert berta.call("GET", "preferences", token=token).problem == "unauthenticated"
    assert device(device_id=None).call("GET", "preferences").problem == "device_required"
    assert berta.client.get("/api/v1/notifications/preferences").status_code == 401


def test_a_revoked_device_is_out(device, auth, monkeypatch):
    anna, berta = device(), device()
    assert berta.call("GET", "preferences").status == 200
    auth.revoke(berta)
    from parley_notification.web import access

    monkeypatch.setattr(access, "REVOCATION_POLL_INTERVAL_S", 0)
    assert berta.call("GET", "preferences").problem == "unauthenticated"
    assert anna.call("GET", "preferences").status == 200


def test_without_auth_nobody_is_let_in_for_long(device, auth, monkeypatch):
    from parley_notification.web import access

    berta = device()
    assert berta.call("GET", "preferences").status == 200
    monkeypatch.setitem(auth.stand_in.answers, "/internal/revocations", lambda _: (500, {}))
    monkeypatch.setattr(access, "REVOCATION_POLL_INTERVAL_S", 0)
    assert berta.call("GET", "preferences").status == 200
    monkeypatch.setattr(access, "REVOCATIONS_AGE_S_MAX", 0)
    answer = berta.call("GET", "preferences")
    assert (answer.problem, answer.headers["Retry-After"]) == ("unavailable", "1")


def test_what_reaches_outside_is_limited(device, receiver, monkeypatch):
    monkeypatch.setitem(rates.RATES["test"], "subscribe", Rate(2, 60))
    berta = device()
    upload = receiver.browser("one").upload()
    assert [berta.subscribe(upload).status for _ in range(3)] == [200, 200, 429]
    assert device().subscribe(upload).status == 200


@pytest.mark.parametrize("path", ["", "nothing", "subscriptions", "subscriptions/", "/internal/nothing", "/"])
def test_other_paths_are_not_found(device, path):
    assert device().call("GET", path).problem in {"not_found", "method_not_allowed"}


def test_the_key_is_an_uncompressed_point(device):
    key = b64decode(device().call("GET", "vapid-key").body["public_key"])
    assert (len(key), key[0]) == (65, 4)

"""Key packages: what is accepted, and that each is given once."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_auth.directory.models import KeyPackage, KeyPackageClaim
from parley_auth.events.publisher import prune
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.limits import KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY, KEY_PACKAGES_PER_DEVICE_MAX
from parley_mls import Lifetime

DAY_S = 24 * 3600


def test_upload_counts(alice):
    assert alice.api.get("me/key-packages").body == {"available": 0, "has_last_resort": False}
    assert alice.upload_key_packages(3, last_resort=False).body == {"available": 3, "has_last_resort": False}
    assert alice.upload_key_packages(0).body == {"available": 3, "has_last_resort": True}


def test_same_packages_again_are_no_change(alice, bob):
    body = {"key_packages": [bob.key_package() for _ in range(2)], "last_resort": bob.key_package(last_resort=True)}
    for _ in range(2):
        assert bob.api.post("me/key-packages", body).body == {"available": 2, "has_last_resort": True}
    alice.claim(bob)
    assert bob.api.post("me/key-packages", body).body == {"available": 1, "has_last_resort": True}


def test_last_resort_is_replaced(alice, bob):
    bob.upload_key_packages(0)
    second = bob.key_package(last_resort=True)
    bob.api.post("me/key-packages", {"key_packages": [], "last_resort": second})
    (claimed,) = alice.claim(bob).body["key_packages"]
    assert claimed["key_package"] == second


def test_device_is_required(person, alice):
    assert person.api.post("me/key-packages", {"key_packages": []}).problem == "device_required"
    assert person.api.get("me/key-packages").problem == "device_required"
    assert person.claim(alice).problem == "device_required"


def test_foreign_package_is_refused(alice, bob):
    answer = alice.api.post("me/key-packages", {"key_packages": [alice.key_package(), bob.key_package()]})
    assert (answer.problem, answer.body["field"]) == ("invalid_request", "key_packages[1]")
    stolen = alice.key_package(identity=bob.certificate)
    assert alice.api.post("me/key-packages", {"key_packages": [stolen]}).problem == "invalid_request"
    assert KeyPackage.objects.count() == 0


def test_kinds_are_not_mixed(alice):
    assert alice.api.post("me/key-packages", {"key_packages": [alice.key_package(last_resort=True)]}).status == 400
    body = {"key_packages": [], "last_resort": alice.key_package()}
    answer = alice.api.post("me/key-packages", body)
    assert (answer.problem, answer.body["field"]) == ("invalid_request", "last_resort")


@pytest.mark.parametrize(("begin_s", "end_s"), [(-2 * DAY_S, -60), (3600, DAY_S), (-60, 400 * DAY_S)])
def test_lifetime_is_checked(alice, begin_s, end_s):
    now = int(time.time())
    package = alice.key_package(lifetime=Lifetime(now + begin_s, now + end_s))
    assert alice.api.post("me/key-packages", {"key_packages": [package]}).problem == "invalid_request"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_refused(alice, data):
    raw = bytearray(b64decode(alice.key_package()))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    answer = alice.api.post("me/key-packages", {"key_packages": [b64encode(bytes(raw))]})
    assert (answer.status, answer.problem) == (400, "invalid_request")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(alice, raw):
    assert alice.api.post("me/key-packages", {"key_packages": [b64encode(raw)]}).problem == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        {"key_packages": "x"},
        {"key_packages": [1]},
        {"key_packages": [], "more": 1},
        {"key_packages": None},
    ],
)
def test_bad_bodies_are_refused(alice, body):
    assert alice.api.post("me/key-packages", body).problem == "invalid_request"


def test_sizes_and_counts_are_bounded(alice):
    assert alice.api.post("me/key-packages", {"key_packages": ["A" * 6000]}).problem == "too_large"
    assert alice.api.post("me/key-packages", {"key_packages": [""] * 101}).problem == "invalid_request"
    expires_at = timezone.now() + timedelta(days=1)
    KeyPackage.objects.bulk_create(
        KeyPackage(
            device_id=alice.device_id,
            reference=uuid.uuid4().bytes,
            package=b"",
            last_resort=False,
            expires_at=expires_at,
        )
        for _ in range(KEY_PACKAGES_PER_DEVICE_MAX - 1)
    )
    answer = alice.upload_key_packages(2, last_resort=False)
    assert (answer.problem, answer.body["limit"]) == ("conflict", KEY_PACKAGES_PER_DEVICE_MAX)
    assert alice.upload_key_packages(1, last_resort=False).status == 200


def test_claim_again_gives_same_answer(alice, bob):
    bob.upload_key_packages(3)
    first, again = alice.claim(bob, "k" * 16), alice.claim(bob, "k" * 16)
    assert first.body == again.body
    assert bob.api.get("me/key-packages").body["available"] == 2


def test_key_belongs_to_device_and_request(alice, bob, make_device_person):
    carol = make_device_person("carol")
    bob.upload_key_packages(3)
    first = alice.claim(bob, "k" * 16)
    assert carol.claim(bob, "k" * 16).body != first.body
    assert alice.claim(carol, "k" * 16).problem == "conflict"


@pytest.mark.parametrize(
    "headers", [{}, {"Idempotency_Key": "short"}, {"Idempotency_Key": "k" * 65}, {"Idempotency_Key": "k " * 10}]
)
def test_claim_needs_a_key(alice, bob, headers):
    answer = alice.api.post(f"users/{bob.user_id}/key-packages/claim", **headers)
    assert (answer.status, answer.problem) == (400, "invalid_request")


def test_claim_of_nobody_is_not_found(alice):
    for user_id in (str(uuid.uuid4()), "x", "me"):
        answer = alice.api.post(f"users/{user_id}/key-packages/claim", Idempotency_Key="k" * 16)
        assert (answer.status, answer.problem) == (404, "not_found")


def test_claim_without_packages_is_empty(alice, bob):
    assert alice.claim(bob).body == {"key_packages": []}


def test_own_device_is_left_out(alice):
    alice.upload_key_packages(1)
    assert alice.claim(alice).body == {"key_packages": []}


def test_expiring_packages_are_not_given(alice, bob):
    bob.upload_key_packages(2)
    KeyPackage.objects.update(expires_at=timezone.now() + timedelta(minutes=30))
    assert alice.claim(bob).body == {"key_packages": []}
    assert bob.api.get("me/key-packages").body == {"available": 0, "has_last_resort": False}


def test_claims_are_limited_for_each_target(alice, bob, make_device_person):
    bob.upload_key_packages(0)
    for _ in range(KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY):
        assert alice.claim(bob).status == 200
    limited = alice.claim(bob)
    assert (limited.status, limited.problem) == (429, "rate_limited")
    assert 23 * 3600 < int(limited.headers["Retry-After"]) <= 24 * 3600
    carol = make_device_person("carol")
    assert carol.claim(bob).status == 200
    assert alice.claim(carol).status == 200
    KeyPackageClaim.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert alice.claim(bob).status == 200


def test_pruning_keeps_what_counts(alice, bob):
    bob.upload_key_packages(2)
    first = alice.claim(bob, "k" * 16)
    prune()
    assert alice.claim(bob, "k" * 16).body == first.body
    KeyPackageClaim.objects.update(created_at=timezone.now() - timedelta(days=8))
    KeyPackage.objects.update(expires_at=timezone.now() - timedelta(days=8))
    prune()
    assert not KeyPackageClaim.objects.exists()
    assert not KeyPackage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_package_is_served_twice(make_device_person):
    target = make_device_person()
    claimers = [make_device_person() for _ in range(4)]
    target.upload_key_packages(30)
    given: list[dict] = []
    errors: list[object] = []

    def claim_many(person) -> None:
        for _ in range(10):
            answer = person.claim(target)
            (given if answer.status == 200 else errors).append(answer.body)
        connections.close_all()

    threads = [threading.Thread(target=claim_many, args=(person,)) for person in claimers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    packages = [package for claim in given for package in claim["key_packages"]]
    one_time = [package["key_package"] for package in packages if not package["last_resort"]]
    assert (len(packages), len(one_time), len(set(one_time))) == (80, 30, 30)


@pytest.mark.django_db(transaction=True)
def test_one_key_at_once_is_one_claim(make_device_person):
    target, claimer = make_device_person(), make_device_person()
    target.upload_key_packages(5)
    answers: list[str] = []

    def claim_once() -> None:
        answers.append(str(claimer.claim(target, "k" * 16).body))
        connections.close_all()

    threads = [threading.Thread(target=claim_once) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert target.api.get("me/key-packages").body["available"] == 4

"""Devices: certificates, sessions bound to them, ends."""

import json

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_auth.directory.models import Device
from parley_auth.events.models import OutboxEvent
from parley_auth.signin.models import Session
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import DeviceId, new_uuid7
from parley_contracts.limits import DEVICES_PER_USER_MAX
from parley_mls import default_primitives, generate_signature_key

P = default_primitives()


def put_device(person, body):
    """Sign in as this device; a certificate without a proof gets one."""
    if "proof" not in body:
        body = body | {"proof": person.proof(b64decode(body["certificate"]))}
    return person.api.put(f"me/devices/{person.device_id}", body)


@pytest.fixture
def stated(person):
    """A person with a statement and no device."""
    person.api.put("me/statements/1", person.statement())
    return person


def test_registration_names_device_in_tokens(stated):
    answer = put_device(stated, stated.registration())
    assert answer.status == 200
    claims = json.loads(b64decode(answer.body["access_token"].split(".")[1]))
    assert claims["device_id"] == stated.device_id
    stated.take(answer.body)
    refreshed = stated.api.post("token/refresh", {"refresh_token": stated.refresh_token}).body
    assert json.loads(b64decode(refreshed["access_token"].split(".")[1]))["device_id"] == stated.device_id
    (device,) = stated.api.get(f"users/{stated.user_id}/identity").body["devices"]
    assert device == {"device_id": stated.device_id, "certificate": b64encode(stated.certificate)}
    assert OutboxEvent.objects.get(type="device.added").data["device_id"] == stated.device_id


def test_same_registration_again_is_no_change(stated):
    body = stated.registration()
    first, second = put_device(stated, body), put_device(stated, body)
    assert (first.status, second.status) == (200, 200)
    assert Device.objects.count() == 1
    assert OutboxEvent.objects.filter(type="device.added").count() == 1


def test_session_has_one_device(alice):
    alice.device_id = DeviceId("")
    assert put_device(alice, alice.registration()).problem == "conflict"
    assert Device.objects.count() == 1


def test_statement_comes_first(person):
    person.make_keys()
    assert put_device(person, person.registration()).problem == "conflict"


@pytest.mark.parametrize(
    "change",
    [
        {"server_name": "evil.example"},
        {"user_id": new_uuid7()},
        {"device_id": new_uuid7()},
        {"statement_version": 2},
        {"statement_version": 0},
        {"binding": b"short"},
        {"signature": bytes(64)},
        {"signature": b""},
        {"device_key": (1).to_bytes(32, "little")},
        {"device_key": b"\xff" * 32},
    ],
)
def test_wrong_certificate_is_refused(stated, change):
    stated.registration()
    answer = put_device(stated, stated.registration(**change))
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", "certificate")


def test_certificate_by_another_key_is_refused(stated):
    stated.signing_seed, _ = generate_signature_key(P)
    assert put_device(stated, stated.registration()).problem == "invalid_request"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_refused(stated, data):
    body = stated.registration()
    raw = bytearray(b64decode(body["certificate"]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    answer = put_device(stated, body | {"certificate": b64encode(bytes(raw))})
    assert (answer.status, answer.problem) == (400, "invalid_request")


@pytest.mark.parametrize("member", ["name", "platform"])
@pytest.mark.parametrize("text", ["", "   ", "x" * 65, "a\u0000b", "a\nb", "\u2028"])
def test_odd_labels_are_refused(stated, member, text):
    answer = put_device(stated, stated.registration() | {member: text})
    assert (answer.problem, answer.body["field"]) == ("invalid_request", member)


def test_oversize_certificate_is_refused(stated):
    assert put_device(stated, stated.registration() | {"certificate": "A" * 2000}).problem == "too_large"


@pytest.mark.parametrize("device_id", ["x", "..", "0190", "01900000-0000-7000-8000-00000000000G"])
def test_odd_device_ids_are_not_there(stated, device_id):
    assert stated.api.put(f"me/devices/{device_id}", stated.registration()).problem == "not_found"


def test_device_of_another_person_cannot_be_taken(alice, stated):
    stated.device_id = alice.device_id
    stated.device_seed, stated.device_key = alice.device_seed, alice.device_key
    assert put_device(stated, stated.registration()).problem == "conflict"
    assert Device.objects.get().user_id != stated.user_id


def test_later_login_takes_over_device(alice, login, service):
    certificate = alice.certificate
    old_token = alice.api.token
    alice.take(login("alice").body["meta"])
    body = {"certificate": b64encode(certificate), "name": "Laptop", "platform": "linux"}
    answer = put_device(alice, body)
    assert answer.status == 200
    alice.take(answer.body)
    assert alice.api.get("me").body["device_id"] == alice.device_id
    assert type(alice.api)(old_token).get("me").problem == "unauthenticated"
    (revocation,) = service.get("revocations").body["revocations"]
    assert revocation["device_id"] is None


def test_the_certificate_that_everybody_is_shown_signs_nobody_in(alice, login, make_person):
    """Whoever has learnt the password has it, too."""
    thief, mallory = login("alice").body["meta"], make_person("mallory")
    body = {"certificate": b64encode(alice.certificate), "name": "Laptop", "platform": "linux"}
    before, owner = alice.api.token, alice.proof(alice.certificate)
    alice.api.token = thief["access_token"]
    mallory.make_keys()
    mallory.registration()
    proofs = {
        "that of another session": owner,
        "by another key": mallory.proof(alice.certificate, thief["access_token"]),
        "of another certificate": alice.proof(alice.certificate[:-1] + b"x"),
        "none": b64encode(bytes(64)),
    }
    for what, proof in proofs.items():
        assert put_device(alice, body | {"proof": proof}).body["field"] == "proof", what
    alice.api.token = before
    assert alice.api.get("me").status == 200, "the device's own session goes on"


def test_revoked_device_does_not_return(alice, login):
    body = {"certificate": b64encode(alice.certificate), "name": "Laptop", "platform": "linux"}
    alice.api.post("logout")
    alice.take(login("alice").body["meta"])
    assert put_device(alice, body).problem == "conflict"


def test_other_key_for_a_device_is_refused(alice, login):
    alice.take(login("alice").body["meta"])
    alice.device_seed, alice.device_key = generate_signature_key(P)
    assert put_device(alice, alice.registration()).problem == "conflict"


def test_new_statement_ends_devices_not_kept(alice, login, service):
    lost_token = alice.api.token
    lost = alice.device_id
    alice.take(login("alice").body["meta"])
    alice.device_id = DeviceId("")
    assert put_device_of(alice).status == 200
    kept = alice.device_id
    assert alice.api.put("me/statements/2", alice.statement(2, devices=(alice.kept(),))).status == 200
    devices = alice.api.get(f"users/{alice.user_id}/identity").body["devices"]
    assert [device["device_id"] for device in devices] == [kept]
    assert type(alice.api)(lost_token).get("me").problem == "unauthenticated"
    assert lost in [revocation["device_id"] for revocation in service.get("revocations").body["revocations"]]


def test_new_statement_ends_devices_whose_sessions_were_over_before(alice, login):
    lost = alice.device_id
    alice.take(login("alice").body["meta"])
    alice.device_id = DeviceId("")
    assert put_device_of(alice).status == 200
    Session.objects.filter(device=lost).update(ended_at=timezone.now())
    assert alice.api.put("me/statements/2", alice.statement(2, devices=(alice.kept(),))).status == 200
    devices = alice.api.get(f"users/{alice.user_id}/identity").body["devices"]
    assert [device["device_id"] for device in devices] == [alice.device_id]
    (told,) = OutboxEvent.objects.filter(type="device.revoked")
    assert told.data == {"user_id": alice.user_id, "device_id": lost}


def put_device_of(person):
    body = person.registration()
    answer = put_device(person, body)
    if answer.status == 200:
        person.take(answer.body)
    return answer


def test_kept_device_is_certified_anew(alice):
    alice.upload_key_packages(1)
    first = alice.certificate
    alice.api.put("me/statements/2", alice.statement(2, devices=(alice.kept(),)))
    assert put_device(alice, alice.registration(statement_version=2)).status == 200
    (device,) = alice.api.get(f"users/{alice.user_id}/identity").body["devices"]
    assert device["certificate"] == b64encode(alice.certificate) != b64encode(first)
    assert alice.api.get("me/key-packages").body == {"available": 0, "has_last_resort": False}


def test_a_kept_device_signs_in_again_before_it_is_certified_anew(alice, login):
    first = {"certificate": b64encode(alice.certificate), "name": "Laptop", "platform": "linux"}
    alice.api.put("me/statements/2", alice.statement(2, devices=(alice.kept(),)))
    alice.take(login("alice").body["meta"])
    assert put_device(alice, first).status == 200
    alice.device_id = DeviceId("")
    assert put_device(alice, alice.registration()).problem == "invalid_request"


def test_a_device_that_was_locked_out_does_not_sign_in_again(alice, login):
    first = {"certificate": b64encode(alice.certificate), "name": "Laptop", "platform": "linux"}
    alice.api.put("me/statements/2", alice.statement(2))
    alice.take(login("alice").body["meta"])
    assert put_device(alice, first).problem == "conflict"


def test_second_certificate_of_one_statement_is_refused(alice):
    assert put_device(alice, alice.registration(binding=bytes(32))).problem == "conflict"


def test_devices_are_bounded(alice, login):
    for number in range(DEVICES_PER_USER_MAX - 1):
        Device.objects.create(
            id=new_uuid7(),
            user_id=alice.user_id,
            certificate=b"",
            statement_version=1,
            device_key=b"",
            name=str(number),
            platform="",
        )
    alice.take(login("alice").body["meta"])
    alice.device_id = DeviceId("")
    answer = put_device_of(alice)
    assert (answer.problem, answer.body["limit"]) == ("conflict", DEVICES_PER_USER_MAX)

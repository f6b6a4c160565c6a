"""An account whose person has lost every device and the recovery key gets another root key: when, by whom, and what ends with it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from post_office import send_all, text_of

from parley_auth.audit.models import AuditEntry
from parley_auth.signin.models import Session
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.identity import root_fingerprint
from parley_contracts.ids import DeviceId
from parley_contracts.key_log import leaf_of
from parley_contracts.limits import RECENT_SIGN_IN_S


def signs_in_anew(person, login):
    """A session without a device, and keys of which the server has never heard."""
    person.take(login(person.username).body["meta"])
    person.make_keys()
    person.device_id = DeviceId("")


def versions_of(person):
    identity = person.api.get(f"users/{person.user_id}/identity").body
    return [statement["version"] for statement in identity["statements"]], identity["devices"]


def test_a_new_root_ends_everything_of_before_and_a_device_comes_in_under_it(alice, bob, login, service):
    lost_token, lost = alice.api.token, alice.device_id
    waiting = login("alice").body["meta"]["access_token"]
    signs_in_anew(alice, login)
    body = alice.statement(2, vault=b"another vault")
    stored = alice.api.post("me/new-root", body)
    assert stored.status == 200
    assert stored.body == {"version": 2, "statement": body["statement"], "signature": body["signature"]}
    assert versions_of(alice) == ([1, 2], [])
    assert alice.api.get("me/vault").body == {"version": 2, "vault": b64encode(b"another vault")}
    for token in (lost_token, waiting):
        assert type(alice.api)(token).get("me").problem == "unauthenticated"
    assert lost in [revocation["device_id"] for revocation in service.get("revocations").body["revocations"]]
    known = service.post("users", {"user_ids": [alice.user_id, bob.user_id]}).body["users"]
    assert {user["user_id"]: user["root_fingerprint"] for user in known} == {
        person.user_id: b64encode(root_fingerprint(person.user_id, person.root_key)) for person in (alice, bob)
    }
    alice.registration(statement_version=2)
    answer = alice.api.put(f"me/devices/{alice.device_id}", alice.registration(statement_version=2))
    assert answer.status == 200, answer.body
    alice.take(answer.body)
    assert alice.api.post("me/new-root", body).body == stored.body, "the same again is no change"
    assert [device["device_id"] for device in versions_of(alice)[1]] == [alice.device_id]


def test_it_is_in_the_log_of_peoples_keys_and_in_the_audit_log(alice, login):
    signs_in_anew(alice, login)
    body = alice.statement(2)
    size = int(alice.api.get("key-log/head").body["checkpoint"].splitlines()[1])
    assert alice.api.post("me/new-root", body).status == 200
    page = alice.api.get(f"key-log/leaves?first={size}&size={size + 1}").body
    assert b64decode(page["leaves"]) == leaf_of(alice.user_id, 2, b64decode(body["statement"])).encode()
    assert AuditEntry.objects.filter(subject=alice.user_id, act="root.replaced").count() == 1


def test_its_person_is_told_by_a_letter(alice, login, confirm, post_office):
    confirm(alice)
    signs_in_anew(alice, login)
    assert alice.api.post("me/new-root", alice.statement(2)).status == 200
    send_all()
    to, letter = post_office.take()
    assert (to, letter["Subject"]) == (alice.email, "Your account was begun anew")
    assert "All of your devices are signed out" in " ".join(text_of(letter, "plain").split())


def refused(person, body, problem):
    before = versions_of(person)
    answer = person.api.post("me/new-root", body)
    assert answer.problem == problem, answer.body
    assert versions_of(person) == before
    assert AuditEntry.objects.filter(act="root.replaced").count() == 0


def test_only_a_fresh_sign_in_gives_one(alice, login):
    signs_in_anew(alice, login)
    body = alice.statement(2)
    Session.objects.filter(device=None).update(
        authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1)
    )
    refused(alice, body, "sign_in_again")
    assert alice.api.post("me/reauthenticate", {"password": "copper-window-lantern-19"}).status == 204
    alice.renew()
    assert alice.api.post("me/new-root", body).status == 200


def test_a_device_of_the_account_gives_none(alice):
    """Whoever took a device over does not throw its person out so."""
    alice.make_keys()
    refused(alice, alice.statement(2), "conflict")


@pytest.mark.parametrize("what", ["the same root", "a device kept", "a gap", "an earlier version"])
def test_what_is_no_beginning_is_refused(alice, login, what):
    root = (alice.root_seed, alice.root_key)
    kept = alice.kept()
    signs_in_anew(alice, login)
    version, changes = {"a gap": 3, "an earlier version": 1}.get(what, 2), {}
    if what == "the same root":
        alice.root_seed, alice.root_key = root
    if what == "a device kept":
        changes["devices"] = (kept,)
    stale = what in {"a gap", "an earlier version"}
    refused(alice, alice.statement(version, **changes), "version_stale" if stale else "conflict")


def test_an_earlier_root_does_not_come_back(alice, login):
    first = (alice.root_seed, alice.root_key)
    signs_in_anew(alice, login)
    assert alice.api.post("me/new-root", alice.statement(2)).status == 200
    alice.root_seed, alice.root_key = first
    assert alice.api.post("me/new-root", alice.statement(3)).problem == "conflict"
    assert alice.api.put("me/statements/3", alice.statement(3)).problem == "conflict"


def test_who_never_had_keys_begins_otherwise(person):
    assert person.api.post("me/new-root", person.statement(1)).problem == "conflict"


def test_a_forged_one_is_refused(alice, login):
    signs_in_anew(alice, login)
    body = alice.statement(2)
    alice.make_keys()
    refused(alice, body | {"signature": alice.statement(2)["signature"]}, "invalid_request")


def test_there_are_few_a_day(alice, login, default_limits):
    signs_in_anew(alice, login)
    answers = [alice.api.post("me/new-root", alice.statement(9)).status for _ in range(4)]
    assert answers == [409, 409, 409, 429]

"""A passkey that stands for the recovery key: a wrap beside the vault, of which the server checks sizes and whose it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from parley_auth.audit.models import AuditEntry
from parley_auth.signin.models import Session
from parley_auth.web import rates
from parley_contracts.encoding import b64encode

KEPT = {"credential": b64encode(b"c" * 64), "salt": b64encode(b"s" * 32), "wrap": b64encode(b"w" * 60)}
PATH = "me/recovery-passkey"


def put(person, **other):
    assert person.api.put(PATH, KEPT | other).status == 204


def acts_of(person):
    entries = AuditEntry.objects.filter(subject=person.user_id, act__startswith="recovery_passkey").order_by("number")
    return [entry.act for entry in entries]


def test_a_wrap_comes_back_as_it_was_stored_and_another_takes_its_place(alice):
    assert alice.api.get(PATH).problem == "not_found"
    assert alice.api.get("me").body["has_recovery_passkey"] is False
    put(alice)
    assert alice.api.get(PATH).body == KEPT
    assert alice.api.get("me").body["has_recovery_passkey"] is True
    longest = {"credential": b64encode(b"c" * 1023), "wrap": b64encode(b"x" * 60)}
    put(alice, **longest)
    assert alice.api.get(PATH).body == KEPT | longest
    for _ in range(2):
        assert alice.api.call("DELETE", PATH).status == 204
        assert alice.api.get(PATH).problem == "not_found"
    assert alice.api.get("me").body["has_recovery_passkey"] is False
    assert acts_of(alice) == ["recovery_passkey.set"] * 2 + ["recovery_passkey.removed"]


def test_it_is_its_person_s_alone(alice, bob, anonymous):
    put(alice)
    assert bob.api.get(PATH).problem == "not_found"
    assert bob.api.call("DELETE", PATH).status == 204
    assert alice.api.get(PATH).body == KEPT
    assert anonymous.get(PATH).status == 401 and anonymous.put(PATH, KEPT).status == 401


def test_it_goes_with_the_recovery_key_that_it_stands_for(alice):
    put(alice)
    assert alice.api.put("me/statements/2", alice.statement(2, devices=(alice.kept(),))).status == 200
    assert alice.api.get(PATH).body == KEPT  # a lock-out leaves the recovery key
    another = alice.statement(3, devices=(alice.kept(),), recovery_key=bytes(31) + b"k")
    assert alice.api.put("me/statements/3", another).status == 200
    assert alice.api.get(PATH).problem == "not_found"
    assert acts_of(alice) == ["recovery_passkey.set", "recovery_passkey.removed"]


def test_an_account_that_is_begun_anew_has_none(alice, login):
    put(alice)
    alice.take(login(alice.username).body["meta"])
    alice.make_keys()
    assert alice.api.post("me/new-root", alice.statement(2, vault=b"another vault")).status == 200
    assert alice.api.get(PATH).problem == "not_found"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_changing_it_asks_for_the_password_again(alice, method):
    put(alice)
    Session.objects.filter(user_id=alice.user_id).update(authenticated_at=timezone.now() - timedelta(days=1))
    body = KEPT | {"wrap": b64encode(b"x" * 60)} if method == "PUT" else None
    assert alice.api.call(method, PATH, body).problem == "sign_in_again"
    assert alice.api.get(PATH).body == KEPT


def test_it_is_served_as_often_as_the_vault(alice, bob, monkeypatch):
    put(alice), put(bob)
    monkeypatch.setitem(rates.RATES["test"], "vault", rates.RATES["default"]["vault"])
    answers = [alice.api.get(PATH) for _ in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [429]
    assert alice.api.get("me/vault").status == 429 and bob.api.get(PATH).status == 200


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("salt", b"s" * 31, "invalid_request"),
        ("salt", b"s" * 33, "too_large"),
        ("wrap", b"w" * 59, "invalid_request"),
        ("wrap", b"w" * 61, "too_large"),
        ("credential", b"", "invalid_request"),
        ("credential", b"c" * 1024, "too_large"),
    ],
)
def test_what_has_another_size_is_refused(alice, field, value, problem):
    answer = alice.api.put(PATH, KEPT | {field: b64encode(value)})
    assert (answer.problem, answer.body["field"]) == (problem, field)
    assert alice.api.get(PATH).problem == "not_found"


def test_the_shape_is_closed_and_an_account_without_a_vault_has_nothing_to_wrap(alice, person):
    """Whoever sends what the passkey gave sends it to nobody: there is no member for it."""
    for body in (KEPT | {"secret": b64encode(b"p" * 32)}, {"salt": KEPT["salt"]}, KEPT | {"wrap": "!"}, []):
        assert alice.api.put(PATH, body).problem == "invalid_request"
    assert person.api.put(PATH, KEPT).problem == "conflict"

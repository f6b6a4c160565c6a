"""Recovery words: a wrap beside the vault, and a pepper that is the server's and goes to the account alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from parley_auth.audit.models import AuditEntry
from parley_auth.directory.models import RecoveryWrap
from parley_auth.signin.models import Session
from parley_auth.web import rates
from parley_contracts.encoding import b64decode, b64encode

WRAP = b64encode(b"w" * 93)


def put(person, wrap=WRAP):
    begun = person.api.post("me/recovery-words").body
    assert person.api.put("me/recovery-words", {"salt": begun["salt"], "wrap": wrap}).status == 204
    return begun


def test_a_wrap_comes_back_with_the_pepper_that_it_was_made_with(alice):
    assert alice.api.get("me/recovery-words").problem == "not_found"
    assert alice.api.get("me").body["has_recovery_words"] is False
    begun = put(alice)
    assert alice.api.get("me/recovery-words").body == {"wrap": WRAP, "pepper": begun["pepper"]}
    assert alice.api.get("me").body["has_recovery_words"] is True
    assert (len(b64decode(begun["salt"])), len(b64decode(begun["pepper"]))) == (16, 32)


def test_the_pepper_is_in_no_table_and_of_this_person_and_this_wrap(alice, bob):
    begun = put(alice)
    stored = RecoveryWrap.objects.get(user_id=alice.user_id)
    assert b64decode(begun["pepper"]) not in (bytes(stored.salt), bytes(stored.wrap))
    other = alice.api.post("me/recovery-words").body
    assert other["pepper"] != begun["pepper"] and other["salt"] != begun["salt"]
    bob.api.put("me/recovery-words", {"salt": begun["salt"], "wrap": WRAP})
    assert bob.api.get("me/recovery-words").body["pepper"] != begun["pepper"]
    assert alice.api.get("me/recovery-words").body["pepper"] == begun["pepper"]  # `begin` alone changed nothing


def test_another_one_takes_its_place_and_the_old_pepper_is_never_given_again(alice):
    first = put(alice)
    second = put(alice, b64encode(b"x" * 93))
    assert alice.api.get("me/recovery-words").body == {"wrap": b64encode(b"x" * 93), "pepper": second["pepper"]}
    assert first["pepper"] != second["pepper"]
    for _ in range(2):
        assert alice.api.call("DELETE", "me/recovery-words").status == 204
        assert alice.api.get("me/recovery-words").problem == "not_found"
    acts = AuditEntry.objects.filter(subject=alice.user_id, act__startswith="recovery_words").order_by("number")
    assert [entry.act for entry in acts] == ["recovery_words.set"] * 2 + ["recovery_words.removed"]


def test_they_go_with_the_recovery_key_that_they_stand_for(alice):
    put(alice)
    assert alice.api.put("me/statements/2", alice.statement(2, devices=(alice.kept(),))).status == 200
    assert alice.api.get("me").body["has_recovery_words"] is True  # a lock-out leaves the recovery key
    another = alice.statement(3, devices=(alice.kept(),), recovery_key=bytes(31) + b"k")
    assert alice.api.put("me/statements/3", another).status == 200
    assert alice.api.get("me").body["has_recovery_words"] is False
    assert AuditEntry.objects.filter(subject=alice.user_id, act="recovery_words.removed").count() == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_changing_them_asks_for_the_password_again(alice, method):
    begun = put(alice)
    Session.objects.filter(user_id=alice.user_id).update(authenticated_at=timezone.now() - timedelta(days=1))
    body = {"salt": begun["salt"], "wrap": WRAP} if method == "PUT" else None
    assert alice.api.call(method, "me/recovery-words", body).problem == "sign_in_again"
    assert alice.api.get("me/recovery-words").status == 200


def test_they_are_served_a_few_times_an_hour(alice, bob, monkeypatch):
    put(alice), put(bob)
    monkeypatch.setitem(rates.RATES["test"], "recovery_words", rates.RATES["default"]["recovery_words"])
    answers = [alice.api.get("me/recovery-words") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert bob.api.get("me/recovery-words").status == 200


def test_what_is_none_is_refused(alice, person):
    salt = alice.api.post("me/recovery-words").body["salt"]
    for body, problem, field in (
        ({"salt": b64encode(b"short"), "wrap": WRAP}, "invalid_request", "salt"),
        ({"salt": salt, "wrap": b64encode(b"w" * 257)}, "too_large", "wrap"),
        ({"salt": "!", "wrap": WRAP}, "invalid_request", "salt"),
    ):
        answer = alice.api.put("me/recovery-words", body)
        assert (answer.problem, answer.body["field"]) == (problem, field)
    assert person.api.put("me/recovery-words", {"salt": salt, "wrap": WRAP}).problem == "conflict"


def test_nobody_reads_them_without_signing_in(anonymous, alice):
    put(alice)
    assert anonymous.get("me/recovery-words").status == 401


def test_an_account_that_is_begun_anew_has_none(alice, login):
    """They stand for the recovery key of before."""
    put(alice)
    alice.take(login(alice.username).body["meta"])
    alice.make_keys()
    assert alice.api.post("me/new-root", alice.statement(2, vault=b"another vault")).status == 200
    assert alice.api.get("me/recovery-words").problem == "not_found"
    assert alice.api.get("me").body["has_recovery_words"] is False

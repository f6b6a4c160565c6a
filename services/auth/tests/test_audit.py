"""The audit log: what is told, that it is only ever added to, and that whatever was done to it is found."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone
from post_office import code_in, send_all

from parley_auth.accounts.models import User
from parley_auth.audit.chain import Head, verify
from parley_auth.audit.models import Act, AuditEntry
from parley_auth.audit.recording import record_operator, record_own
from parley_auth.signin.models import Session
from parley_contracts.limits import RECENT_SIGN_IN_S

PASSWORD = "copper-window-lantern-19"
NEW = "umbrella-violin-meadow-42"


def acts_of(person):
    rows = AuditEntry.objects.filter(subject=person.user_id).order_by("number")
    return [(row.act, row.actor) for row in rows]


def test_what_a_person_does_to_their_account_is_told(alice, login, anonymous, confirm, post_office):
    confirm(alice)
    assert alice.api.put("me/password", {"current_password": PASSWORD, "new_password": NEW}).status == 204
    phone = login("alice", NEW, address="203.0.113.7").body["meta"]
    assert type(alice.api)(phone["access_token"]).post("logout").status == 204
    anonymous.post("password/reset-request", {"email": alice.email})
    post_office.letters.clear()
    send_all()
    (code,) = [code_in(letter) for _, letter in post_office.letters if letter["Subject"] == "Set a new password"]
    assert anonymous.post("password/reset", {"code": code, "new_password": PASSWORD}).status == 204
    own, service = alice.user_id, "service:auth"
    assert acts_of(alice) == [
        ("account.created", own),
        ("session.opened", own),
        ("device.added", own),
        ("email.confirmed", own),
        ("password.changed", own),
        ("session.opened", own),
        ("session.ended", own),
        ("session.ended", own),
        ("password.reset", own),
    ]
    assert service not in {actor for _, actor in acts_of(alice)}
    rows = list(AuditEntry.objects.order_by("number"))
    # Of people on their own account the network is kept, as sessions keep it, and nothing that opens or names more.
    assert {row.address for row in rows} == {"192.0.2.0/24", "203.0.113.0/24"}
    told = json.dumps([[row.act, row.actor, row.subject, row.address, row.details] for row in rows])
    for secret in (alice.email, PASSWORD, NEW, code, alice.username, alice.refresh_token, phone["access_token"]):
        assert secret not in told
    assert verify().fault == ""


def test_how_somebody_signed_in_is_told(alice, login):
    assert login("alice").status == 200
    assert AuditEntry.objects.filter(act=Act.SESSION_OPENED).latest("number").details == {"by": "password"}


def test_what_the_service_ends_by_itself_is_told_as_its_own(alice, anonymous):
    old = alice.refresh_token
    assert anonymous.post("token/refresh", {"refresh_token": old}).status == 200
    assert anonymous.post("token/refresh", {"refresh_token": old}).problem == "refresh_reused"
    last = AuditEntry.objects.latest("number")
    assert (last.act, last.actor, last.details["reason"]) == ("session.ended", "service:auth", "reuse")


def test_a_refused_change_is_not_told(alice):
    before = AuditEntry.objects.count()
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))
    assert alice.api.post("me/second-factors/totp").problem == "sign_in_again"
    assert alice.api.put("me/password", {"current_password": "wrong", "new_password": NEW}).status == 401
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET act = 'x'",
        "DELETE FROM audit_auditentry",
        "DELETE FROM audit_auditentry WHERE false",
    ],
)
def test_rows_are_never_changed_or_removed(alice, statement):
    with pytest.raises((InternalError, ProgrammingError), match="only ever added to"), transaction.atomic():
        connection.cursor().execute(statement)


def test_the_log_is_never_emptied(alice):
    with transaction.atomic():
        connection.cursor().execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_never_emptied")
    with pytest.raises((InternalError, ProgrammingError), match="only ever added to"), transaction.atomic():
        connection.cursor().execute("TRUNCATE audit_auditentry")


def test_it_outlives_whom_it_names(alice):
    told = acts_of(alice)
    User.objects.filter(pk=alice.user_id).delete()
    assert acts_of(alice) == told
    assert verify().fault == ""


TAMPERED = {
    "another actor": ["UPDATE audit_auditentry SET actor = 'machine:other' WHERE number = 2"],
    "another address": ["UPDATE audit_auditentry SET address = '198.51.100.0/24' WHERE number = 2"],
    "other details": ["UPDATE audit_auditentry SET details = '{}' WHERE number = 2"],
    "another time": ["UPDATE audit_auditentry SET at = at + interval '1 second' WHERE number = 2"],
    "another seal": ["UPDATE audit_auditentry SET seal = decode(repeat('00', 32), 'hex') WHERE number = 2"],
    "removed": ["DELETE FROM audit_auditentry WHERE number = 2"],
    "removed and closed up": [
        "DELETE FROM audit_auditentry WHERE number = 2",
        "UPDATE audit_auditentry SET number = number - 1 WHERE number = 3",
    ],
    "the first removed": ["DELETE FROM audit_auditentry WHERE number = 1"],
    "moved": [
        "UPDATE audit_auditentry SET number = -1 WHERE number = 2",
        "UPDATE audit_auditentry SET number = 2 WHERE number = 3",
        "UPDATE audit_auditentry SET number = 3 WHERE number = -1",
    ],
    "made up": [
        (
            "INSERT INTO audit_auditentry (number, at, act, actor, subject, address, details, seal)"
            " SELECT max(number) + 1, now(), 'user.restored', 'machine:root', '', '', '{}',"
            " decode(repeat('17', 32), 'hex') FROM audit_auditentry"
        )
    ],
    "before the first": [
        (
            "INSERT INTO audit_auditentry (number, at, act, actor, subject, address, details, seal)"
            " VALUES (0, now(), 'user.restored', 'machine:root', '', '', '{}', decode(repeat('17', 32), 'hex'))"
        )
    ],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_whatever_was_done_to_the_log_is_found(alice, bob, how):
    assert verify().fault == ""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_append_only")
        for statement in TAMPERED[how]:
            cursor.execute(statement)
    assert verify().fault != ""


def test_rows_cut_off_at_the_end_show_against_what_was_seen(alice, bob):
    seen = verify()
    assert seen.entries == seen.head.number == AuditEntry.objects.count()
    assert verify(seen.head).fault == ""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_append_only")
        cursor.execute("DELETE FROM audit_auditentry WHERE number = %s", [seen.head.number])
    assert verify().fault == "", "a chain that was cut short is a chain"
    assert verify(seen.head).fault == f"rows {seen.head.number} to {seen.head.number} are missing"
    # Written on by who has the key, too: the row that was seen is another now.
    with transaction.atomic():
        record_operator(Act.USER_RESTORED, "machine:root")
    assert verify().fault == ""
    assert "another than it was" in verify(seen.head).fault
    assert verify(Head(1, seen.head.seal)).fault == "row 1 is another than it was"


@pytest.mark.django_db(transaction=True)
def test_rows_of_threads_are_one_chain(make_person):
    person = make_person()
    user = User.objects.get(pk=person.user_id)
    begin = AuditEntry.objects.count()

    def append():
        for _ in range(10):
            with transaction.atomic():
                record_own(Act.RECOVERY_CODES_RENEWED, user)
        connection.close()

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verify()
    assert (verdict.entries, verdict.fault) == (begin + 40, "")

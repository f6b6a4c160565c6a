"""Signing up: the account, its rules, and what is refused."""

import base64
import json
import threading
import time

import pytest
from django.db import connection, connections

from parley_auth.accounts.models import User
from parley_auth.events.models import OutboxEvent
from parley_contracts.ids import is_uuid


def test_signup_gives_tokens_and_account(signup):
    answer = signup("Grace.Hopper")
    assert answer.status == 200
    user, meta = answer.body["data"]["user"], answer.body["meta"]
    assert user["username"] == "grace.hopper"
    assert is_uuid(user["id"])
    assert user["id"][14] == "7"
    assert meta["expires_in_s"] == 600
    assert "session_token" not in meta
    claims = json.loads(base64.urlsafe_b64decode(meta["access_token"].split(".")[1] + "=="))
    assert claims["sub"] == user["id"]
    assert claims["exp"] - claims["iat"] <= 600
    assert abs(claims["iat"] - time.time()) < 10
    assert "device_id" not in claims
    assert answer.headers["Cache-Control"].find("no-store") >= 0


def test_signup_tells_other_services(signup):
    user_id = signup("grace").body["data"]["user"]["id"]
    event = OutboxEvent.objects.get(type="account.created")
    assert event.data == {"user_id": user_id, "username": "grace"}


def test_password_is_argon2id_and_email_sealed(real_hashes, signup):
    signup("grace", email="Grace@Example.org")
    user = User.objects.get(username="grace")
    assert user.password.startswith("argon2$argon2id$v=19$m=65536,t=3,p=1$")
    assert user.open_email() == "grace@example.org"
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_user::text FROM accounts_user")
        row = cursor.fetchone()[0].lower()
    assert "example.org" not in row
    assert b"grace@example.org".hex() not in row


@pytest.mark.parametrize("name", ["grace", "GRACE", "gRace", "\uff27\uff32\uff21\uff23\uff25"])
def test_taken_name_is_refused_in_any_case(signup, name):
    assert signup("grace").status == 200
    answer = signup(name, email="other@example.org")
    assert (answer.status, answer.problem) == (409, "username_taken")


def test_a_sign_up_does_not_tell_whether_an_address_is_known(signup):
    first = signup("grace", email="grace@example.org")
    second = signup("other", email="Grace@EXAMPLE.org")
    assert (first.status, set(first.body["meta"])) == (second.status, set(second.body["meta"]))
    assert set(first.headers) == set(second.headers)


@pytest.mark.parametrize(
    "name",
    ["a", "x" * 33, "a b", "é" * 5, "a/b", "admin", "ADMIN", "a\u200db", "stra\u00dfe", "<b>", "a\u0000b", "root"],
)
def test_bad_names_are_refused(signup, name):
    answer = signup(name)
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", "username")


@pytest.mark.parametrize(
    "email", ["", "x", "x@", "@x.example", "a b@x.example", "x" * 250 + "@x.example", "a\u0000@b.example"]
)
def test_bad_emails_are_refused(signup, email):
    answer = signup("grace", email=email)
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", "email")


@pytest.mark.parametrize(
    "password", ["tooshor7", "password123", "1234567890", "gracehopper1", "grace.hopper@example.org"]
)
def test_weak_passwords_are_refused(signup, password):
    answer = signup("gracehopper", email="grace.hopper@example.org", password=password)
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "weak_password", "password")
    assert answer.body["detail"]
    assert password not in json.dumps(answer.body)
    assert not User.objects.exists()


def test_too_long_password_is_refused(signup):
    answer = signup("grace", password="ab1-" * 65)
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", "password")


def test_spaces_belong_to_password(signup, login):
    assert signup("grace", password="  two spaces around  ").status == 200
    assert login("grace", "  two spaces around  ").status == 200
    assert login("grace", "two spaces around").status == 401


def test_password_is_one_in_all_normal_forms(signup, login):
    assert signup("grace", password="sch\u00f6ne-aussicht-77").status == 200
    assert login("grace", "scho\u0308ne-aussicht-77").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"username":"a1","email":"a@b.example"}',
        b'{"username":1,"email":"a@b.example","password":"copper-window-lantern-19"}',
        b'{"username":"a1","email":"a@b.example","password":"copper-window-lantern-19","is_staff":true}',
        b'{"username":"a1","email":["a@b.example"],"password":NaN}',
        b'{"username":"\xff","email":"a@b.example","password":"copper-window-lantern-19"}',
        b'{"username":"\\ud800a","email":"a@b.example","password":"copper-window-lantern-19"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_broken_bodies_are_refused(anonymous, body):
    for flow in ("signup", "login"):
        answer = anonymous.call("POST", f"flows/app/v1/auth/{flow}", raw=body)
        assert (answer.status, answer.problem) == (400, "invalid_request")


def test_other_flows_are_not_there(anonymous):
    for path in ("password/request", "code/request", "session", "reauthenticate", "email/verify"):
        assert anonymous.post(f"flows/app/v1/auth/{path}", {}).problem == "not_found"
    assert anonymous.post("flows/browser/v1/auth/login", {}).problem == "not_found"


@pytest.mark.django_db(transaction=True)
def test_parallel_signups_make_one_account(signup):
    answers = []

    def sign_up(number: int) -> None:
        answers.append(signup("same", email=f"racer{number}@example.org"))
        connections.close_all()

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert {answer.problem for answer in answers if answer.status == 409} == {"username_taken"}
    assert User.objects.count() == OutboxEvent.objects.count() == 1

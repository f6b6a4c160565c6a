"""A browser's refresh token: in a cookie and nowhere else, and only for our own pages."""

from hashlib import sha256

import pytest
from django.conf import settings

from parley_auth.signin.models import Session
from parley_contracts.auth_api import REFRESH_COOKIE, REFRESH_COOKIE_HEADER

PASSWORD = "copper-window-lantern-19"


def browser(**changes: str) -> dict[str, str]:
    return {REFRESH_COOKIE_HEADER: "cookie", "Origin": settings.CONFIG.origin} | changes


@pytest.fixture
def page(anonymous, person):
    """A browser that has signed in as `person`."""
    anonymous.signed_in = anonymous.post(
        "flows/app/v1/auth/login", {"username": person.username, "password": PASSWORD}, **browser()
    )
    assert anonymous.signed_in.status == 200, anonymous.signed_in.body
    return anonymous


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(page):
    assert page.signed_in.body["meta"]["refresh_token"] == ""
    cookie = page.client.cookies[REFRESH_COOKIE]
    assert REFRESH_COOKIE.startswith("__Host-") and cookie["domain"] == ""
    assert cookie.value.startswith("prt_")
    assert (cookie["path"], cookie["samesite"]) == ("/", "Strict")
    assert cookie["httponly"] and cookie["secure"]


def test_refresh_takes_and_replaces_the_cookie(page):
    before = page.client.cookies[REFRESH_COOKIE].value
    fresh = page.post("token/refresh", {"refresh_token": ""}, **browser())
    assert (fresh.status, fresh.body["refresh_token"]) == (200, "")
    assert page.client.cookies[REFRESH_COOKIE].value != before


def test_binding_a_device_keeps_the_token_in_the_cookie(page, person):
    page.token = page.signed_in.body["meta"]["access_token"]
    assert page.put("me/statements/1", person.statement(), **browser()).status == 200
    registration = person.registration()
    registration["proof"] = person.proof(person.certificate, page.token)
    bound = page.put(f"me/devices/{person.device_id}", registration, **browser())
    assert (bound.status, bound.body["refresh_token"]) == (200, "")


@pytest.mark.parametrize("value", ["", "body", "Cookie"])
def test_what_else_the_header_says_is_refused_before_anybody_is_signed_in(anonymous, person, value):
    sessions = Session.objects.count()
    given = {"username": person.username, "password": PASSWORD}
    answer = anonymous.post("flows/app/v1/auth/login", given, **browser(**{REFRESH_COOKIE_HEADER: value}))
    assert (answer.status, answer.body["field"]) == (400, REFRESH_COOKIE_HEADER)
    assert Session.objects.count() == sessions


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://localhost.evil.example"])
def test_another_origin_is_refused(page, origin):
    before = page.client.cookies[REFRESH_COOKIE].value
    refused = page.post("token/refresh", {"refresh_token": ""}, **browser(Origin=origin))
    assert (refused.status, refused.problem) == (403, "origin_refused")
    assert page.client.cookies[REFRESH_COOKIE].value == before


def test_the_cookie_counts_only_with_our_header(page):
    refused = page.post("token/refresh", {"refresh_token": ""}, Origin=settings.CONFIG.origin)
    assert (refused.status, refused.problem) == (401, "unauthenticated")


def test_a_token_in_a_browsers_body_is_refused(page):
    stolen = page.client.cookies[REFRESH_COOKIE].value
    assert page.post("token/refresh", {"refresh_token": stolen}, **browser()).status == 401


def test_signing_out_and_a_dead_session_take_the_cookie_away(page):
    page.token = page.signed_in.body["meta"]["access_token"]
    kept = page.client.cookies[REFRESH_COOKIE].value
    assert page.post("logout", **browser()).status == 204
    assert page.client.cookies[REFRESH_COOKIE].value == ""
    page.client.cookies[REFRESH_COOKIE] = kept
    page.token = ""
    assert page.post("token/refresh", {"refresh_token": ""}, **browser()).status == 401
    assert page.client.cookies[REFRESH_COOKIE].value == ""


def test_signing_in_anew_ends_the_session_that_the_browser_had(page, person, make_person, login):
    elsewhere = login(person.username).body["meta"]
    before = Session.objects.get(
        refresh_tokens__token_hash=sha256(page.client.cookies[REFRESH_COOKIE].value.encode()).digest()
    )
    given = {"username": person.username, "password": PASSWORD}
    assert page.post("flows/app/v1/auth/login", given, **browser()).status == 200
    before.refresh_from_db()
    assert before.ended_at is not None and before.end_reason == "replaced"
    page.token = page.signed_in.body["meta"]["access_token"]
    assert page.get("me").problem == "unauthenticated", "tokens of it are good no more"
    page.token, other = "", make_person()
    assert page.post("flows/app/v1/auth/login", {**given, "username": other.username}, **browser()).status == 200
    living = set(Session.objects.filter(ended_at=None, user=person.user_id).values_list("pk", flat=True))
    assert len(living) == 2, "that of the sign-up and the one elsewhere, and none of the browser's"
    assert page.post("token/refresh", {"refresh_token": elsewhere["refresh_token"]}).status == 200


def test_a_wrong_password_ends_no_session(page, person):
    before = Session.objects.filter(ended_at=None).count()
    wrong = {"username": person.username, "password": "not the password at all"}
    assert page.post("flows/app/v1/auth/login", wrong, **browser()).status == 401
    page.client.cookies[REFRESH_COOKIE] = "prt_none"
    assert page.post("flows/app/v1/auth/login", wrong | {"password": PASSWORD}, **browser()).status == 200
    assert Session.objects.filter(ended_at=None).count() == before + 1


def test_other_clients_get_no_cookie(person, login):
    answer = login(person.username)
    assert answer.body["meta"]["refresh_token"]
    assert "Set-Cookie" not in answer.headers

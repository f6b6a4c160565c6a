"""What attackers try on every route of the API's document: nothing is told, nothing happens, nothing breaks."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from post_office import send_all, text_of

from parley_auth import keyring
from parley_auth.accounts.models import User
from parley_auth.keyring import access_signing_key, thumbprint
from parley_auth.signin.models import Session
from parley_contracts.auth_api import REFRESH_COOKIE, REFRESH_COOKIE_HEADER
from parley_contracts.documents.auth import AUTH
from parley_contracts.documents.operations import Operation
from parley_contracts.tokens import sign_token

FOREIGN = ("https://evil.example", "null", "", "https://chat.example:8443.evil.example", "http://chat.example:8443")
ID = "01900000-0000-7000-8000-000000000000"
ODD = (
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\u0001\u001f\u007f",
    "a\r\nX-Injected: 1",
    "\u202eabc",
    "\u200b\u2060\ufeff",
    "\U0001f468\u200d\U0001f469",
    "\ufdd0\uffff\U0010ffff",
    "e\u0301" * 40,
    "\ufdfa" * 64,
    "%00%0a",
    "{{7*7}}${7*7}",
    "' OR ''='",
    "A" * 20_000,
)
REPEATS = 6


def path_of(operation: Operation) -> str:
    path = operation.path.lstrip("/").replace("{version}", "1")
    for name in operation.path_parameters:
        path = path.replace(f"{{{name}}}", ID)
    return path


def body_of(operation: Operation) -> dict[str, Any]:
    """A body of the right form, whose words mean nothing."""
    if operation.body is None:
        return {}
    fields = msgspec.structs.fields(operation.body)
    return {field.encode_name: ["x"] if "list" in str(field.type) else "x" for field in fields}


def odd_bodies() -> Iterator[tuple[Operation, str, dict[str, Any]]]:
    for operation in AUTH.operations:
        body = body_of(operation)
        for (name, kept), odd in itertools.product(body.items(), ODD):
            yield operation, name, body | {name: [odd] if isinstance(kept, list) else odd}


def shown(answer: Any) -> tuple[Any, ...]:
    """What tells answers apart: all but what differs between any two."""
    return answer.status, answer.body, sorted(set(answer.headers) - {"X-Request-ID"})


def test_odd_texts_are_never_a_server_error(alice):
    tried = 0
    for operation, name, body in odd_bodies():
        answer = alice.api.call(operation.method, path_of(operation), body)
        assert answer.status < 500, (operation.name, name, body)
        assert answer.status < 400 or answer.problem
        assert "X-Injected" not in answer.headers
        tried += 1
    print(f"{tried} odd texts in {len(AUTH.operations)} operations")
    assert tried > 400


def test_odd_queries_and_paths_are_never_a_server_error(alice):
    for odd in ("%00", "%ff", "%ed%a0%80", "%e2%80%ae", "a" * 3000, "..%2f..", "%0d%0aX-Injected:%201", "%25%30%30"):
        for path in (
            f"users?username={odd}",
            f"users/{odd}",
            f"me/sessions/{odd}",
            f"me/devices/{odd}",
            f"me?next={odd}",
        ):
            for method in ("GET", "DELETE", "PATCH"):
                answer = alice.api.call(method, path)
                assert answer.status < 500, (method, path)
                assert "X-Injected" not in answer.headers


def test_odd_headers_are_never_a_server_error(alice, anonymous):
    for odd in ("", "x" * 6000, "\u00e9", "\x00", "a\tb", "[" * 5000, "W1tb" * 1500 + ".e30.AA"):
        for name in (
            "Authorization",
            "X-Session-Token",
            "Idempotency-Key",
            "X-Parley-Refresh",
            "Origin",
            "X-Request-ID",
        ):
            for value in (odd, f"Bearer {odd}"):
                headers = {name.replace("-", "_"): value}
                assert anonymous.get("me", **headers).status in {200, 400, 401, 403}
                assert anonymous.post("flows/app/v1/auth/2fa/authenticate", {"code": "1"}, **headers).status in {
                    400,
                    401,
                    403,
                }
                assert anonymous.post("token/refresh", {"refresh_token": odd}, **headers).status in {400, 401, 403}


def test_known_and_unknown_look_alike(make_person, signup, login, anonymous):
    """Signing in, resetting and signing up tell nothing of addresses and names; that a user name is taken has to be said."""
    for number in range(REPEATS):
        known = make_person(f"known{number}")
        for unknown, seen in ((f"unknown{number}", known.username),):
            assert shown(login(unknown, "wrong-password-1")) == shown(login(seen, "wrong-password-1"))
        for unknown, seen in ((f"unknown{number}@example.org", known.email),):
            first, second = (anonymous.post("password/reset-request", {"email": email}) for email in (unknown, seen))
            assert shown(first) == shown(second)
            fresh = signup(f"fresh{number}", email=unknown), signup(f"other{number}", email=seen)
            assert (
                len({(answer.status, *sorted(answer.headers), *sorted(answer.body["meta"])) for answer in fresh}) == 1
            )
            weak = [signup(f"weak{number}", email=email, password="password123") for email in (unknown, seen)]
            assert shown(weak[0]) == shown(weak[1])
    print(f"{REPEATS} known and {REPEATS} unknown names and addresses")


def test_other_origins_are_refused_before_anything_happens(alice, anonymous):
    changing = [operation for operation in AUTH.operations if operation.method != "GET"]
    before = User.objects.count(), Session.objects.count()
    for operation, origin in itertools.product(changing, FOREIGN):
        headers = {REFRESH_COOKIE_HEADER: "cookie", "Origin": origin}
        for api in (alice.api, anonymous):
            answer = api.call(operation.method, path_of(operation), body_of(operation), **headers)
            assert (answer.status, answer.problem) == (403, "origin_refused"), (operation.name, origin)
            assert "Set-Cookie" not in answer.headers
    print(f"{len(changing)} operations, {len(FOREIGN)} origins")
    assert (User.objects.count(), Session.objects.count()) == before
    assert alice.api.get("me").status == 200


def test_a_cookie_alone_is_no_sign_in(alice, anonymous):
    """A form or an image of another site can send the cookie at most, and no header of ours."""
    anonymous.client.cookies[REFRESH_COOKIE] = alice.refresh_token
    for operation in AUTH.operations:
        answer = anonymous.call(operation.method, path_of(operation), body_of(operation), Origin="https://evil.example")
        if operation.caller == "anybody":
            assert "Set-Cookie" not in answer.headers and answer.status != 500
        else:
            assert (answer.status, answer.problem) == (401, "unauthenticated"), operation.name
    assert anonymous.post("token/refresh", {"refresh_token": ""}).status == 401
    assert alice.api.post("token/refresh", {"refresh_token": alice.refresh_token}).status == 200


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nothing_leads_elsewhere(alice, target):
    names = ("next", "redirect", "redirect_url", "callback_url", "continue", "return_to", "url")
    query = "&".join(f"{name}={target}" for name in names)
    for operation in AUTH.operations:
        answer = alice.api.call(operation.method, f"{path_of(operation)}?{query}", body_of(operation), Referer=target)
        assert not 300 <= answer.status < 400, operation.name
        assert "Location" not in answer.headers
        if operation.name == "logout":
            return
    raise AssertionError("logging out is one of them")


def test_letters_name_this_server_whatever_the_request_says(person, anonymous, post_office):
    send_all()
    post_office.letters.clear()
    headers = {
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Server": "evil.example",
        "Origin": "https://evil.example",
    }
    assert anonymous.post("password/reset-request", {"email": person.email}, Host="evil.example").status == 400
    assert anonymous.post("password/reset-request", {"email": person.email}, **headers).status == 204
    send_all()
    _, letter = post_office.take()
    assert "evil" not in letter.as_string()
    assert f"Server: {settings.CONFIG.origin}" in text_of(letter, "plain")


def test_every_route_that_needs_a_session_asks_for_one(anonymous):
    asked = [operation for operation in AUTH.operations if operation.caller != "anybody"]
    for operation in asked:
        for token in ("", "x", "prt_x"):
            anonymous.token = token
            answer = anonymous.call(operation.method, path_of(operation), body_of(operation))
            assert (answer.status, answer.problem) == (401, "unauthenticated"), operation.name
    print(f"{len(asked)} operations")


def test_a_token_ends_with_its_session_and_with_its_key(alice, login, monkeypatch):
    kid, key = access_signing_key()
    now = int(Session.objects.get().created_at.timestamp())
    claims = {
        "iss": settings.CONFIG.origin,
        "aud": "parley",
        "sub": alice.user_id,
        "session_id": str(Session.objects.get().pk),
        "iat": now,
        "exp": now + 600,
    }
    api = type(alice.api)(sign_token(key, kid=kid, token_type="at+jwt", claims=claims))
    assert api.get("me").status == 200
    replaced = Ed25519PrivateKey.generate()
    with monkeypatch.context() as patched:
        patched.setattr("parley_auth.signin.tokens.access_keys", lambda: {thumbprint(replaced.public_key()): replaced})
        assert api.get("me").problem == "unauthenticated", "its key is not in the set any more"
    assert keyring.access_keys()[kid] and api.get("me").status == 200
    assert alice.api.post("logout").status == 204
    assert api.get("me").problem == "unauthenticated"

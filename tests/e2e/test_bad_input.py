"""Bad input: a clear problem, or exit code 2 and a sentence; and nothing is lost."""

import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e_devices import Device, Refused, Stack, access_token
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

Make = Callable[..., Device]


@pytest.fixture
def https(stack: Stack) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=stack.ca_file)
    with httpx.Client(verify=context, base_url=stack.address) as client:
        yield client


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    assert answer.headers["x-request-id"]
    body = answer.json()
    assert body["status"] == answer.status_code
    return str(body["type"]).removeprefix("urn:parley:problem:")


SIGNUP = "/api/v1/auth/flows/app/v1/auth/signup"
LOGIN = "/api/v1/auth/flows/app/v1/auth/login"
ZERO = "00000000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "expected"),
    [
        ("POST", LOGIN, b'{"username": "nobody", "password": "wrong password"}', 401, "wrong_credentials"),
        ("POST", LOGIN, b"{", 400, "invalid_request"),
        ("POST", SIGNUP, b'{"username": "weak1", "email": "w@example.org", "password": "a"}', 400, "weak_password"),
        ("POST", SIGNUP, b'{"username": "a b", "email": "w@example.org", "password": "x"}', 400, None),
        ("GET", "/api/v1/auth/me", b"", 401, "unauthenticated"),
        ("GET", "/api/v1/messaging/conversations", b"", 401, "unauthenticated"),
        ("PUT", f"/api/v1/messaging/conversations/{ZERO}/messages/{ZERO}", b"{", 401, "unauthenticated"),
        ("GET", "/api/v1/nothing", b"", 404, "not_found"),
        ("GET", "/internal/health", b"", 404, "not_found"),
        ("GET", "/api/v1/messaging/nothing", b"", 404, "not_found"),
        ("GET", "/api/v1/auth/nothing", b"", 404, "not_found"),
        ("POST", LOGIN, b"x" * 20_000_000, 413, "too_large"),
    ],
)
def test_problems_at_the_gateway(
    https: httpx.Client, method: str, path: str, body: bytes, status: int, expected: str | None
):
    answer = https.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert expected in {None, slug(answer)}


MESSAGES = "/api/v1/messaging/conversations/{where}/messages"
B64 = "AAAA"


def test_problems_of_a_signed_in_device(https: httpx.Client, device: Make):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="before")["conversation_id"]
    berta.wait_for({"before"})
    https.headers["Authorization"] = f"Bearer {access_token(anna)}"
    ours, message = f"{MESSAGES.format(where=where)}/{ZERO}", {"header": B64, "ciphertext": B64, "signature": B64}
    for method, path, body, status, expected in (
        ("PUT", ours, b"{", 400, "invalid_request"),
        ("PUT", ours, b"[" * 50_000, 400, "invalid_request"),
        ("PUT", ours, b'{"header": "\xff"}', 400, "invalid_request"),
        ("PUT", ours, json.dumps(message).encode(), 400, "invalid_request"),
        ("PUT", ours, json.dumps(message | {"ciphertext": "A" * 200_000}).encode(), 413, "too_large"),
        ("PUT", ours, b"x" * 9_000_000, 413, "too_large"),
        ("PUT", f"{MESSAGES.format(where=where)}/no-uuid", b"{}", 400, "invalid_request"),
        ("PUT", f"{MESSAGES.format(where=ZERO)}/{ZERO}", json.dumps(message).encode(), 400, "invalid_request"),
        ("GET", f"/api/v1/messaging/conversations/{ZERO}/entries", b"", 404, "not_found"),
        ("GET", f"/api/v1/messaging/conversations/{where}/entries?limit=9999999", b"", 400, "invalid_request"),
        ("GET", f"/api/v1/auth/users/{ZERO}", b"", 404, "not_found"),
        ("GET", "/api/v1/auth/users?username=nobody_of_this_name", b"", 404, "not_found"),
        ("PATCH", "/api/v1/auth/me", b'{"display_name": 7}', 400, "invalid_request"),
        ("DELETE", "/api/v1/auth/me", b"", 405, "method_not_allowed"),
    ):
        answer = https.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, slug(answer)) == (status, expected), (path, body[:60], answer.text)
    anna.start()
    anna("send", to=where, text="after")
    berta.wait_for({"after"})


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ4In0.AAAA",
        "a" * 7000,
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/api/v1/messaging/conversations"])
def test_strange_tokens_are_no_tokens(https: httpx.Client, token: str, path: str):
    answer = https.get(path, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, slug(answer)) == (401, "unauthenticated")


def test_foreign_pages_may_not_read_answers(https: httpx.Client):
    origin = {"Origin": "https://evil.example"}
    asking = origin | {"Access-Control-Request-Method": "PATCH"}
    for answer in (
        https.options("/api/v1/auth/me", headers=asking),
        https.get("/api/v1/auth/me", headers=origin),
        https.get("/api/v1/messaging/conversations", headers=origin),
        https.post(LOGIN, headers=origin, json={"username": "nobody", "password": "wrong password"}),
    ):
        assert answer.status_code >= 400
        assert not [name for name in answer.headers if name.startswith(("access-control", "set-cookie"))]


def test_names_and_passwords_that_cannot_be(device: Make):
    anna = device("anna")
    other = device("other", registered=False)
    own = {"username": other.username, "email": other.email, "password": other.password}
    for wrong, expected in (
        ({"username": anna.username}, "username_taken"),
        ({"username": anna.username.upper()}, "username_taken"),
        ({"password": "password12"}, "weak_password"),
        ({"password": "x" * 5000}, "invalid_request"),
        ({"username": "no spaces allowed"}, "invalid_request"),
        ({"email": "no address"}, "invalid_request"),
        ({"server": "http://localhost"}, "usage"),
    ):
        with pytest.raises(Refused) as caught:
            other.register(**wrong)
        assert caught.value.slug == expected, wrong
    # Nothing of the failures stands in the way.
    other.register(**own)


def test_lines_that_are_no_requests(device: Make):
    anna = device("anna", registered=False)
    for line, code in (
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32600),
        (b"[]", -32600),
        (b'{"id": 1}', -32600),
        (b'"text"', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "sing"}', -32601),
        (b'{"jsonrpc": "2.0", "id": null, "method": "send", "params": {"to": 1}}', -32602),
    ):
        assert anna.tell(line)["error"]["code"] == code, line[:60]
    with pytest.raises(Refused) as caught:
        anna("send", to="@anybody", text="hello")
    assert caught.value.slug == "not_signed_in"
    anna.register()


def test_messages_that_cannot_be(device: Make):
    anna, berta = device("anna"), device("berta")
    for to, text, expected in (
        (f"@{berta.username}", "x" * 20_000, "too_large"),
        (f"@{berta.username}", "", "usage"),
        ("@nobody_of_this_name", "hello", "not_found"),
        (ZERO, "hello", "unknown_conversation"),
    ):
        with pytest.raises(Refused) as caught:
            anna("send", to=to, text=text)
        assert caught.value.slug == expected
    for params in ({}, {"to": 1, "text": "x"}, {"to": "@x", "text": "x", "more": 1}):
        with pytest.raises(Refused) as caught:
            anna("send", **params)
        assert caught.value.slug == "invalid_request"
    with pytest.raises(Refused) as caught:
        anna("no.such.method")
    assert caught.value.slug == "method_not_found"
    anna("send", to=f"@{berta.username}", text="still fine")
    berta.wait_for({"still fine"})


def test_a_wrong_password_and_a_wrong_recovery_key(device: Make):
    anna = device("anna")
    other = device("other", registered=False)
    how: dict[str, Any] = {"server": anna.stack.address, "ca_file": anna.stack.ca_file, "username": anna.username}
    wrong_key = "PARLEY-" + "-".join(["0000"] * 14)
    for password, key, expected in (
        ("not the password", anna.recovery_key, "wrong_credentials"),
        (anna.password, wrong_key, "recovery_key_refused"),
        (anna.password, None, "recovery_key_required"),
    ):
        with pytest.raises(Refused) as caught:
            other("login", password=password, recovery_key=key, **how)
        assert caught.value.slug == expected
    other.login(anna)


def test_foreign_origins_are_refused(stack: Stack):
    url = stack.address.replace("https", "wss") + "/api/v1/messaging/socket"
    context = ssl.create_default_context(cafile=stack.ca_file)
    with pytest.raises(InvalidStatus) as caught, connect(url, ssl=context, origin="https://evil.example"):
        pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    "arguments",
    [
        ["--profile", "P", "send", "--unknown"],
        ["--profile", "P", "no-such-command"],
        ["send", "--to", "@a", "b"],
        ["--profile", "P", "send", "--to", "@a", "b"],
        ["--profile", "P", "register", "--server", "not a server"],
        ["--profile", "P", "login", "--server", "https://localhost:1", "--username", "a", "--password-file", "missing"],
    ],
)
def test_the_command_line_answers_with_a_sentence(tmp_path: Path, arguments: list[str]):
    words = [str(tmp_path / "P") if word == "P" else word for word in arguments]
    command = [sys.executable, "-m", "parley_client", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr

"""The gateway as clients meet it: what reaches a service, what never does, and how nginx itself answers."""

import socket
import ssl
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from parley_gateway.configuration import PACES

from parley_contracts.limits import REQUEST_SIZE_BYTES_MAX

AUTH = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/flows/app/v1/auth/login"
AT_ONCE = 80
MESSAGING = "/api/v1/messaging/conversations"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/.well-known/jwks.json", "auth"),
        ("/api/v1/auth/flows/app/v1/auth/login?next=1", "auth"),
        ("/api/v1/auth/avatars/a/b", "auth"),
        ("/operators/accounts/user/?q=a", "auth"),
        ("/api/v1/messaging/conversations?limit=3", "messaging"),
        ("/api/v1/notifications/preferences?x=1", "notification"),
    ],
)
def test_paths_of_the_table_reach_their_service(gateway, path, service):
    told = gateway.call("GET", path).json
    assert told["service"].startswith(service)
    assert told["path"] == path
    assert told["headers"]["host"] == f"localhost:{gateway.port}"
    assert told["headers"]["x-forwarded-proto"] == "https"


@pytest.mark.parametrize(
    "path",
    [
        "/internal/health",
        "/internal/revocations?since=0",
        "/internal/../api/v1/auth/me",
        "//internal/health",
        "/api/v1/auth/../../../internal/health",
        "/api/v1/auth/%2e%2e/%2e%2e/%2e%2e/internal/health",
        "/api/v1/messaging/..%2f..%2f..%2finternal/health",
        "/api/v1/auth",
        "/operators",
        "/operators/../internal/health",
        "/api/v1/unknown/",
        "/api/v1/auth/../media/x",
        "/api/v1/notifications/../../../internal/worker-health",
        "/internal/worker-health",
        "/internal/recipients",
        "/.well-known/jwks.json/x",
        "/_problem/404",
        "/nginx.conf",
    ],
)
def test_everything_else_is_a_404_problem(gateway, path):
    before = {name: len(service.seen) for name, service in gateway.services.items()}
    reply = gateway.call("GET", path)
    assert (reply.status, reply.problem) == (404, "not_found")
    assert before == {name: len(service.seen) for name, service in gateway.services.items()}


def test_what_a_client_claims_of_itself_is_overwritten(gateway):
    claims = {"X_Forwarded_For": "203.0.113.9", "X_Real_IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    told = gateway.call(
        "GET", AUTH, **claims, X_Request_ID="chosen", X_Forwarded_Host="evil.example", X_Forwarded_Proto="http"
    ).json
    assert told["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert told["headers"]["x-forwarded-proto"] == "https"
    assert not {"x-real-ip", "forwarded", "x-forwarded-host"} & set(told["headers"])
    assert "chosen" not in told["headers"]["x-request-id"]


def test_the_operators_pages_run_only_what_is_theirs(gateway):
    told = gateway.call("GET", "/operators/").headers
    policy = dict(part.strip().split(" ", 1) for part in told["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in told["content-security-policy"]
    assert told["cross-origin-opener-policy"] == told["cross-origin-resource-policy"] == "same-origin"
    assert told["referrer-policy"] == "same-origin", "else browsers name no origin with a form"
    assert "sandbox" in gateway.call("GET", AUTH).headers["content-security-policy"], "and no other answer is a page"


def test_a_request_has_one_id_everywhere(gateway):
    reply = gateway.call("GET", AUTH)
    assert reply.headers["x-request-id"] == reply.json["headers"]["x-request-id"]
    assert len(reply.headers["x-request-id"]) == 32
    assert gateway.call("GET", "/nowhere").headers["x-request-id"]


def test_the_host_of_a_request_cannot_be_chosen(gateway):
    told = gateway.call("GET", AUTH, Host="evil.example").json
    assert told["headers"]["host"] == f"localhost:{gateway.port}"


def test_a_large_body_passes_and_a_larger_one_is_refused(gateway):
    told = gateway.call("PUT", MESSAGING, b"x" * REQUEST_SIZE_BYTES_MAX).json
    assert told["size_bytes"] == REQUEST_SIZE_BYTES_MAX
    reply, _ = gateway.raw(
        f"PUT {MESSAGING} HTTP/1.1\r\nHost: a\r\nContent-Length: {REQUEST_SIZE_BYTES_MAX + 1}\r\n\r\n".encode()
    )
    assert (reply.status, reply.problem) == (413, "too_large")


BOTH_LENGTHS = (
    b"POST /api/v1/auth/me HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /internal/health HTTP/1.1\r\nHost: a\r\n\r\n"
)


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "too_large"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", 431, "too_large"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "invalid_request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "invalid_request"),
        (BOTH_LENGTHS, 400, "invalid_request"),
        (b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "invalid_request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 404, "not_found"),
        (b"TRACE /api/v1/auth/me HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"),
    ],
)
def test_broken_requests_get_problems(gateway, content, status, slug):
    reply, _ = gateway.raw(content)
    assert (reply.status, reply.problem) == (status, slug)
    assert reply.headers["x-request-id"]


def test_plain_http_on_the_port_is_told_so(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: plain.recv(65536), b""))
    assert b"application/problem+json" in answer
    assert b"HTTPS" in answer


def test_a_killed_node_costs_no_error(new_gateway):
    gateway = new_gateway("test")
    gateway.stop_service("messaging-1")
    replies = [gateway.call("PUT", f"{MESSAGING}/{i}", b"{}") for i in range(20)]
    assert {(reply.status, reply.json["service"]) for reply in replies} == {(200, "messaging-2")}
    assert {reply.json["size_bytes"] for reply in replies} == {2}


@pytest.mark.parametrize("status", [502, 503])
def test_a_node_that_is_away_hands_over_to_the_other(new_gateway, status):
    gateway = new_gateway("test")
    replies = [gateway.call("PUT", f"{MESSAGING}/fail/{status}/messaging-2", b"{}") for _ in range(6)]
    assert {(reply.status, reply.json["service"]) for reply in replies} == {(200, "messaging-1")}


def test_a_refusal_of_a_service_is_passed_on(gateway):
    reply = gateway.call("GET", "/api/v1/auth/fail/404/auth")
    assert (reply.status, reply.json["service"]) == (404, "auth")


def test_a_service_that_is_away_is_a_503_problem(new_gateway):
    gateway = new_gateway("test")
    gateway.stop_service("auth")
    reply = gateway.call("POST", AUTH, b"{}")
    assert (reply.status, reply.problem) == (503, "unavailable")
    assert int(reply.headers["retry-after"]) >= 1
    gateway.start_service("auth")
    assert gateway.call("GET", AUTH).status == 200


def test_passwords_of_one_address_are_tried_one_after_the_other(new_gateway):
    gateway = new_gateway("default")
    pace = PACES["default"]["flows"]
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        statuses = Counter(at_once.map(lambda _: gateway.call("POST", LOGIN, b"{}").status, range(AT_ONCE)))
    took_s = time.monotonic() - began
    let_through = AT_ONCE - statuses[429]
    assert pace.burst < let_through <= pace.burst + 1 + took_s * pace.rate_per_s
    assert took_s >= (pace.burst - pace.at_once) / pace.rate_per_s


def test_a_crowd_from_one_address_gets_429(new_gateway):
    gateway = new_gateway("default")
    replies = [gateway.call("GET", AUTH) for _ in range(120)]
    refused = [reply for reply in replies if reply.status != 200]
    assert refused
    assert {(reply.status, reply.problem) for reply in refused} == {(429, "rate_limited")}
    assert all(int(reply.headers["retry-after"]) >= 1 for reply in refused)
    assert replies[0].status == 200


def test_a_list_full_of_pictures_is_no_crowd(new_gateway):
    gateway = new_gateway("default")
    replies = [gateway.call("GET", "/api/v1/auth/avatars/a/b") for _ in range(120)]
    assert {reply.status for reply in replies} == {200}
    assert gateway.call("GET", AUTH).status == 200, "and takes nothing from what else is asked"


UPGRADE = (
    b"GET /api/v1/messaging/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_the_socket_is_tunnelled(gateway):
    reply, echoed = gateway.raw(UPGRADE + b"ping")
    assert (reply.status, echoed) == (101, b"gnip")


def test_all_sockets_come_back_at_once_when_all_nodes_were_away(new_gateway):
    gateway = new_gateway("test")
    for name in ("messaging-1", "messaging-2"):
        gateway.stop_service(name)
    assert {gateway.raw(UPGRADE)[0].status for _ in range(10)} == {503}
    for name in ("messaging-1", "messaging-2"):
        gateway.start_service(name)
    with ExitStack() as staying:
        for _ in range(20):
            stream = staying.enter_context(gateway.connect())
            stream.sendall(UPGRADE)
            assert stream.recv(64).startswith(b"HTTP/1.1 101 ")


def test_an_upgrade_elsewhere_is_not_passed_on(gateway):
    told = gateway.call("GET", AUTH, Connection="Upgrade", Upgrade="websocket").json
    assert "upgrade" not in told["headers"]


def test_every_answer_is_hardened(gateway):
    for path in ("/", AUTH, "/nowhere"):
        headers = gateway.call("GET", path).headers
        assert headers["strict-transport-security"] == "max-age=63072000"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers.get("server", "nginx") == "nginx"


def test_hosts_below_this_one_are_tls_alone_where_the_operator_says_so(new_gateway):
    gateway = new_gateway("default", hsts_subdomains=True)
    for path in ("/", AUTH, "/nowhere"):
        headers = gateway.call("GET", path).headers
        assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"


def test_cookies_reach_auth_alone(gateway):
    """They are the whole host's, so that nobody below or beside it can set them; what is not meant to read them gets none."""
    for path in (AUTH, "/operators/"):
        assert gateway.call("GET", path, Cookie="a=1; b=2").json["headers"]["cookie"] == "a=1; b=2"
    for path in ("/api/v1/messaging/x", "/api/v1/media/x", "/api/v1/notifications/x", "/.well-known/jwks.json"):
        assert "cookie" not in gateway.call("GET", path, Cookie="a=1").json["headers"], path
    asked = b"GET /api/v1/messaging/socket HTTP/1.1\r\nHost: localhost\r\nCookie: a=1\r\nConnection: close\r\n\r\n"
    assert "cookie" not in gateway.raw(asked)[0].json["headers"]


def test_nothing_that_is_no_page_is_shown_as_one(gateway):
    """Neither what a service answers nor what nginx itself says loads, runs, sends or is framed, whoever opens it."""
    for path in (AUTH, "/nowhere", "/api/v1/auth/fail/404/auth", "/"):
        reply = gateway.call("GET", path)
        policy = {
            part.partition(" ")[0]: part.partition(" ")[2]
            for part in reply.headers["content-security-policy"].split("; ")
        }
        assert {policy[name] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")} == {"'none'"}
        assert "sandbox" in policy


def test_the_first_page_says_that_it_runs(gateway):
    reply = gateway.call("GET", "/")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert b"Parley" in reply.content


def test_http2_is_offered(gateway):
    context = ssl.create_default_context(cafile=gateway.run.parent / "tls" / "ca.crt")
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", gateway.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as stream,
    ):
        assert stream.selected_alpn_protocol() == "h2"
        assert stream.version() == "TLSv1.3"


def test_old_tls_is_refused(gateway):
    context = ssl.create_default_context(cafile=gateway.run.parent / "tls" / "ca.crt")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize(
    "cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-GCM-SHA256"]
)
def test_tls_1_2_takes_only_authenticated_encryption(gateway, cipher):
    context = ssl.create_default_context(cafile=gateway.run.parent / "tls" / "ca.crt")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as plain:
        if "GCM" in cipher:
            with context.wrap_socket(plain, server_hostname="localhost") as stream:
                assert stream.cipher()[0] == cipher
        else:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname="localhost")

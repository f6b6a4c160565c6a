"""The web app as the gateway serves it: types, codings, caching, policy, links into the app, and the API beside it."""

import gzip
import re

import pytest

IMMUTABLE = "public, max-age=31536000, immutable"
PAGE = b"<!doctype html><title>the page</title>"
FILES = {
    "index.html": PAGE,
    "service-worker.js": b"self;",
    "manifest.webmanifest": b"{}",
    "icons/icon-192.png": b"png",
    "stock-0123456789ab/main.dart.wasm": b"\0asm",
    "stock-0123456789ab/main.dart.mjs": b"export {};",
    "stock-0123456789ab/assets/fonts/roboto.woff2": b"woff2",
    "parley-0123456789ab/app.tar": b"tar",
}
TYPES = {
    "": "text/html; charset=utf-8",
    "service-worker.js": "text/javascript; charset=utf-8",
    "manifest.webmanifest": "application/manifest+json",
    "icons/icon-192.png": "image/png",
    "stock-0123456789ab/main.dart.wasm": "application/wasm",
    "stock-0123456789ab/main.dart.mjs": "text/javascript; charset=utf-8",
    "stock-0123456789ab/assets/fonts/roboto.woff2": "font/woff2",
    "parley-0123456789ab/app.tar": "application/x-tar",
}


@pytest.fixture(scope="session")
def site_gateway(site_gateway_of):
    """A gateway with a small site, packed as `./parley build-app` packs the real one."""
    return site_gateway_of(FILES)


@pytest.mark.parametrize("path", TYPES)
def test_each_kind_has_its_type_and_may_not_be_guessed(site_gateway, path):
    reply = site_gateway.call("GET", f"/{path}")
    assert (reply.status, reply.headers["content-type"]) == (200, TYPES[path])
    assert reply.content == FILES[path or "index.html"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in reply.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("identity", ""), ("vibrant", ""), ("x-gzipped", "")],
)
def test_the_best_coding_that_is_accepted_is_served(site_gateway, accepted, coding):
    reply = site_gateway.call("GET", "/stock-0123456789ab/main.dart.wasm", Accept_Encoding=accepted)
    assert reply.headers.get("content-encoding", "") == coding
    assert reply.headers["content-type"] == "application/wasm"
    assert reply.headers["vary"] == "Accept-Encoding"
    unpacked = {"": bytes, "gzip": gzip.decompress, "br": lambda content: content.removeprefix(b"br:")}
    assert unpacked[coding](reply.content) == b"\0asm"


def test_dense_files_travel_as_they_are(site_gateway):
    reply = site_gateway.call("GET", "/icons/icon-192.png", Accept_Encoding="br, gzip")
    assert (reply.content, reply.headers.get("content-encoding")) == (b"png", None)


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        ("/", "no-cache"),
        ("/service-worker.js", "no-cache"),
        ("/icons/icon-192.png", "no-cache"),
        ("/parley-0123456789ab/app.tar", IMMUTABLE),
        ("/stock-0123456789ab/main.dart.mjs", IMMUTABLE),
    ],
)
def test_what_has_a_hash_in_its_name_is_kept_for_ever(site_gateway, path, caching):
    reply = site_gateway.call("GET", path)
    assert reply.headers["cache-control"] == caching
    again = site_gateway.call("GET", path, If_None_Match=reply.headers["etag"])
    assert again.status == 304


@pytest.mark.parametrize("path", ["/", "/rooms/garden", "/parley-0123456789ab/app.tar", "/service-worker.js"])
def test_the_policy_lets_only_our_own_files_run(site_gateway, path):
    headers = site_gateway.call("GET", path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'self'"
    assert not re.search(r"'unsafe-inline'|'unsafe-eval'|\*|https?:", headers["content-security-policy"])
    assert headers["referrer-policy"] == "no-referrer"
    assert "geolocation=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/settings", "/rooms/garden?x=1", "/c/01a2-b3c4/thread", "/grüße"])
def test_links_into_the_app_get_the_page(site_gateway, path):
    reply = site_gateway.call("GET", path.replace("ü", "%C3%BC").replace("ß", "%C3%9F"))
    assert (reply.status, reply.content) == (200, PAGE)


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1/unknown",
        "/api/v1/unknown/x",
        "/api/v2/auth/me",
        "/internal/health",
        "/.well-known/other",
        "/_problem/404",
        "/absent.js",
        "/stock-0123456789ab/absent.wasm",
        "/index.html.br",
        "/.git",
        "/../etc/passwd",
        "/%2e%2e/nginx.conf",
    ],
)
def test_the_page_hides_no_404(site_gateway, path):
    reply = site_gateway.call("GET", path)
    assert reply.status in {400, 404}
    assert reply.problem in {"not_found", "invalid_request"}


def test_the_api_beside_the_site_still_answers(site_gateway):
    assert site_gateway.call("GET", "/api/v1/auth/me").json["service"] == "auth"


def test_the_site_is_only_read(site_gateway):
    assert site_gateway.call("POST", "/", b"x").status in {404, 405}
    assert site_gateway.call("HEAD", "/").status == 200

"""The way to the object store: only requests that carry its signature, one object each, and nothing of the client's own."""

import pytest

from parley_contracts.limits import MEDIA_PART_SIZE_BYTES

OBJECT = "/media/objects/0198c0de-0000-7000-8000-000000000001"
SIGNED = f"{OBJECT}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Signature={'ab' * 32}"


def test_a_signed_request_reaches_the_store_as_it_was_signed(gateway):
    reply = gateway.call("GET", SIGNED, Authorization="Bearer secret", Cookie="session=secret", Range="bytes=0-1")
    told = reply.json
    assert (told["service"], told["path"], told["method"]) == ("s3", SIGNED, "GET")
    assert told["headers"]["host"] == "store.example:9000"
    assert told["headers"]["range"] == "bytes=0-1"
    assert not {"authorization", "cookie"} & set(told["headers"])
    assert reply.headers["content-disposition"] == "attachment"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-request-id"] != "the-service's-own"


def test_a_part_passes_at_its_largest_and_no_larger(gateway):
    told = gateway.call("PUT", SIGNED, bytes(MEDIA_PART_SIZE_BYTES)).json
    assert told["size_bytes"] == MEDIA_PART_SIZE_BYTES
    line = f"PUT {SIGNED} HTTP/1.1\r\nHost: a\r\nContent-Length: {MEDIA_PART_SIZE_BYTES + 1}\r\n\r\n"
    reply, _ = gateway.raw(line.encode())
    assert (reply.status, reply.problem) == (413, "too_large")


@pytest.mark.parametrize(
    "path",
    [
        OBJECT,
        f"{OBJECT}?X-Amz-Signature=",
        f"{OBJECT}?x=X-Amz-Signature=ab",
        SIGNED.replace("/objects/", "/"),
        SIGNED.replace("/objects/", "/objects/../"),
        SIGNED.replace("/objects/", "/objects/%2e%2e/"),
        SIGNED.replace("/objects/", "/other/"),
        SIGNED.replace("/media/", "/profiles/"),
        SIGNED.replace("/media/", "/v1/AUTH_parley/media/"),
        SIGNED.replace("?", "/x?"),
        "/media/objects/?" + SIGNED.partition("?")[2],
        "/media/objects",
        "/media/?uploads",
    ],
)
def test_nothing_else_reaches_the_store(gateway, path):
    before = len(gateway.services["s3"].seen)
    reply = gateway.call("GET", path)
    assert (reply.status, reply.problem) == (404, "not_found")
    assert len(gateway.services["s3"].seen) == before


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_methods_are_refused(gateway, method):
    reply = gateway.call(method, SIGNED, b"")
    assert (reply.status, reply.problem) == (405, "method_not_allowed")


def test_what_the_store_refuses_is_a_problem(gateway):
    reply = gateway.call("GET", SIGNED + "&/fail/403/s3")
    assert (reply.status, reply.problem) == (404, "not_found")
    reply = gateway.call("GET", SIGNED + "&/fail/503/s3")
    assert (reply.status, reply.problem) == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"


def test_a_store_away_is_a_503_problem(new_gateway):
    gateway = new_gateway("test")
    gateway.stop_service("s3")
    reply = gateway.call("GET", SIGNED)
    assert (reply.status, reply.problem) == (503, "unavailable")


def test_media_has_its_route(gateway):
    assert gateway.call("GET", "/api/v1/media/objects/x").json["service"] == "media"

"""The way to the object store: only requests that carry its signature, one object each, and nothing of the client's own."""

import time

import pytest

from parley_contracts.limits import MEDIA_PART_SIZE_BYTES

OBJECT = "/media/objects/0198c0de-0000-7000-8000-000000000001"
SIGNATURE = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Signature={'ab' * 32}"
SIGNED = {"X_Parley_Signature": SIGNATURE}


def test_a_signed_request_reaches_the_store_as_it_was_signed(gateway):
    reply = gateway.call("GET", OBJECT, Authorization="Bearer secret", Cookie="a=secret", Range="bytes=0-1", **SIGNED)
    told = reply.json
    assert (told["service"], told["path"], told["method"]) == ("s3", f"{OBJECT}?{SIGNATURE}", "GET")
    assert told["headers"]["host"] == "store.example:9000"
    assert told["headers"]["range"] == "bytes=0-1"
    assert not {"authorization", "cookie", "x-parley-signature"} & set(told["headers"])
    assert reply.headers["content-disposition"] == "attachment"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-request-id"] != "the-service's-own"


def test_a_part_passes_at_its_largest_and_no_larger(gateway):
    told = gateway.call("PUT", OBJECT, bytes(MEDIA_PART_SIZE_BYTES), **SIGNED).json
    assert told["size_bytes"] == MEDIA_PART_SIZE_BYTES
    lines = (
        f"PUT {OBJECT} HTTP/1.1",
        "Host: a",
        f"Content-Length: {MEDIA_PART_SIZE_BYTES + 1}",
        f"X-Parley-Signature: {SIGNATURE}",
    )
    reply, _ = gateway.raw("\r\n".join([*lines, "", ""]).encode())
    assert (reply.status, reply.problem) == (413, "too_large")


@pytest.mark.parametrize(
    ("path", "signature"),
    [
        (OBJECT, ""),
        (OBJECT, "X-Amz-Signature="),
        (OBJECT, "x=X-Amz-Signature=ab"),
        (OBJECT, f"{SIGNATURE} HTTP/1.1"),
        (OBJECT, f"{SIGNATURE}#"),
        (OBJECT, f"../profiles?{SIGNATURE}"),
        (f"{OBJECT}?{SIGNATURE}", ""),
        (f"{OBJECT}?{SIGNATURE}", SIGNATURE),
        *(
            (OBJECT.replace(here, there), SIGNATURE)
            for here, there in (
                ("/objects/", "/"),
                ("/objects/", "/objects/../"),
                ("/objects/", "/objects/%2e%2e/"),
                ("/objects/", "/other/"),
                ("/media/", "/profiles/"),
                ("/media/", "/v1/AUTH_parley/media/"),
            )
        ),
        (f"{OBJECT}/x", SIGNATURE),
        ("/media/objects/", SIGNATURE),
        ("/media/objects", SIGNATURE),
        ("/media/?uploads", SIGNATURE),
    ],
)
def test_nothing_else_reaches_the_store(gateway, path, signature):
    before = len(gateway.services["s3"].seen)
    reply = gateway.call("GET", path, X_Parley_Signature=signature)
    assert (reply.status, reply.problem) == (404, "not_found")
    assert len(gateway.services["s3"].seen) == before


def test_no_line_of_the_log_has_a_signature(new_gateway):
    gateway = new_gateway("test")
    assert gateway.call("GET", OBJECT, **SIGNED).status == 200
    log = gateway.run.parent / "nginx.log"
    deadline = time.monotonic() + 10
    while OBJECT not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "X-Amz" not in log.read_text()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_methods_are_refused(gateway, method):
    reply = gateway.call(method, OBJECT, b"", **SIGNED)
    assert (reply.status, reply.problem) == (405, "method_not_allowed")


def test_what_the_store_refuses_is_a_problem(gateway):
    reply = gateway.call("GET", OBJECT, X_Parley_Signature=f"{SIGNATURE}&x=%2Ffail%2F403%2Fs3")
    assert (reply.status, reply.problem) == (404, "not_found")
    reply = gateway.call("GET", OBJECT, X_Parley_Signature=f"{SIGNATURE}&x=%2Ffail%2F503%2Fs3")
    assert (reply.status, reply.problem) == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"


def test_a_store_away_is_a_503_problem(new_gateway):
    gateway = new_gateway("test")
    gateway.stop_service("s3")
    reply = gateway.call("GET", OBJECT, **SIGNED)
    assert (reply.status, reply.problem) == (503, "unavailable")


def test_media_has_its_route(gateway):
    assert gateway.call("GET", "/api/v1/media/objects/x").json["service"] == "media"

"""The routes between services."""

import time
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from parley_auth import internal
from parley_contracts.encoding import b64decode
from parley_contracts.identity import root_fingerprint
from parley_contracts.tokens import SERVICE_TOKEN_TYPE, sign_service_token, sign_token


@pytest.fixture
def service_key(service):
    return load_pem_private_key((settings.CONFIG.secrets_dir / "messaging_service_key.pem").read_bytes(), password=None)


def test_known_users_with_their_fingerprints(service, alice, person):
    unknown = str(uuid.uuid4())
    answer = service.post("users", {"user_ids": [alice.user_id, unknown, person.user_id, "x", alice.user_id]})
    users = {user["user_id"]: user["root_fingerprint"] for user in answer.body["users"]}
    assert set(users) == {alice.user_id, person.user_id}
    assert b64decode(users[alice.user_id]) == root_fingerprint(alice.user_id, alice.root_key)
    assert users[person.user_id] is None


@pytest.mark.parametrize("body", [None, {}, {"user_ids": "x"}, {"user_ids": [1]}, {"user_ids": ["x"] * 1001}])
def test_bad_queries_are_refused(service, body):
    assert service.post("users", body).problem == "invalid_request"


def test_health_needs_no_token(anonymous):
    assert anonymous.get("/internal/health").body == {"healthy": True, "detail": ""}


def test_health_names_what_is_away(anonymous, monkeypatch):
    from redis.exceptions import RedisError

    def away() -> None:
        raise RedisError

    monkeypatch.setattr(internal.redis_client(), "ping", away)
    assert anonymous.get("/internal/health").body == {"healthy": False, "detail": "Redis does not answer"}


@pytest.mark.parametrize("path", ["revocations", "blocks", "users"])
def test_internal_routes_want_a_service(anonymous, alice, service_key, path):
    stranger = Ed25519PrivateKey.generate()
    now = int(time.time())
    old = {"iss": "messaging", "sub": "messaging", "aud": "auth", "iat": now - 300, "exp": now - 120}
    tokens = [
        "",
        "x",
        alice.api.token,
        sign_service_token(service_key, service="messaging", audience="messaging"),
        sign_service_token(service_key, service="media", audience="auth"),
        sign_service_token(stranger, service="messaging", audience="auth"),
        sign_token(service_key, kid="messaging", token_type="at+jwt", claims=old | {"exp": now + 60}),
        sign_token(
            service_key, kid="messaging", token_type=SERVICE_TOKEN_TYPE, claims=old | {"iss": "other", "exp": now + 60}
        ),
    ]
    for token in tokens:
        anonymous.token = token
        answer = anonymous.call("POST" if path == "users" else "GET", f"/internal/{path}", {"user_ids": []})
        assert (answer.status, answer.problem) == (401, "unauthenticated")
    anonymous.token = sign_token(service_key, kid="messaging", token_type=SERVICE_TOKEN_TYPE, claims=old)
    assert anonymous.get("/internal/revocations").problem == "token_expired"

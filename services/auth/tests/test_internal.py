"""The routes between services."""

import time
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from parley_auth import internal
from parley_auth.accounts.models import User
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


def test_what_people_have_stated_also_who_is_suspended(service, alice, bob, person):
    second = bob.statement(2, devices=(bob.kept(),))
    assert bob.api.put("me/statements/2", second).status == 200
    User.objects.filter(id=alice.user_id).update(is_active=False)
    answer = service.post("statements", {"user_ids": [alice.user_id, bob.user_id, person.user_id, "x"]})
    stated = {user["user_id"]: user["statements"] for user in answer.body["users"]}
    assert stated.keys() == {alice.user_id, bob.user_id}
    assert stated[bob.user_id][1:] == [second["statement"]] and len(stated[alice.user_id]) == 1


@pytest.mark.parametrize("path", ["users", "statements"])
@pytest.mark.parametrize("body", [None, {}, {"user_ids": "x"}, {"user_ids": [1]}, {"user_ids": ["x"] * 1001}])
def test_bad_queries_are_refused(service, path, body):
    assert service.post(path, body).problem == "invalid_request"


def test_health_needs_no_token(anonymous):
    assert anonymous.get("/internal/health").body == {"healthy": True, "detail": ""}


def test_health_names_what_is_away(anonymous, monkeypatch):
    from redis.exceptions import RedisError

    def away() -> None:
        raise RedisError

    monkeypatch.setattr(internal.redis_client(), "ping", away)
    assert anonymous.get("/internal/health").body == {"healthy": False, "detail": "Redis does not answer"}


@pytest.mark.parametrize("path", ["revocations", "blocks", "users", "statements"])
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
        answer = anonymous.call(
            "POST" if path in {"users", "statements"} else "GET", f"/internal/{path}", {"user_ids": []}
        )
        assert (answer.status, answer.problem) == (401, "unauthenticated")
    anonymous.token = sign_token(service_key, kid="messaging", token_type=SERVICE_TOKEN_TYPE, claims=old)
    assert anonymous.get("/internal/revocations").problem == "token_expired"

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts import tokens
from parley_contracts.problems import TokenExpired, Unauthenticated

KEY = Ed25519PrivateKey.generate()
KEYS = {"k1": KEY.public_key()}
ISSUER = "https://localhost:8443"


def access(**changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "parley", "sub": "u", "session_id": "s", "iat": now, "exp": now + 60}
    kid, token_type = changes.pop("kid", "k1"), changes.pop("typ", tokens.ACCESS_TOKEN_TYPE)
    return tokens.sign_token(KEY, kid=kid, token_type=token_type, claims=claims | changes)


def verify(token: str) -> tokens.AccessClaims:
    return tokens.verify_access_token(token, KEYS, issuer=ISSUER)


def test_good_token_is_read():
    assert verify(access(device_id="d")).device_id == "d"


def test_times_have_a_leeway_of_a_minute():
    now = int(time.time())
    assert verify(access(exp=now - 50)).sub == "u"
    with pytest.raises(TokenExpired):
        verify(access(exp=now - 70))


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "k2"},
        {"typ": "JWT"},
        {"typ": tokens.SERVICE_TOKEN_TYPE},
        {"iss": "https://evil"},
        {"aud": "other"},
        {"sub": 7},
        {"session_id": None},
        {"exp": "soon"},
        {"iat": int(time.time()) + 3600},
    ],
)
def test_wrong_claims_are_refused(changes: dict[str, Any]):
    with pytest.raises(Unauthenticated):
        verify(access(**changes))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES256", "eddsa"])
def test_other_algorithms_are_refused(algorithm: str):
    _, body, signature = access().split(".")
    forged = part({"alg": algorithm, "typ": tokens.ACCESS_TOKEN_TYPE, "kid": "k1"})
    with pytest.raises(Unauthenticated):
        verify(f"{forged}.{body}.{signature}")
    with pytest.raises(Unauthenticated):
        verify(f"{forged}.{body}.")


def test_public_key_as_hmac_secret_is_refused():
    import hmac as mac

    body = access().split(".")[1]
    head = part({"alg": "HS256", "typ": tokens.ACCESS_TOKEN_TYPE, "kid": "k1"})
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    digest = mac.new(public, f"{head}.{body}".encode(), "sha256").digest()
    with pytest.raises(Unauthenticated):
        verify(f"{head}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")


@given(st.text(max_size=200))
def test_foreign_text_is_unauthenticated(text: str):
    with pytest.raises(Unauthenticated):
        verify(text)


def test_service_tokens_name_their_service():
    keys = {"messaging": KEY.public_key()}
    token = tokens.sign_service_token(KEY, service="messaging", audience="auth")
    assert tokens.verify_service_token(token, keys, audience="auth") == "messaging"
    for audience, known in (("media", keys), ("auth", {"media": KEY.public_key()})):
        with pytest.raises(Unauthenticated):
            tokens.verify_service_token(token, known, audience=audience)
    with pytest.raises(Unauthenticated):
        tokens.verify_service_token(access(), KEYS, audience="auth")


def test_key_sets_hold_only_ed25519_signature_keys():
    good = tokens.public_jwk("k1", KEY.public_key())
    assert list(tokens.parse_key_set(json.dumps({"keys": [good]}).encode())) == ["k1"]
    for wrong in ({"kty": "oct"}, {"use": "enc"}, {"alg": "ES256"}, {"crv": "X25519"}, {"x": good["x"] + "="}):
        with pytest.raises(ValueError, match=r"Ed25519|base64url"):
            tokens.parse_key_set(json.dumps({"keys": [good | wrong]}).encode())


def test_the_key_that_a_service_key_replaced_is_good_while_it_is_in_the_set():
    """Both are in use while services restart one by one; afterwards the old one names nobody."""
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    both = {"media": new.public_key(), "media.previous": old.public_key()}
    for key in (old, new):
        token = tokens.sign_service_token(key, service="media", audience="auth")
        assert tokens.verify_service_token(token, both, audience="auth") == "media"
        with pytest.raises(Unauthenticated):
            tokens.verify_service_token(token, both, audience="messaging")
    with pytest.raises(Unauthenticated):
        token = tokens.sign_service_token(old, service="media", audience="auth")
        tokens.verify_service_token(token, {"media": new.public_key()}, audience="auth")
    with pytest.raises(Unauthenticated):
        token = tokens.sign_service_token(old, service="media.previous", audience="auth")
        tokens.verify_service_token(token, both, audience="auth")
    with pytest.raises(Unauthenticated):
        token = tokens.sign_service_token(KEY, service="media", audience="auth")
        tokens.verify_service_token(token, both, audience="auth")

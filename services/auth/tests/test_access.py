"""Access tokens: forged, foreign, expired, revoked."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from parley_auth.keyring import access_signing_key, thumbprint
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.tokens import sign_token


def encode(part) -> str:
    return b64encode(json.dumps(part).encode())


def claims_of(token: str) -> dict:
    return json.loads(b64decode(token.split(".")[1]))


def signed(claims: dict, *, key=None, kid=None, typ="at+jwt") -> str:
    own_kid, own_key = access_signing_key()
    return sign_token(key or own_key, kid=kid or own_kid, token_type=typ, claims=claims)


def test_own_token_is_accepted(person):
    assert person.api.get("me").status == 200
    person.api.token = signed(claims_of(person.api.token))
    assert person.api.get("me").status == 200


def test_token_of_retired_key_is_accepted(person):
    pem = (settings.CONFIG.secrets_dir / "access_signing_key.pem.previous").read_bytes()
    key = load_pem_private_key(pem, password=None)
    person.api.token = signed(claims_of(person.api.token), key=key, kid=thumbprint(key.public_key()))
    assert person.api.get("me").status == 200


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "bearer \u00e9"]
)
def test_no_token_is_refused(anonymous, header):
    headers = {} if header is None else {"Authorization": header}
    answer = anonymous.get("me", **headers)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS256", "ES256", "EdDSA "])
def test_other_algorithms_are_refused(person, algorithm):
    kid, key = access_signing_key()
    body = encode({"alg": algorithm, "kid": kid, "typ": "at+jwt"}) + "." + person.api.token.split(".")[1]
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signatures = [b"", person.api.token.split(".")[2].encode(), hmac.digest(public, body.encode(), hashlib.sha256)]
    signatures += [hmac.digest(pem, body.encode(), hashlib.sha256), key.sign(body.encode())]
    for signature in signatures:
        person.api.token = f"{body}.{b64encode(signature)}"
        assert person.api.get("me").problem == "unauthenticated"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "other"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"iat": None},
        {"sub": "01900000-0000-7000-8000-000000000000"},
        {"sub": None},
        {"session_id": "01900000-0000-7000-8000-000000000000"},
        {"session_id": "x"},
        {"session_id": None},
        {"session_id": ["a"]},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_wrong_claims_are_refused(person, change):
    claims = {name: value for name, value in (claims_of(person.api.token) | change).items() if value is not None}
    person.api.token = signed(claims)
    assert person.api.get("me").problem == "unauthenticated"


def test_wrong_type_or_key_is_refused(person):
    claims = claims_of(person.api.token)
    stranger = Ed25519PrivateKey.generate()
    for token in (
        signed(claims, typ="JWT"),
        signed(claims, typ="parley-service+jwt"),
        signed(claims, key=stranger),
        signed(claims, kid="other"),
        signed(claims, key=stranger, kid=thumbprint(stranger.public_key())),
        signed(claims, kid="../../etc/passwd"),
    ):
        person.api.token = token
        assert person.api.get("me").problem == "unauthenticated"


def test_expired_token_says_so(person):
    person.api.token = signed(claims_of(person.api.token) | {"exp": int(time.time()) - 61})
    answer = person.api.get("me")
    assert (answer.status, answer.problem) == (401, "token_expired")


def test_key_in_header_is_ignored(person):
    stranger = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64encode(stranger.public_key().public_bytes_raw())}
    header = encode({"alg": "EdDSA", "typ": "at+jwt", "kid": access_signing_key()[0], "jwk": jwk})
    body = header + "." + person.api.token.split(".")[1]
    person.api.token = f"{body}.{b64encode(stranger.sign(body.encode()))}"
    assert person.api.get("me").problem == "unauthenticated"


def test_service_token_is_no_access_token(service, anonymous):
    anonymous.token = service.token
    assert anonymous.get("me").problem == "unauthenticated"


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_token_is_refused(person, data):
    token = person.api.token
    place = data.draw(st.integers(0, len(token) - 1))
    replaced = data.draw(st.sampled_from("ABCxyz019-_.="))
    mutated = token[:place] + replaced + token[place + 1 :]
    answer = type(person.api)(mutated).get("me")
    assert answer.status == (200 if mutated == token else 401)


def test_key_set_verifies_tokens(anonymous):
    answer = anonymous.get("/.well-known/jwks.json")
    kid, key = access_signing_key()
    assert answer.status == 200
    keys = {member["kid"]: member for member in answer.body["keys"]}
    assert len(keys) == 2
    assert base64.urlsafe_b64decode(keys[kid]["x"] + "=") == key.public_key().public_bytes_raw()
    assert all(set(member) == {"kty", "crv", "x", "kid", "use", "alg"} for member in keys.values())

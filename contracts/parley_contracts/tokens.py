"""JWTs between all parts (RFC 9068): claims, and the one function that verifies them.

Invariant: only EdDSA, only keys named by `kid` in the given set, and issuer, audience, type and times always checked. A token has
one spelling: three canonical base64url parts, and a header of exactly `alg`, `kid` and `typ`, each once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import DeviceId, SessionId, UserId, new_uuid7
from parley_contracts.limits import SERVICE_TOKEN_LIFETIME_S, TOKEN_LEEWAY_S
from parley_contracts.problems import TokenExpired, Unauthenticated

ALGORITHM = "EdDSA"
ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type
SERVICE_TOKEN_TYPE = "parley-service+jwt"  # noqa: S105 - a media type
#: The audience of access tokens: every service behind the gateway.
ACCESS_AUDIENCE = "parley"

#: After a service's name in the set: the key that its present one replaced, while both are in use.
REPLACED_KEY = ".previous"
_PARTS = 3
_HEADER_SIZE_BYTES_MAX = 256
_HEADER = frozenset({"alg", "kid", "typ"})

KeySet = Mapping[str, Ed25519PublicKey]


class AccessClaims(msgspec.Struct, frozen=True):
    """Who speaks: `device_id` is None until the session has registered its device. Times are seconds since 1970."""

    sub: UserId
    session_id: SessionId
    exp: int
    iat: int
    device_id: DeviceId | None = None


def public_jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    """A key as a JSON Web Key (RFC 8037)."""
    x = b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": ALGORITHM}


def parse_key_set(unverified_jwks: bytes) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 signature keys of a JWK set, by `kid`; `ValueError` or `KeyError` where a member is anything else."""
    keys: dict[str, Ed25519PublicKey] = {}
    for member in json.loads(unverified_jwks)["keys"]:
        if str(member.get("kid")) in keys or "d" in member:
            raise ValueError("a key of the set is private or has another one's name")
        wanted = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": ALGORITHM}
        if any(member.get(name) != value for name, value in wanted.items()):
            raise ValueError("a key of the set is not an Ed25519 signature key")
        keys[str(member["kid"])] = Ed25519PublicKey.from_public_bytes(b64decode(member["x"]))
    return keys


def sign_token(key: Ed25519PrivateKey, *, kid: str, token_type: str, claims: Mapping[str, Any]) -> str:
    """A signed token; the caller gives every claim."""
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers={"kid": kid, "typ": token_type})


def verify_token(unverified_token: str, keys: KeySet, *, token_type: str, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a valid token; `TokenExpired` or `Unauthenticated` otherwise."""
    try:
        key = keys.get(_kid_of(unverified_token, token_type))
        if key is None:
            raise Unauthenticated
        claims: dict[str, Any] = jwt.decode(
            unverified_token,
            key,
            algorithms=[ALGORITHM],
            issuer=issuer,
            audience=audience,
            leeway=TOKEN_LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unauthenticated from error
    return claims


def _kid_of(unverified_token: str, token_type: str) -> str:
    """The key that a token of this type names; `ValueError` where its form is any but ours."""
    parts = [b64decode(part) for part in unverified_token.split(".", _PARTS)]
    # A short header cannot be nested deeply enough to exhaust the stack.
    if len(parts) != _PARTS or len(parts[0]) > _HEADER_SIZE_BYTES_MAX:
        raise ValueError("not one of our tokens")
    members: list[tuple[str, Any]] = json.loads(parts[0], object_pairs_hook=list)
    if not isinstance(members, list) or len(members) != len(_HEADER):
        raise ValueError("not one of our tokens")
    header = dict(members)
    if header.keys() != _HEADER or (header["typ"], header["alg"]) != (token_type, ALGORITHM):
        raise ValueError("not a token of this type")
    return str(header["kid"])


def verify_access_token(unverified_token: str, keys: KeySet, *, issuer: str) -> AccessClaims:
    """Who speaks, by an access token of the auth service."""
    claims = verify_token(unverified_token, keys, token_type=ACCESS_TOKEN_TYPE, issuer=issuer, audience=ACCESS_AUDIENCE)
    try:
        return msgspec.convert(claims, AccessClaims)
    except msgspec.ValidationError as error:
        raise Unauthenticated from error


def sign_service_token(key: Ed25519PrivateKey, *, service: str, audience: str) -> str:
    """A token by which one service speaks to another, good for `SERVICE_TOKEN_LIFETIME_S`."""
    now = int(time.time())
    claims = {
        "iss": service,
        "sub": service,
        "aud": audience,
        "iat": now,
        "exp": now + SERVICE_TOKEN_LIFETIME_S,
        "jti": new_uuid7(),
    }
    return sign_token(key, kid=service, token_type=SERVICE_TOKEN_TYPE, claims=claims)


def verify_service_token(unverified_token: str, keys: KeySet, *, audience: str) -> str:
    """The name of the calling service, whose key is `kid` = `iss` = `sub` of the set; the one it replaced is good, too."""
    try:
        kid = _kid_of(unverified_token, SERVICE_TOKEN_TYPE)
    except ValueError as error:
        raise Unauthenticated from error
    if kid.endswith(REPLACED_KEY):
        raise Unauthenticated
    try:
        verify_token(unverified_token, keys, token_type=SERVICE_TOKEN_TYPE, issuer=kid, audience=audience)
    except TokenExpired:
        raise
    except Unauthenticated:
        replaced = keys.get(f"{kid}{REPLACED_KEY}")
        if replaced is None:
            raise
        by_name = {kid: replaced}
        verify_token(unverified_token, by_name, token_type=SERVICE_TOKEN_TYPE, issuer=kid, audience=audience)
    return kid

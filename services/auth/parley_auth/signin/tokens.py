"""Access tokens: signed here, verified anywhere by the key set."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings

from parley_auth.keyring import access_keys, access_signing_key
from parley_auth.signin.models import Session
from parley_contracts.limits import ACCESS_TOKEN_LIFETIME_S
from parley_contracts.tokens import (
    ACCESS_AUDIENCE,
    ACCESS_TOKEN_TYPE,
    AccessClaims,
    public_jwk,
    sign_token,
    verify_access_token,
)


def sign_access_token(session: Session) -> str:
    """A token for a session that has not ended."""
    now = int(time.time())
    kid, key = access_signing_key()
    claims: dict[str, Any] = {
        "iss": settings.CONFIG.origin,
        "aud": ACCESS_AUDIENCE,
        "sub": str(session.user_id),
        "session_id": session.session_id,
        "iat": now,
        "exp": now + ACCESS_TOKEN_LIFETIME_S,
    }
    if session.device_id is not None:
        claims["device_id"] = str(session.device_id)
    return sign_token(key, kid=kid, token_type=ACCESS_TOKEN_TYPE, claims=claims)


def read_access_token(unverified_token: str) -> AccessClaims:
    """The claims of a valid token; `TokenExpired` or `Unauthenticated` otherwise."""
    return verify_access_token(unverified_token, access_keys(), issuer=settings.CONFIG.origin)


def key_set() -> dict[str, list[dict[str, str]]]:
    """The JWK set by which anyone verifies access tokens; the present key and those it replaced."""
    return {"keys": [public_jwk(kid, key) for kid, key in access_keys().items()]}

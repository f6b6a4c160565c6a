"""Voluntary application server identification (RFC 8292): who sends a push."""

from __future__ import annotations

import time

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley_contracts.encoding import b64encode

#: RFC 8292 section 2 allows 24 hours.
LIFETIME_S = 12 * 3600


def public_text(key: EllipticCurvePrivateKey) -> str:
    """The application server key: base64url of the uncompressed point."""
    return b64encode(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def authorization(key: EllipticCurvePrivateKey, *, audience: str, subject: str, now: float | None = None) -> str:
    """The Authorization header for a push service's origin; `subject` says how to reach the operator."""
    expires_at = int(time.time() if now is None else now) + LIFETIME_S
    token = jwt.encode({"aud": audience, "exp": expires_at, "sub": subject}, key, algorithm="ES256")
    return f"vapid t={token}, k={public_text(key)}"

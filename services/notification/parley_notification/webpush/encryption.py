"""Message encryption for Web Push (RFC 8291, over RFC 8188's aes128gcm)."""

from __future__ import annotations

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key

from parley_contracts.limits import PUSH_PAYLOAD_SIZE_BYTES_MAX

P256DH_SIZE_BYTES = 65
AUTH_SIZE_BYTES = 16


class SubscriptionKeyError(ValueError):
    """A subscription's keys are not those of RFC 8291."""


def check_keys(p256dh: bytes, auth: bytes) -> None:
    """Raise `SubscriptionKeyError` unless these are an uncompressed P-256 point and 16 bytes."""
    if len(p256dh) != P256DH_SIZE_BYTES or len(auth) != AUTH_SIZE_BYTES:
        raise SubscriptionKeyError("a subscription's keys have 65 and 16 bytes")
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), p256dh)
    except ValueError as error:
        raise SubscriptionKeyError("p256dh is not a point of P-256") from error


def encrypt_push(payload: bytes, *, p256dh: bytes, auth: bytes) -> bytes:
    """The body of a push: one record for the subscription's keys, by a key pair and a salt of its own."""
    assert 0 < len(payload) <= PUSH_PAYLOAD_SIZE_BYTES_MAX
    body: bytes = http_ece.encrypt(
        payload,
        private_key=generate_private_key(SECP256R1()),
        dh=p256dh,
        auth_secret=auth,
        version="aes128gcm",
    )
    return body

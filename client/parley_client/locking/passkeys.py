"""A passkey that opens an app lock: what it is asked for, and the wrap under what it gives (WebAuthn's PRF extension).

    wrap = Seal(ExpandWithLabel(PRF(salt)[32], "Parley App Lock Passkey 1", salt[32], 32), salt, store key[32])

It is made for this lock alone and no server knows it: nobody checks its signature, for without its secret nothing opens. The passphrase
opens the lock besides, always.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, seal
from parley_contracts.encoding import b64encode
from parley_mls import Primitives, expand_with_label

SALT_SIZE_BYTES: Final = 32
SECRET_SIZE_BYTES: Final = 32
CREDENTIAL_SIZE_BYTES_MAX: Final = 1023
_LABEL: Final = "Parley App Lock Passkey 1"
_CHALLENGE_SIZE_BYTES: Final = 32
_TIMEOUT_MS: Final = 60_000
#: ES256, EdDSA and RS256: whichever the authenticator has; its signature is not looked at.
_ALGORITHMS: Final = (-7, -8, -257)


@dataclass(frozen=True)
class LockPasskey:
    """Which passkey it is, and what its secret is asked by."""

    credential: bytes
    salt: bytes
    wrap: bytes = field(repr=False)


def creation_options(p: Primitives, salt: bytes, name: str) -> dict[str, Any]:
    """How a browser is asked to make one (WebAuthn, as JSON)."""
    user = {"id": b64encode(p.random(_CHALLENGE_SIZE_BYTES)), "name": name, "displayName": name}
    selection = {"residentKey": "discouraged", "userVerification": "required"}
    return {
        "publicKey": {
            "rp": {"name": "Parley"},
            "user": user,
            "challenge": b64encode(p.random(_CHALLENGE_SIZE_BYTES)),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
            "authenticatorSelection": selection,
            "timeout": _TIMEOUT_MS,
            "extensions": _prf(salt),
        }
    }


def request_options(p: Primitives, credential: bytes, salt: bytes) -> dict[str, Any]:
    """How a browser is asked for the secret of one (WebAuthn, as JSON)."""
    return {
        "publicKey": {
            "challenge": b64encode(p.random(_CHALLENGE_SIZE_BYTES)),
            "allowCredentials": [{"type": "public-key", "id": b64encode(credential)}],
            "userVerification": "required",
            "timeout": _TIMEOUT_MS,
            "extensions": _prf(salt),
        }
    }


def wrap_for_passkey(p: Primitives, store_key: bytes, secret: bytes, salt: bytes) -> bytes:
    """The store key under a passkey's secret."""
    return seal(p, _key(p, secret, salt), p.random(NONCE_SIZE_BYTES), store_key, salt)


def unwrap_by_passkey(p: Primitives, passkey: LockPasskey, secret: bytes) -> bytes:
    """The store key; `CryptoError` where the secret is another one, or the wrap was changed."""
    return open_sealed(p, _key(p, secret, passkey.salt), passkey.wrap, passkey.salt)


def _key(p: Primitives, secret: bytes, salt: bytes) -> bytes:
    return expand_with_label(p, secret, _LABEL, salt, KEY_SIZE_BYTES)


def _prf(salt: bytes) -> dict[str, Any]:
    return {"prf": {"eval": {"first": b64encode(salt)}}}

"""A key wrapped by what a passkey gives (WebAuthn's PRF extension), and how a browser is asked for that.

    wrap = Seal(ExpandWithLabel(PRF(salt)[32], label, place ‖ salt[32], 32), place ‖ salt, key[32])

Nobody checks the passkey's signature, for without its secret nothing opens; what it gives never leaves the device.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, seal
from parley_contracts.encoding import b64encode
from parley_mls import Primitives, expand_with_label

SALT_SIZE_BYTES: Final = 32
SECRET_SIZE_BYTES: Final = 32
_CHALLENGE_SIZE_BYTES: Final = 32
_TIMEOUT_MS: Final = 60_000
#: ES256, EdDSA and RS256: whichever the authenticator has; its signature is not looked at.
_ALGORITHMS: Final = (-7, -8, -257)


@dataclass(frozen=True)
class PasskeyWrap:
    """Which passkey it is, what its secret is asked by, and what that opens."""

    credential: bytes
    salt: bytes
    wrap: bytes = field(repr=False)


class PasskeyWrapping:
    """Wraps under one label, in one place."""

    def __init__(self, primitives: Primitives, label: str, place: bytes = b"") -> None:
        self._p, self._label, self._place = primitives, label, place

    def wrap(self, key: bytes, secret: bytes, salt: bytes) -> bytes:
        """A key of 32 bytes under a passkey's secret."""
        return seal(self._p, self._key(secret, salt), self._p.random(NONCE_SIZE_BYTES), key, self._place + salt)

    def unwrap(self, passkey: PasskeyWrap, secret: bytes) -> bytes:
        """The key; `CryptoError` where secret or place are others, or the wrap was changed."""
        return open_sealed(self._p, self._key(secret, passkey.salt), passkey.wrap, self._place + passkey.salt)

    def _key(self, secret: bytes, salt: bytes) -> bytes:
        return expand_with_label(self._p, secret, self._label, self._place + salt, KEY_SIZE_BYTES)


def creation_options(p: Primitives, salt: bytes, name: str, *, travels: bool = False) -> dict[str, Any]:
    """How a browser is asked to make one (WebAuthn, as JSON); one that `travels` may come along to other devices of its person."""
    user = {"id": b64encode(p.random(_CHALLENGE_SIZE_BYTES)), "name": name, "displayName": name}
    # What authenticators keep in step between devices is what they find by themselves ("resident").
    selection = {"residentKey": "preferred" if travels else "discouraged", "userVerification": "required"}
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


def _prf(salt: bytes) -> dict[str, Any]:
    return {"prf": {"eval": {"first": b64encode(salt)}}}

"""`Primitives` of CPython, over the `cryptography` package (OpenSSL)."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley_mls.ed25519 import is_acceptable_point, is_acceptable_signature
from parley_mls.errors import CryptoError
from parley_mls.primitives import SignatureCheck


class OpenSslPrimitives:
    """`Primitives` over the `cryptography` package."""

    def random(self, size_bytes: int) -> bytes:
        """Fresh random bytes from the system."""
        return os.urandom(size_bytes)

    def hash(self, data: bytes) -> bytes:
        """SHA-256."""
        return hashlib.sha256(data).digest()

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA256."""
        return hmac.digest(key, data, "sha256")

    def aead_seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """AES-128-GCM or AES-256-GCM by the key's size."""
        return AESGCM(key).encrypt(nonce, plaintext, aad)

    def aead_open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext; `CryptoError` where the tag is wrong."""
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, aad)
        except (InvalidTag, ValueError) as error:
            raise CryptoError("the ciphertext does not open") from error

    def x25519_public(self, private: bytes) -> bytes:
        """The public key of a private one."""
        try:
            key = X25519PrivateKey.from_private_bytes(private)
        except ValueError as error:
            raise CryptoError("not an X25519 private key") from error
        return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def x25519(self, private: bytes, public: bytes) -> bytes:
        """The shared secret; `CryptoError` where it is all zero (RFC 7748 section 6.1)."""
        try:
            return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:
            raise CryptoError("the X25519 exchange gave no secret") from error

    def ed25519_public(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        try:
            key = Ed25519PrivateKey.from_private_bytes(seed)
        except ValueError as error:
            raise CryptoError("not an Ed25519 seed") from error
        return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """An Ed25519 signature."""
        try:
            return Ed25519PrivateKey.from_private_bytes(seed).sign(message)
        except ValueError as error:
            raise CryptoError("not an Ed25519 seed") from error

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature holds under the one rule of `parley_mls.ed25519`."""
        if not (is_acceptable_point(public) and is_acceptable_signature(signature)):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    async def knowing(self, checks: Iterable[SignatureCheck]) -> OpenSslPrimitives:  # noqa: ARG002 - they need not be collected
        """These primitives: OpenSSL is as quick with one signature after the other."""
        return self

"""The primitives under MLS, as a small interface; `openssl` fills it on CPython and `noble` in a browser.

Invariant: each method raises only `CryptoError` on bytes it does not like; nothing above this line names a library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, Protocol


class SignatureCheck(NamedTuple):
    """What `Primitives.verify` is asked: whether this key made this signature of the message."""

    public: bytes
    message: bytes
    signature: bytes


class Primitives(Protocol):
    """SHA-256, HMAC, AES-GCM, X25519 and Ed25519 of one platform; keys are raw bytes (32 each, seeds for Ed25519)."""

    def random(self, size_bytes: int) -> bytes:
        """Fresh random bytes."""
        ...

    def hash(self, data: bytes) -> bytes:
        """SHA-256."""
        ...

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA256."""
        ...

    def aead_seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """AES-GCM by the key's size; ciphertext and tag."""
        ...

    def aead_open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext; `CryptoError` where the tag is wrong."""
        ...

    def x25519_public(self, private: bytes) -> bytes:
        """The public key of a private one."""
        ...

    def x25519(self, private: bytes, public: bytes) -> bytes:
        """The shared secret; `CryptoError` where it is all zero."""
        ...

    def ed25519_public(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        ...

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        ...

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature holds under the one rule of `parley_mls.ed25519`."""
        ...

    async def knowing(self, checks: Iterable[SignatureCheck]) -> Primitives:
        """The same primitives, which have asked these checks beforehand where that is quicker, and remember which hold.

        Elsewhere nothing is taken from `checks`, so that whoever collects them lazily does so for nothing. What `verify`
        answers does not depend on it.
        """
        ...


@cache
def default_primitives() -> Primitives:
    """The primitives of this platform."""
    # Each back end needs what the other platform lacks, so only one is ever imported.
    if sys.platform == "emscripten":
        from parley_mls.noble import NoblePrimitives  # noqa: PLC0415

        return NoblePrimitives()
    from parley_mls.openssl import OpenSslPrimitives  # noqa: PLC0415

    return OpenSslPrimitives()

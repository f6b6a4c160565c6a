"""`Primitives` of a browser: Python's own hashes, and the synchronous `@noble` curves and ciphers by `parley_bridge`.

`parley_bridge` is the JavaScript module that the worker registers (`app/web/src/bridge.js`). Bytes cross as copies: what
the bridge returns is a fresh `Uint8Array`, or `undefined` (None here) for input that it does not like.

Many signatures at once go to WebCrypto, which only answers later (`knowing`). It gets what the one rule leaves to the
equation, and only its yes counts: whatever else it says, `@noble` is asked when the signature's turn comes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from typing import Any

import parley_bridge
from pyodide.ffi import to_js

from parley_mls.ed25519 import is_acceptable_point, is_acceptable_signature
from parley_mls.errors import CryptoError
from parley_mls.primitives import SignatureCheck

_GCM_KEY_SIZES_BYTES = frozenset({16, 24, 32})
_GCM_TAG_SIZE_BYTES = 16


class NoblePrimitives:
    """`Primitives` over `@noble/curves` and `@noble/ciphers`; `known` are signatures that hold."""

    def __init__(self, known: frozenset[SignatureCheck] = frozenset()) -> None:
        self._known = known

    def random(self, size_bytes: int) -> bytes:
        """Fresh random bytes, which Pyodide takes from the browser's `crypto.getRandomValues`."""
        return os.urandom(size_bytes)

    def hash(self, data: bytes) -> bytes:
        """SHA-256."""
        return hashlib.sha256(data).digest()

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA256."""
        return hmac.digest(key, data, "sha256")

    def aead_seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """AES-128-GCM or AES-256-GCM by the key's size."""
        if len(key) not in _GCM_KEY_SIZES_BYTES:
            raise CryptoError("not an AES key")
        return _given(parley_bridge.aead_seal, "the plaintext cannot be sealed", key, nonce, plaintext, aad)

    def aead_open(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext; `CryptoError` where the tag is wrong."""
        if len(key) not in _GCM_KEY_SIZES_BYTES or len(ciphertext) < _GCM_TAG_SIZE_BYTES:
            raise CryptoError("the ciphertext does not open")
        return _given(parley_bridge.aead_open, "the ciphertext does not open", key, nonce, ciphertext, aad)

    def x25519_public(self, private: bytes) -> bytes:
        """The public key of a private one."""
        return _given(parley_bridge.x25519_public, "not an X25519 private key", private)

    def x25519(self, private: bytes, public: bytes) -> bytes:
        """The shared secret; `CryptoError` where it is all zero (RFC 7748 section 6.1)."""
        return _given(parley_bridge.x25519, "the X25519 exchange gave no secret", private, public)

    def ed25519_public(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        return _given(parley_bridge.ed25519_public, "not an Ed25519 seed", seed)

    def sign(self, seed: bytes, message: bytes) -> bytes:
        """An Ed25519 signature."""
        return _given(parley_bridge.ed25519_sign, "not an Ed25519 seed", seed, message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature holds under the one rule of `parley_mls.ed25519`."""
        if (public, message, signature) in self._known:
            return True
        if not (is_acceptable_point(public) and is_acceptable_signature(signature)):
            return False
        return bool(parley_bridge.ed25519_verify(to_js(public), to_js(message), to_js(signature)))

    async def knowing(self, checks: Iterable[SignatureCheck]) -> NoblePrimitives:
        """Primitives that know which of these hold, by WebCrypto; these themselves where the browser's has no such Ed25519."""
        if not await parley_bridge.ed25519_in_batches():
            return self
        asked = [c for c in checks if is_acceptable_point(c.public) and is_acceptable_signature(c.signature)]
        answers = await parley_bridge.ed25519_verify_all(to_js([part for check in asked for part in check]))
        held = {check for check, holds in zip(asked, answers.to_bytes(), strict=True) if holds}
        return NoblePrimitives(self._known | held)


def _given(function: Any, sentence: str, *arguments: bytes) -> bytes:
    """What a function of the bridge answers; `CryptoError` with this sentence where it is None."""
    answer = function(*(to_js(argument) for argument in arguments))
    if answer is None:
        raise CryptoError(sentence)
    return bytes(answer.to_bytes())

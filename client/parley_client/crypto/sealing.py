"""AES-256-GCM with the nonce in front, and the places (associated data) that sealed things are bound to."""

from __future__ import annotations

from parley_contracts.ids import UserId, uuid_bytes
from parley_mls import CryptoError, Primitives, Writer

KEY_SIZE_BYTES = 32
NONCE_SIZE_BYTES = 12


def seal(p: Primitives, key: bytes, nonce: bytes, plaintext: bytes, place: bytes) -> bytes:
    """Nonce, ciphertext and tag."""
    return nonce + p.aead_seal(key, nonce, plaintext, place)


def open_sealed(p: Primitives, key: bytes, sealed: bytes, place: bytes) -> bytes:
    """The plaintext; `CryptoError` where it does not open."""
    if len(sealed) < NONCE_SIZE_BYTES:
        raise CryptoError("too short to be sealed")
    return p.aead_open(key, sealed[:NONCE_SIZE_BYTES], sealed[NONCE_SIZE_BYTES:], place)


def place_of(server_name: str, user_id: UserId) -> Writer:
    """The beginning of every place: whose it is, on which server."""
    return Writer().opaque(server_name.encode()).raw(uuid_bytes(user_id))

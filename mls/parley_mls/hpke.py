"""HPKE in base and PSK mode (RFC 9180) for DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM, single shot."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_mls.errors import CryptoError
from parley_mls.primitives import Primitives
from parley_mls.suite import SIZES

KEM_OUTPUT_SIZE_BYTES = 32
_KEM_ID = b"KEM" + SIZES.hpke_kem.to_bytes(2, "big")
_SUITE_ID = b"HPKE" + b"".join(v.to_bytes(2, "big") for v in (SIZES.hpke_kem, SIZES.hpke_kdf, SIZES.hpke_aead))
_MODE_BASE = b"\x00"
_MODE_PSK = b"\x01"
#: RFC 9180 section 5.1.2 asks for this much entropy, so a shorter one is refused.
PSK_SIZE_BYTES_MIN = 32


@dataclass(frozen=True)
class Psk:
    """A secret that both sides share beforehand, at least 32 bytes, and its name, which is not empty."""

    secret: bytes = field(repr=False)
    id: bytes


_NO_PSK = Psk(b"", b"")


def seal(p: Primitives, public: bytes, info: bytes, aad: bytes, plaintext: bytes) -> tuple[bytes, bytes]:
    """SealBase (RFC 9180 section 6.1): KEM output and ciphertext."""
    return seal_from(p, p.random(32), public, info, aad, plaintext)


def seal_from(
    p: Primitives, ephemeral: bytes, public: bytes, info: bytes, aad: bytes, plaintext: bytes, psk: Psk | None = None
) -> tuple[bytes, bytes]:
    """SealBase, or SealPSK, from an ephemeral key whose public half the receiver knows already.

    The key seals once: a second message would repeat the nonce under the same AEAD key.
    """
    kem_output = p.x25519_public(ephemeral)
    shared = _shared_secret(p, p.x25519(ephemeral, public), kem_output + public)
    key, nonce = _schedule(p, shared, info, psk)
    return kem_output, p.aead_seal(key, nonce, plaintext, aad)


def open_(
    p: Primitives,
    private: bytes,
    info: bytes,
    aad: bytes,
    kem_output: bytes,
    ciphertext: bytes,
    psk: Psk | None = None,
) -> bytes:
    """OpenBase, or OpenPSK (RFC 9180 section 6.1); `CryptoError` where it does not open."""
    if len(kem_output) != KEM_OUTPUT_SIZE_BYTES:
        raise CryptoError("the KEM output has a wrong size")
    public = p.x25519_public(private)
    shared = _shared_secret(p, p.x25519(private, kem_output), kem_output + public)
    key, nonce = _schedule(p, shared, info, psk)
    return p.aead_open(key, nonce, ciphertext, aad)


def derive_key_pair(p: Primitives, ikm: bytes) -> tuple[bytes, bytes]:
    """DeriveKeyPair for X25519 (RFC 9180 section 7.1.3): private and public key."""
    dkp_prk = _labeled_extract(p, _KEM_ID, b"", b"dkp_prk", ikm)
    private = _labeled_expand(p, _KEM_ID, dkp_prk, b"sk", b"", 32)
    return private, p.x25519_public(private)


def _shared_secret(p: Primitives, dh: bytes, kem_context: bytes) -> bytes:
    eae_prk = _labeled_extract(p, _KEM_ID, b"", b"eae_prk", dh)
    return _labeled_expand(p, _KEM_ID, eae_prk, b"shared_secret", kem_context, 32)


def _schedule(p: Primitives, shared_secret: bytes, info: bytes, psk: Psk | None) -> tuple[bytes, bytes]:
    if psk is not None and (len(psk.secret) < PSK_SIZE_BYTES_MIN or not psk.id):
        raise CryptoError("a pre-shared key is too short, or has no name")
    mode, shared = (_MODE_BASE, _NO_PSK) if psk is None else (_MODE_PSK, psk)
    psk_id_hash = _labeled_extract(p, _SUITE_ID, b"", b"psk_id_hash", shared.id)
    info_hash = _labeled_extract(p, _SUITE_ID, b"", b"info_hash", info)
    context = mode + psk_id_hash + info_hash
    secret = _labeled_extract(p, _SUITE_ID, shared_secret, b"secret", shared.secret)
    key = _labeled_expand(p, _SUITE_ID, secret, b"key", context, SIZES.aead_key)
    return key, _labeled_expand(p, _SUITE_ID, secret, b"base_nonce", context, SIZES.aead_nonce)


def _labeled_extract(p: Primitives, suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return p.hmac(salt or bytes(SIZES.hash), b"HPKE-v1" + suite_id + label + ikm)


def _labeled_expand(p: Primitives, suite_id: bytes, prk: bytes, label: bytes, info: bytes, size_bytes: int) -> bytes:
    labeled_info = size_bytes.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + info
    # Every output of this suite fits in one block of HKDF-Expand.
    return p.hmac(prk, labeled_info + b"\x01")[:size_bytes]


def export_for(p: Primitives, public: bytes, exporter_context: bytes, size_bytes: int) -> tuple[bytes, bytes]:
    """SendExportBase with empty info (RFC 9180 section 6.2): KEM output and exported secret."""
    ephemeral = p.random(32)
    kem_output = p.x25519_public(ephemeral)
    shared = _shared_secret(p, p.x25519(ephemeral, public), kem_output + public)
    return kem_output, _export(p, shared, exporter_context, size_bytes)


def export_from(p: Primitives, private: bytes, kem_output: bytes, exporter_context: bytes, size_bytes: int) -> bytes:
    """ReceiveExportBase with empty info (RFC 9180 section 6.2)."""
    if len(kem_output) != KEM_OUTPUT_SIZE_BYTES:
        raise CryptoError("the KEM output has a wrong size")
    shared = _shared_secret(p, p.x25519(private, kem_output), kem_output + p.x25519_public(private))
    return _export(p, shared, exporter_context, size_bytes)


def _export(p: Primitives, shared_secret: bytes, exporter_context: bytes, size_bytes: int) -> bytes:
    psk_id_hash = _labeled_extract(p, _SUITE_ID, b"", b"psk_id_hash", b"")
    context = _MODE_BASE + psk_id_hash + _labeled_extract(p, _SUITE_ID, b"", b"info_hash", b"")
    secret = _labeled_extract(p, _SUITE_ID, shared_secret, b"secret", b"")
    exporter_secret = _labeled_expand(p, _SUITE_ID, secret, b"exp", context, SIZES.hash)
    return _labeled_expand(p, _SUITE_ID, exporter_secret, b"sec", exporter_context, size_bytes)

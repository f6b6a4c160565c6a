"""Labelled operations of RFC 9420 sections 5.1, 5.2 and 8: signatures, public-key encryption, key derivation, references."""

from __future__ import annotations

from parley_mls import hpke
from parley_mls.codec import Writer
from parley_mls.primitives import Primitives, SignatureCheck
from parley_mls.suite import SIZES

_PREFIX = b"MLS 1.0 "


def hkdf_extract(p: Primitives, salt: bytes, key: bytes) -> bytes:
    """KDF.Extract (RFC 5869 section 2.2)."""
    return p.hmac(salt or bytes(SIZES.hash), key)


def hkdf_expand(p: Primitives, secret: bytes, info: bytes, size_bytes: int) -> bytes:
    """KDF.Expand (RFC 5869 section 2.3)."""
    blocks = [b""]
    while SIZES.hash * (len(blocks) - 1) < size_bytes:
        blocks.append(p.hmac(secret, blocks[-1] + info + bytes([len(blocks)])))
    return b"".join(blocks)[:size_bytes]


def expand_with_label(p: Primitives, secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """ExpandWithLabel (RFC 9420 section 8); `length` in bytes."""
    info = Writer().uint16(length).opaque(_PREFIX + label.encode()).opaque(context).finish()
    return hkdf_expand(p, secret, info, length)


def derive_secret(p: Primitives, secret: bytes, label: str) -> bytes:
    """DeriveSecret (RFC 9420 section 8)."""
    return expand_with_label(p, secret, label, b"", SIZES.hash)


def derive_tree_secret(p: Primitives, secret: bytes, label: str, generation: int, length: int) -> bytes:
    """DeriveTreeSecret (RFC 9420 section 9)."""
    return expand_with_label(p, secret, label, generation.to_bytes(4, "big"), length)


def sign_with_label(p: Primitives, private_seed: bytes, label: str, content: bytes) -> bytes:
    """SignWithLabel (RFC 9420 section 5.1.2)."""
    return p.sign(private_seed, Writer().opaque(_PREFIX + label.encode()).opaque(content).finish())


def verify_with_label(p: Primitives, public: bytes, label: str, content: bytes, signature: bytes) -> bool:
    """VerifyWithLabel (RFC 9420 section 5.1.2)."""
    return p.verify(*labelled_check(public, label, content, signature))


def labelled_check(public: bytes, label: str, content: bytes, signature: bytes) -> SignatureCheck:
    """What VerifyWithLabel asks, for whoever has it asked beforehand."""
    return SignatureCheck(public, Writer().opaque(_PREFIX + label.encode()).opaque(content).finish(), signature)


def encrypt_with_label(
    p: Primitives, public: bytes, label: str, context: bytes, plaintext: bytes
) -> tuple[bytes, bytes]:
    """EncryptWithLabel (RFC 9420 section 5.1.3): KEM output and ciphertext."""
    info = Writer().opaque(_PREFIX + label.encode()).opaque(context).finish()
    return hpke.seal(p, public, info, b"", plaintext)


def decrypt_with_label(
    p: Primitives, private: bytes, label: str, context: bytes, kem_output: bytes, ciphertext: bytes
) -> bytes:
    """DecryptWithLabel (RFC 9420 section 5.1.3); `CryptoError` where it does not open."""
    info = Writer().opaque(_PREFIX + label.encode()).opaque(context).finish()
    return hpke.open_(p, private, info, b"", kem_output, ciphertext)


def ref_hash(p: Primitives, label: str, value: bytes) -> bytes:
    """RefHash (RFC 9420 section 5.2); `label` is the whole of it, prefix included."""
    return p.hash(Writer().opaque(label.encode()).opaque(value).finish())


def hpke_seal(p: Primitives, public: bytes, info: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """HPKE base mode, single shot: KEM output (32 bytes) and ciphertext in one string."""
    kem_output, ciphertext = hpke.seal(p, public, info, aad, plaintext)
    return kem_output + ciphertext


def hpke_open(p: Primitives, private: bytes, info: bytes, aad: bytes, sealed: bytes) -> bytes:
    """The plaintext of `hpke_seal`; `CryptoError` where it does not open."""
    return hpke.open_(p, private, info, aad, sealed[: hpke.KEM_OUTPUT_SIZE_BYTES], sealed[hpke.KEM_OUTPUT_SIZE_BYTES :])


def generate_signature_key(p: Primitives) -> tuple[bytes, bytes]:
    """A fresh Ed25519 seed and its public key."""
    seed = p.random(32)
    return seed, p.ed25519_public(seed)


def generate_hpke_key(p: Primitives) -> tuple[bytes, bytes]:
    """A fresh X25519 private key and its public key."""
    private = p.random(32)
    return private, p.x25519_public(private)

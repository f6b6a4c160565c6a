"""Cipher suites as table rows (RFC 9420 section 17.1): a further suite is a further row and further primitives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

#: RFC 9420 section 6: the one protocol version there is.
MLS_10 = 1


class CipherSuite(IntEnum):
    """The suites of this library, by their registered values."""

    X25519_AES128GCM_SHA256_ED25519 = 1


@dataclass(frozen=True)
class SuiteSizes:
    """Sizes in bytes of what a suite's algorithms take and give; HPKE ids are those of RFC 9180 section 7."""

    hash: int
    aead_key: int
    aead_nonce: int
    hpke_kem: int
    hpke_kdf: int
    hpke_aead: int


SUITES: dict[CipherSuite, SuiteSizes] = {
    CipherSuite.X25519_AES128GCM_SHA256_ED25519: SuiteSizes(
        hash=32, aead_key=16, aead_nonce=12, hpke_kem=0x0020, hpke_kdf=0x0001, hpke_aead=0x0001
    ),
}

SUITE = CipherSuite.X25519_AES128GCM_SHA256_ED25519
SIZES = SUITES[SUITE]

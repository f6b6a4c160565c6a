"""Wycheproof's cases against our primitives: what they call invalid must be refused, what they call valid accepted."""

from collections.abc import Callable
from typing import Any

import pytest

from parley_mls import CryptoError, default_primitives
from parley_mls.labels import hkdf_expand, hkdf_extract

Vectors = Callable[[str], Any]
P = default_primitives()
unhex = bytes.fromhex


def cases(content: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(group, case) for group in content["testGroups"] for case in group["tests"]]


def test_ed25519(vectors: Vectors):
    for group, case in cases(vectors("wycheproof/ed25519_test")):
        held = P.verify(unhex(group["publicKey"]["pk"]), unhex(case["msg"]), unhex(case["sig"]))
        assert held == (case["result"] == "valid"), case["tcId"]


def test_x25519(vectors: Vectors):
    for _, case in cases(vectors("wycheproof/x25519_test")):
        try:
            shared = P.x25519(unhex(case["private"]), unhex(case["public"])).hex()
        except CryptoError:
            assert case["result"] != "valid", case["tcId"]
            assert int(case["shared"], 16) == 0, case["tcId"]
        else:
            assert shared == case["shared"], case["tcId"]


def test_hmac_sha256(vectors: Vectors):
    for group, case in cases(vectors("wycheproof/hmac_sha256_test")):
        tag = P.hmac(unhex(case["key"]), unhex(case["msg"]))[: group["tagSize"] // 8]
        assert (tag.hex() == case["tag"]) == (case["result"] == "valid"), case["tcId"]


def test_hkdf_sha256(vectors: Vectors):
    for _, case in cases(vectors("wycheproof/hkdf_sha256_test")):
        if case["result"] != "valid":
            assert case["size"] > 255 * 32
            continue
        secret = hkdf_extract(P, unhex(case["salt"]), unhex(case["ikm"]))
        assert hkdf_expand(P, secret, unhex(case["info"]), case["size"]).hex() == case["okm"]


def test_aes_gcm(vectors: Vectors):
    for group, case in cases(vectors("wycheproof/aes_gcm_test")):
        if group["ivSize"] != 96 or group["tagSize"] != 128 or group["keySize"] not in {128, 256}:
            continue
        key, nonce, aad = unhex(case["key"]), unhex(case["iv"]), unhex(case["aad"])
        sealed = unhex(case["ct"]) + unhex(case["tag"])
        if case["result"] == "valid":
            assert P.aead_open(key, nonce, sealed, aad).hex() == case["msg"]
            assert P.aead_seal(key, nonce, unhex(case["msg"]), aad) == sealed
        else:
            with pytest.raises(CryptoError):
                P.aead_open(key, nonce, sealed, aad)

"""Tokens and key sets of attackers: 0 accepted. What is tried is counted and printed."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts import tokens
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.problems import Unauthenticated

VECTORS = Path(os.environ.get("PARLEY_VECTORS", Path(__file__).resolve().parents[2].parent / "shared" / "vectors"))
KEY, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KEYS = {"k1": KEY.public_key()}
ISSUER = "https://localhost:8443"
HEADER = {"alg": "EdDSA", "kid": "k1", "typ": tokens.ACCESS_TOKEN_TYPE}
#: The order of the base point of Ed25519 (RFC 8032).
L = 2**252 + 27742317777372353535851937790883648493
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def claims() -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": "parley", "sub": "u", "session_id": "s", "iat": now, "exp": now + 60}


def signed(header: bytes, body: bytes, key: Ed25519PrivateKey = KEY) -> str:
    first = f"{b64encode(header)}.{b64encode(body)}"
    return f"{first}.{b64encode(key.sign(first.encode()))}"


def good() -> str:
    return signed(json.dumps(HEADER).encode(), json.dumps(claims()).encode())


def accepted(token: str) -> bool:
    try:
        tokens.verify_access_token(token, KEYS, issuer=ISSUER)
    except Unauthenticated:
        return False
    return True


def headers_of_attackers() -> Iterator[bytes]:
    x = b64encode(STRANGER.public_key().public_bytes_raw())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1"}
    for more in (
        {"jwk": jwk},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"alg": "none"},
        {"alg": "NONE"},
        {"alg": ""},
        {"alg": None},
        {"alg": "Ed448"},
        {"alg": "Ed25519"},
        {"alg": "eddsa"},
        {"alg": ["EdDSA"]},
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"typ": "application/at+jwt"},
        {"typ": None},
    ):
        yield json.dumps(HEADER | more).encode()
    for kid in ("", "K1", "k1 ", "k1\u0000", "k2", "../k1", "' OR 1=1 --", None, 1, ["k1"], {"k1": 1}, True):
        yield json.dumps(HEADER | {"kid": kid}).encode()
    for name in HEADER:
        yield json.dumps({key: value for key, value in HEADER.items() if key != name}).encode()
    text = json.dumps(HEADER)[1:-1]
    yield f'{{"alg":"none",{text}}}'.encode()
    yield f'{{{text},"kid":"k1"}}'.encode()
    yield from (b"", b"null", b"[]", b'"x"', b"1", b"{", b"\xff", b"[" * 100_000, text.encode())


def test_a_good_token_is_accepted():
    assert accepted(good())


def test_no_header_of_an_attacker_is_accepted():
    """Each is signed by the stranger's key, and by the right one: even we ourselves have one form only."""
    tried = [
        signed(header, json.dumps(claims()).encode(), key)
        for header in headers_of_attackers()
        for key in (STRANGER, KEY)
    ]
    print(f"{len(tried)} tokens by their headers")
    assert not [token for token in tried if accepted(token)]


def test_no_other_signature_is_accepted():
    head, body, signature = good().split(".")
    raw = b64decode(signature)
    s = int.from_bytes(raw[32:], "little")
    sum_with_order = (s + L).to_bytes(32, "little")
    others = [
        b"",
        b"\0",
        b"\0" * 64,
        b"\xff" * 64,
        raw[:-1],
        raw + b"\0",
        raw[:32] + sum_with_order,
        raw[::-1],
        raw[:32],
    ]
    others += [STRANGER.sign(f"{head}.{body}".encode()), KEY.sign(body.encode()), KEY.sign(b"")]
    others += [bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]]) for place in range(64)]
    print(f"{len(others)} signatures")
    assert not [other for other in others if accepted(f"{head}.{body}.{b64encode(other)}")]


def test_no_other_spelling_is_accepted():
    token = good()
    head, body, signature = token.split(".")
    last = ALPHABET.index(signature[-1])
    loose = [ALPHABET[last ^ bits] for bits in range(1, 16)]
    spelled = [f"{head}.{body}.{signature[:-1]}{letter}" for letter in loose]
    spelled += [f"{token}{end}" for end in ("=", "==", "\n", " ", ".", "..", ".AA", "\0", "%00")]
    spelled += [f"{start}{token}" for start in (" ", "\n", ".", "Bearer ")]
    spelled += [
        f"{head}=.{body}.{signature}",
        f"{head}..{signature}",
        f".{body}.{signature}",
        f"{head}.{body}",
        head,
        "",
        "..",
        "...",
    ]
    spelled += [
        token.replace("-", "+").replace("_", "/") + "!",
        f"{head}\n.{body}.{signature}",
        f"{head}.{body}.{signature}\u00e9",
    ]
    spelled.append(json.dumps({"payload": body, "protected": head, "signature": signature}))
    spelled.append(json.dumps({"payload": body, "signatures": [{"protected": head, "signature": signature}]}))
    print(f"{len(spelled)} spellings")
    assert not [text for text in spelled if accepted(text)]


def read_vectors(name: str) -> Any:
    if not VECTORS.is_dir():
        pytest.skip("the folder named by PARLEY_VECTORS is missing")
    return json.loads((VECTORS / "wycheproof" / f"{name}.json").read_text())


def test_wycheproofs_signatures_of_other_algorithms_are_not_ours():
    """None of them is EdDSA, so none may pass, and the shapes of the invalid ones may not either."""
    content = read_vectors("json_web_signature_test")
    tried = [case.get("jws") for group in content["testGroups"] for case in group["tests"]]
    assert len(tried) == content["numberOfTests"] > 300
    print(f"{len(tried)} Wycheproof JWS")
    for jws in tried:
        assert not accepted(jws if isinstance(jws, str) else json.dumps(jws))


def test_wycheproofs_key_sets_are_not_ours():
    content = read_vectors("json_web_key_test")
    sets = [group[side] for group in content["testGroups"] for side in ("public", "private") if side in group]
    print(f"{len(sets)} Wycheproof JWK sets, {content['numberOfTests']} cases")
    assert len(sets) > 20
    for keys in sets:
        with pytest.raises((ValueError, KeyError)):
            tokens.parse_key_set(json.dumps(keys if "keys" in keys else {"keys": [keys]}).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct"},
        {"crv": "X25519"},
        {"crv": "Ed448"},
        {"use": "enc"},
        {"use": None},
        {"alg": "ES256"},
        {"x": ""},
        {"x": "AAAA"},
        {"x": "A" * 43 + "="},
        {"d": "AAAA"},
    ],
)
def test_odd_members_of_a_key_set_are_refused(change: dict[str, Any]):
    own = tokens.public_jwk("k1", KEY.public_key())
    assert set(tokens.parse_key_set(json.dumps({"keys": [own]}).encode())) == {"k1"}
    with pytest.raises((ValueError, KeyError)):
        tokens.parse_key_set(json.dumps({"keys": [own | change]}).encode())


def test_two_keys_of_one_name_are_refused():
    own, other = (tokens.public_jwk("k1", key.public_key()) for key in (KEY, STRANGER))
    with pytest.raises(ValueError):
        tokens.parse_key_set(json.dumps({"keys": [own, other]}).encode())

"""The twelve questions on which Ed25519 verifiers differ, and our one answer to each, on every backend.

They are those of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (2020), table 6; the signatures are made here, by their
properties. `is_acceptable_point` and `is_acceptable_signature` settle what is left to taste; the rest is the cofactorless equation.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import pytest

from parley_mls import default_primitives, is_torsion_free
from parley_mls.ed25519 import _IDENTITY, _L, _P, SMALL_ORDER_YS, _add, _decompress, _multiply

P = default_primitives()
BASE = _decompress(bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666"))
ORDER_8 = _decompress(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
KEY, NONCE = 0x1234567890ABCDEF, 0xFEDCBA0987654321
TRIES = 200


def encode(point: Any) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % _L


def holds(r: Any, a: Any, h: int, s: int, cofactor: int) -> bool:
    """Whether cofactor · (S·B - R - h·A) is the identity."""
    right = _add(r, _multiply(h, a))
    negative = (-right[0] % _P, right[1], right[2], -right[3] % _P)
    return encode(_multiply(cofactor, _add(_multiply(s, BASE), negative))) == encode(_IDENTITY)


@dataclass(frozen=True)
class Question:
    """Torsion in the key and in R (multiples of a point of order 8), both possibly without the part of large order.

    `plain` and `cofactored` say which equations hold; `excess` is added to S after that; `non_canonical` names what is encoded by y + p.
    """

    id: str
    accepted: bool
    key: int | None = KEY
    key_torsion: int = 0
    nonce: int | None = NONCE
    nonce_torsion: int = 0
    plain: bool = True
    cofactored: bool = True
    excess: int = 0
    non_canonical: str = ""


def point(scalar: int | None, torsion: int) -> Any:
    return _add(_multiply(scalar or 0, BASE), _multiply(torsion, ORDER_8))


def shifted(encoded: bytes) -> bytes:
    """The same point in an encoding that is not canonical: y + p, for a y below 19."""
    value = int.from_bytes(encoded, "little")
    y, sign = value & (2**255 - 1), value >> 255
    assert y < 19
    return (y + _P | sign << 255).to_bytes(32, "little")


def made(question: Question) -> tuple[bytes, bytes, bytes]:
    """Key, message and signature that ask this question."""
    a, r = point(question.key, question.key_torsion), point(question.nonce, question.nonce_torsion)
    shown_a, shown_r = encode(a), encode(r)
    if question.non_canonical:
        small = point(None, 0)  # the identity, whose y is 1
        shown = shifted(encode(small))
        a, shown_a = (small, shown) if question.non_canonical == "key" else (a, shown_a)
        r, shown_r = (small, shown) if question.non_canonical == "r" else (r, shown_r)
    key = 0 if question.key is None or question.non_canonical == "key" else question.key
    nonce = 0 if question.nonce is None or question.non_canonical == "r" else question.nonce
    for number in range(TRIES):
        message = b"question %d" % number
        h = challenge(shown_r, shown_a, message)
        s = (nonce + h * key) % _L
        if (holds(r, a, h, s, 1), holds(r, a, h, s, 8)) == (question.plain, question.cofactored):
            return shown_a, message, shown_r + (s + question.excess).to_bytes(32, "little")
    raise AssertionError("no message asks this question")


#: More than `TABLE_AFTER` in the browser's primitives.
ASKED = 12
QUESTIONS = [
    Question("S is 0, key and R of small order", accepted=False, key=None, key_torsion=1, nonce=None, nonce_torsion=1),
    Question("key of small order, R mixed", accepted=False, key=None, key_torsion=1, nonce_torsion=1),
    Question("key mixed, R of small order", accepted=False, key_torsion=1, nonce=None, nonce_torsion=1),
    Question("key and R mixed, both equations hold", accepted=True, key_torsion=1, nonce_torsion=1),
    Question("key and R mixed, only the cofactored holds", accepted=False, key_torsion=1, nonce_torsion=1, plain=False),
    Question("key mixed, only the cofactored holds", accepted=False, key_torsion=1, plain=False),
    Question("S just above L", accepted=False, excess=_L),
    Question("S far above L", accepted=False, excess=8 * _L),
    Question("R not canonical, equation holds", accepted=False, key_torsion=0, non_canonical="r"),
    Question("R not canonical, key mixed", accepted=False, key_torsion=1, non_canonical="r", plain=False),
    Question("key not canonical, equation holds", accepted=False, non_canonical="key"),
    Question("key not canonical, R mixed", accepted=False, nonce_torsion=1, non_canonical="key", plain=False),
    Question("nothing odd", accepted=True),
]


@pytest.mark.parametrize("question", [pytest.param(question, id=question.id) for question in QUESTIONS])
def test_one_rule(question: Question):
    key, message, signature = made(question)
    # Often enough for a back end that remembers the keys it is asked for: its table of multiples keeps the rule.
    assert {P.verify(key, message, signature) for _ in range(ASKED)} == {question.accepted}
    assert not P.verify(key, message + b"!", signature)


def test_keys_that_a_certificate_names_are_torsion_free():
    """What the equation lets through with a mixed key is refused where keys are certified."""
    assert [is_torsion_free(encode(point(KEY, torsion))) for torsion in (0, 1, 4)] == [True, False, False]
    assert not is_torsion_free(encode(point(None, 1)))
    assert int.from_bytes(encode(point(None, 1)), "little") & (2**255 - 1) in SMALL_ORDER_YS

"""One rule for Ed25519 on every platform, shown by small-order, mixed and non-canonical cases."""

import pytest

from parley_mls import default_primitives, generate_signature_key, is_torsion_free
from parley_mls.ed25519 import (
    _IDENTITY,
    _L,
    _P,
    SMALL_ORDER_YS,
    _add,
    _decompress,
    _multiply,
    is_acceptable_point,
    is_acceptable_signature,
)

P = default_primitives()
# The eight-torsion's y coordinates as curve25519 people know them (RFC 7748 and 8032 leave them to the reader).
KNOWN_ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"


def compress(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def test_all_small_order_points_are_known():
    assert len(SMALL_ORDER_YS) == 5
    assert int.from_bytes(bytes.fromhex(KNOWN_ORDER_8), "little") in SMALL_ORDER_YS
    for y in SMALL_ORDER_YS:
        point = _decompress(y.to_bytes(32, "little"))
        assert point is not None
        assert compress(_multiply(8, point)) == compress(_IDENTITY)


@pytest.mark.parametrize("y", sorted(SMALL_ORDER_YS))
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_small_order_keys_are_refused(y: int, sign: int):
    public = (y | sign).to_bytes(32, "little")
    assert not is_acceptable_point(public)
    assert not P.verify(public, b"message", public + bytes(32))


@pytest.mark.parametrize("excess", range(19))
def test_non_canonical_points_are_refused(excess: int):
    assert not is_acceptable_point((_P + excess).to_bytes(32, "little"))


def test_scalars_not_below_the_order_are_refused():
    seed, public = generate_signature_key(P)
    signature = P.sign(seed, b"message")
    assert P.verify(public, b"message", signature)
    shifted = int.from_bytes(signature[32:], "little") + _L
    malleated = signature[:32] + shifted.to_bytes(32, "little")
    assert not is_acceptable_signature(malleated)
    assert not P.verify(public, b"message", malleated)


def test_torsion_is_found():
    _, public = generate_signature_key(P)
    assert is_torsion_free(public)
    point, torsion = _decompress(public), _decompress(bytes.fromhex(KNOWN_ORDER_8))
    assert point is not None
    assert torsion is not None
    mixed = compress(_add(point, torsion))
    assert is_acceptable_point(mixed)
    assert not is_torsion_free(mixed)


def test_added_torsion_in_r_is_refused():
    """A signature whose R has a small-order part holds only for cofactored verifiers; ours compares bytes."""
    seed, public = generate_signature_key(P)
    signature = P.sign(seed, b"message")
    r, torsion = _decompress(signature[:32]), _decompress(bytes.fromhex(KNOWN_ORDER_8))
    assert r is not None
    assert torsion is not None
    assert not P.verify(public, b"message", compress(_add(r, torsion)) + signature[32:])


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_wrong_sizes_are_refused(size: int):
    seed, public = generate_signature_key(P)
    assert not P.verify(bytes(size), b"", P.sign(seed, b""))
    assert size == 64 or not P.verify(public, b"", bytes(size))

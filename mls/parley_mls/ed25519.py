"""The one rule for Ed25519 on every platform: what OpenSSL, WebCrypto and noble leave to taste is settled here.

A signature is refused where S is not below L, or where A or R is no canonical encoding or a point of small order; what
remains is the cofactorless equation, which the back end compares as bytes. Keys can also be checked to be torsion-free.
"""

from __future__ import annotations

from functools import lru_cache

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z
_IDENTITY: _Point = (0, 1, 1, 0)


def _recover_x(y: int, sign: int) -> int | None:
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == -u % _P:
        x = x * _SQRT_M1 % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    return x if x & 1 == sign else _P - x


def _decompress(encoded: bytes) -> _Point | None:
    value = int.from_bytes(encoded, "little")
    y, sign = value & ((1 << 255) - 1), value >> 255
    if y >= _P:
        return None
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _multiply(scalar: int, point: _Point) -> _Point:
    total = _IDENTITY
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _is_identity(point: _Point) -> bool:
    return point[0] % _P == 0 and (point[1] - point[2]) % _P == 0


def _small_order_ys() -> frozenset[int]:
    """The y coordinates of the eight points whose order divides 8."""
    ys = {1, _P - 1, 0}
    # Doubling (x, y) of order 8 gives order 4, that is y = 0, so x² = -y² and d·y⁴ + 2y² - 1 = 0 up to sign.
    square_root = pow(1 + _D, (_P + 3) // 8, _P)
    if square_root * square_root % _P != (1 + _D) % _P:
        square_root = square_root * _SQRT_M1 % _P
    for root in (square_root, -square_root):
        y_squared = (-1 + root) * pow(_D, -1, _P) % _P
        y = pow(y_squared, (_P + 3) // 8, _P)
        if y * y % _P != y_squared:
            y = y * _SQRT_M1 % _P
        if y * y % _P == y_squared:
            ys |= {y, _P - y}
    return frozenset(ys)


#: The y coordinates of the points whose order divides 8.
SMALL_ORDER_YS = _small_order_ys()


def is_acceptable_point(encoded: bytes) -> bool:
    """Whether the 32 bytes are canonical (y below p, no negative zero) and not a point of small order."""
    if len(encoded) != 32:
        return False
    y = int.from_bytes(encoded, "little") & ((1 << 255) - 1)
    return y < _P and y not in SMALL_ORDER_YS


def is_acceptable_signature(signature: bytes) -> bool:
    """Whether R is an acceptable point and S is below L."""
    return (
        len(signature) == 64 and is_acceptable_point(signature[:32]) and int.from_bytes(signature[32:], "little") < _L
    )


@lru_cache(maxsize=4096)  # a millisecond each, and a device's certificate comes again in each group
def is_torsion_free(public: bytes) -> bool:
    """Whether the key lies in the prime-order group: checked once, when its certificate is accepted."""
    if not is_acceptable_point(public):
        return False
    point = _decompress(public)
    return point is not None and _is_identity(_multiply(_L, point))

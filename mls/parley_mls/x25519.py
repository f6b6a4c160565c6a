"""Which X25519 public keys may stand in a tree: an encryption to any other fails, and with it every commit that must make one.

RFC 7748 section 6.1 has an exchange whose result is all zero refused; a member whose key always gives zero could so keep a group from
ever changing again. The keys are therefore checked where they enter (RFC 9420 sections 7.3, 10 and 12.4.2).
"""

from __future__ import annotations

from parley_mls.ed25519 import SMALL_ORDER_YS

KEY_SIZE_BYTES = 32
_P = 2**255 - 19
#: u = (1 + y) / (1 - y) takes the Edwards curve's points of small order to this one; its twist has u = -1 besides.
_SMALL_ORDER_US = frozenset({(1 + y) * pow(1 - y, -1, _P) % _P for y in SMALL_ORDER_YS if y != 1} | {_P - 1})


def is_acceptable_key(public: bytes) -> bool:
    """Whether the bytes are a canonical public key (u below p) that gives a shared secret with every private one."""
    if len(public) != KEY_SIZE_BYTES:
        return False
    u = int.from_bytes(public, "little")
    return u < _P and u not in _SMALL_ORDER_US

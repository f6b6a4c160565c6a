"""Whom an address stands for, where something is counted by addresses."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

#: In place of an address that nobody can read.
UNKNOWN = "unknown"
_KEPT = 10_000


@lru_cache(maxsize=_KEPT)
def counted_address(unverified_peer: str) -> str:
    """The address under which a peer is counted: IPv6 cut to its /64, `UNKNOWN` where it is none."""
    try:
        address = ipaddress.ip_address(unverified_peer)
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return str(address)

"""Safety numbers: what two people compare to know that nobody stands between them.

    digits of a person = six numbers of five digits: 5 bytes of ExpandWithLabel(root fingerprint, "Parley Safety Number 1", "", 30)
                         after the other, modulo 100,000
    safety number      = the digits of both, the smaller ones first: the same on either side
    code to scan       = "PARLEY SAFETY NUMBER " and it: no address, so that nothing but Parley does anything with it

Over the root key, so that it stays as it is whatever happens to a person's devices.
"""

from __future__ import annotations

import re

from parley_mls import Primitives, expand_with_label

DIGITS = 60
_CODE = "PARLEY SAFETY NUMBER "
_LABEL = "Parley Safety Number 1"
_GROUPS, _GROUP_SIZE_BYTES = 6, 5


def safety_number(p: Primitives, one: bytes, other: bytes) -> str:
    """Sixty digits over two root fingerprints, in whichever order they are given."""
    return "".join(sorted((_digits(p, one), _digits(p, other))))


def format_code(number: str) -> str:
    """The text behind a code to scan, of sixty digits."""
    return _CODE + number


def read_number(unverified_text: str) -> str:
    """The digits that somebody typed, with or without spaces, or the text of a scanned code; `ValueError` where it is neither."""
    digits = re.sub(r"\s", "", unverified_text.strip().upper().removeprefix(_CODE))
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):
        raise ValueError(f"a safety number has {DIGITS} digits")
    return digits


def _digits(p: Primitives, fingerprint: bytes) -> str:
    drawn = expand_with_label(p, fingerprint, _LABEL, b"", _GROUPS * _GROUP_SIZE_BYTES)
    numbers = (drawn[at : at + _GROUP_SIZE_BYTES] for at in range(0, len(drawn), _GROUP_SIZE_BYTES))
    return "".join(f"{int.from_bytes(number, 'big') % 100_000:05}" for number in numbers)

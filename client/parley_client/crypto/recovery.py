"""The recovery key: 256 random bits, as people write them down.

Text form: `PARLEY-` and fourteen groups of four Crockford base32 characters, the last group a checksum. Reading forgives case,
spaces, missing dashes, and the letters that look like digits.
"""

from __future__ import annotations

import hashlib
import os
import re

RECOVERY_KEY_SIZE_BYTES = 32
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_PREFIX = "PARLEY"
_KEY_CHARACTERS, _CHECK_CHARACTERS = 52, 4


class RecoveryKeyError(ValueError):
    """The text is no recovery key; the message never repeats it."""


def new_recovery_key() -> bytes:
    """A fresh recovery key, 32 bytes."""
    return os.urandom(RECOVERY_KEY_SIZE_BYTES)


def format_recovery_key(recovery_key: bytes) -> str:
    """The text form of 32 bytes."""
    value = int.from_bytes(recovery_key, "big") << (5 * _KEY_CHARACTERS - 8 * RECOVERY_KEY_SIZE_BYTES)
    text = _base32(value, _KEY_CHARACTERS) + _checksum(recovery_key)
    return "-".join([_PREFIX, *(text[i : i + 4] for i in range(0, len(text), 4))])


def parse_recovery_key(unverified_text: str) -> bytes:
    """The 32 bytes behind the text; `RecoveryKeyError` where a character is wrong or missing."""
    text = re.sub(r"[\s-]", "", unverified_text).upper().removeprefix(_PREFIX).translate(_LOOKALIKES)
    if len(text) != _KEY_CHARACTERS + _CHECK_CHARACTERS or not set(text) <= set(_ALPHABET):
        raise RecoveryKeyError("this is not a recovery key: it has 14 groups of four letters and digits")
    value = 0
    for character in text[:_KEY_CHARACTERS]:
        value = value << 5 | _ALPHABET.index(character)
    spare_bits = 5 * _KEY_CHARACTERS - 8 * RECOVERY_KEY_SIZE_BYTES
    recovery_key = (value >> spare_bits).to_bytes(RECOVERY_KEY_SIZE_BYTES, "big")
    if value & ((1 << spare_bits) - 1) or text[_KEY_CHARACTERS:] != _checksum(recovery_key):
        raise RecoveryKeyError("the recovery key has a typing error: its checksum does not fit")
    return recovery_key


def _base32(value: int, characters: int) -> str:
    return "".join(_ALPHABET[value >> 5 * place & 31] for place in reversed(range(characters)))


def _checksum(recovery_key: bytes) -> str:
    digest = hashlib.sha256(b"parley recovery key" + recovery_key).digest()
    return _base32(int.from_bytes(digest[:3], "big") >> 4, _CHECK_CHARACTERS)

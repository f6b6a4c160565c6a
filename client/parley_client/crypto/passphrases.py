"""Passphrases: six words drawn by the device, or one's own; and the cost at which they become a key.

The words are those of the EFF's long list (7,776 words, CC BY 3.0 US, eff.org/dice), so each drawn one is worth 12.9 bits.
"""

from __future__ import annotations

import math
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from parley_mls import DecodeError, Reader, Writer

WORDS: Final = 6
#: Of a drawn passphrase, as far as guesses cost a thief nothing but time.
STRENGTH_BITS_MIN: Final = 70
#: Of one's own: whoever has a copy of the device guesses at the price of Argon2id, and this much keeps children out.
LENGTH_MIN: Final = 8
LENGTH_MAX: Final = 256
SALT_SIZE_BYTES: Final = 16


class PassphraseError(ValueError):
    """A passphrase that is too weak or too long; the message never repeats it."""


@dataclass(frozen=True)
class Cost:
    """What Argon2id (RFC 9106) takes: memory in KiB, passes and lanes."""

    memory_kib: int
    passes: int
    lanes: int

    def encode(self) -> bytes:
        """12 bytes."""
        return Writer().uint32(self.memory_kib).uint32(self.passes).uint32(self.lanes).finish()

    @classmethod
    def read(cls, reader: Reader) -> Cost:
        """The cost at the front; `DecodeError` below the floor, so that nobody makes guessing cheaper, or above what a device bears."""
        cost = cls(reader.uint32(), reader.uint32(), reader.uint32())
        least, most = (COST.memory_kib, COST.passes, 1), (_MOST.memory_kib, _MOST.passes, _MOST.lanes)
        for given, low, high in zip((cost.memory_kib, cost.passes, cost.lanes), least, most, strict=True):
            if not low <= given <= high:
                raise DecodeError("a passphrase's cost is out of bounds")
        return cost


#: The floor, and what is made today: 64 MiB, three passes.
COST: Final = Cost(64 * 1024, 3, 1)
_MOST: Final = Cost(1024 * 1024, 16, 4)


def new_passphrase() -> str:
    """Six different words, drawn by the system's randomness: 77 bits."""
    return " ".join(secrets.SystemRandom().sample(_words(), WORDS))


def normal(unverified_text: str) -> str:
    """A passphrase as it is stretched: NFKC, one space between words, and of drawn words the lower case."""
    text = " ".join(unicodedata.normalize("NFKC", unverified_text).split())
    lower = text.lower()
    return lower if set(lower.split()) <= _known() else text


def require_own(text: str) -> None:
    """Refuse a passphrase of one's own that is no hindrance at all; `PassphraseError`."""
    if not LENGTH_MIN <= len(normal(text)) <= LENGTH_MAX:
        raise PassphraseError(f"a passphrase has {LENGTH_MIN} to {LENGTH_MAX} characters")


def require_strong(text: str) -> None:
    """Refuse whatever was not drawn: nobody can tell how hard another text is to guess; `PassphraseError`."""
    words = normal(text).split()
    strength = len(set(words)) * math.log2(len(_words())) if set(words) <= _known() else 0
    if len(text) > LENGTH_MAX or strength < STRENGTH_BITS_MIN:
        raise PassphraseError("this passphrase could be guessed: take the six words that the device draws")


@cache
def _words() -> tuple[str, ...]:
    return tuple(resources.files("parley_client.crypto").joinpath("words_en.txt").read_text(encoding="ascii").split())


@cache
def _known() -> frozenset[str]:
    return frozenset(_words())

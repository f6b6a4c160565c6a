"""Passphrases, and keys under them."""

import math

import pytest

from parley_client.crypto.passphrases import (
    COST,
    WORDS,
    Cost,
    PassphraseError,
    new_passphrase,
    normal,
    require_own,
    require_strong,
)
from parley_client.crypto.wraps import WrapError, Wrapping
from parley_client.platforms.stretching import stretch
from parley_mls import DecodeError, Reader, default_primitives

P = default_primitives()
SECRET = bytes(range(32))


def test_stretching_is_argon2id():
    """The same bytes as `@noble/hashes` gives, and as any other Argon2id does."""
    assert stretch(b"\x01\x02", bytes(16), COST).hex().startswith("dfb27ab1ca0fab89")


def test_a_wrap_opens_by_its_passphrase_place_and_pepper_alone():
    asked = []

    def told(passphrase, salt, cost):
        asked.append(cost)
        return P.hash(salt + passphrase)

    wrapping = Wrapping(P, told, "Test 1")
    wrap = wrapping.wrap(SECRET, "Cafe\u0301 at  nine", b"here", b"p" * 32)
    assert wrapping.unwrap(wrap, " Caf\u00e9 at nine\n", b"here", b"p" * 32) == SECRET
    assert asked == [COST, COST] == [Cost(65536, 3, 1)] * 2
    for passphrase, place, pepper in (
        ("cafe at nine", b"here", b"p" * 32),
        ("Caf\u00e9 at nine", b"there", b"p" * 32),
        ("Caf\u00e9 at nine", b"here", bytes(32)),
    ):
        with pytest.raises(WrapError) as refused:
            wrapping.unwrap(wrap, passphrase, place, pepper)
        assert refused.value.code == "passphrase"
    with pytest.raises(WrapError):
        Wrapping(P, told, "Test 2").unwrap(wrap, "Caf\u00e9 at nine", b"here", b"p" * 32)
    assert wrap != wrapping.wrap(SECRET, "Cafe\u0301 at nine", b"here", b"p" * 32)


@pytest.mark.parametrize("cost", [Cost(65535, 3, 1), Cost(65536, 2, 1), Cost(65536, 3, 0), Cost(1 << 31, 3, 1)])
def test_nobody_makes_guessing_cheaper_or_a_device_fall_over(cost):
    with pytest.raises(DecodeError):
        Cost.read(Reader(cost.encode()))


def test_six_words_are_drawn():
    drawn = [new_passphrase() for _ in range(50)]
    assert len(set(drawn)) == 50
    words = {word for passphrase in drawn for word in passphrase.split()}
    assert all(len(set(passphrase.split())) == WORDS for passphrase in drawn) and len(words) > 200
    assert WORDS * math.log2(7776) > 77
    for passphrase in drawn:
        require_strong(passphrase)
        require_strong(f" {passphrase.title()} ")
        assert normal(passphrase.upper()) == passphrase


@pytest.mark.parametrize(
    "passphrase",
    ["", "abacus abacus abacus abacus abacus abacus", "abacus abdomen abdominal abide abiding", "Tr0ub4dor&3" * 5],
)
def test_what_was_not_drawn_is_refused(passphrase):
    with pytest.raises(PassphraseError) as refused:
        require_strong(passphrase)
    assert not passphrase or passphrase not in str(refused.value)


def test_one_s_own_has_eight_characters():
    require_own("eight ch")
    for text in ("seven c", "x" * 257):
        with pytest.raises(PassphraseError):
            require_own(text)

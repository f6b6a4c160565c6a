"""What two devices say when one is linked: everything is bound to everything, and nothing but the very package opens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.crypto.history import HistoryKey
from parley_client.crypto.linking import (
    LinkError,
    LinkPackage,
    LinkPlace,
    ScannedLink,
    commitment_to,
    digits_of,
    format_scan,
    open_package,
    parse_scan,
    seal_package,
    transcript_by_code,
    transcript_by_scan,
)
from parley_contracts.ids import DeviceLinkId, UserId
from parley_mls import default_primitives

P = default_primitives()
KEYS = st.binary(min_size=32, max_size=32)
PLACE = LinkPlace(
    "parley.test",
    UserId("019ab0c4-5c00-7a11-8a2b-3c4d5e6f7081"),
    DeviceLinkId("019ab0c4-5c00-7f66-8a2b-3c4d5e6f7086"),
)
PACKAGE = LinkPackage(bytes(range(32)), 2, bytes(32), (HistoryKey(1, b"a" * 32), HistoryKey(7, b"b" * 32)))
OLD, NEW = (bytes([number]) * 32 for number in (1, 2))
OLD_KEY, NEW_KEY = P.x25519_public(OLD), P.x25519_public(NEW)
SAID = transcript_by_scan(PLACE, old_key=OLD_KEY, new_key=NEW_KEY)


@given(old=KEYS, new=KEYS, nonce=KEYS, place=st.integers(0, 95), bit=st.integers(0, 7))
def test_digits_are_of_all_that_was_said(old, new, nonce, place, bit):
    said = bytearray(old + new + nonce)
    said[place] ^= 1 << bit
    one = transcript_by_code(PLACE, old_key=old, new_key=new, nonce=nonce)
    another = transcript_by_code(PLACE, old_key=said[:32], new_key=said[32:64], nonce=said[64:])
    assert one != another
    shown = {digits_of(P, transcript, side) for transcript in (one, another) for side in ("new", "old")}
    assert all(len(digits) == 6 and digits.isdecimal() for digits in shown)
    assert len(shown) > 1


def test_digits_are_spread():
    texts = [
        transcript_by_code(PLACE, old_key=bytes(32), new_key=n.to_bytes(32, "big"), nonce=OLD) for n in range(2000)
    ]
    drawn = [int(digits_of(P, text, "new")) for text in texts]
    assert len(set(drawn)) > 1990
    assert [sum(number // 100_000 == ten for number in drawn) > 120 for ten in range(10)] == [True] * 10


@given(key=KEYS, nonce=KEYS, other=KEYS)
def test_a_commitment_is_to_one_key_in_one_link(key, nonce, other):
    said = commitment_to(PLACE, key, nonce)
    elsewhere = LinkPlace(PLACE.server_name, PLACE.user_id, DeviceLinkId("019ab0c4-5c00-7f66-8a2b-3c4d5e6f7087"))
    assert said != commitment_to(elsewhere, key, nonce)
    assert (said == commitment_to(PLACE, other, nonce)) == (other == key)


@pytest.mark.parametrize("secret", [None, b"s" * 32], ids=["by code", "by scan"])
def test_only_the_very_package_opens(secret):
    sealed = seal_package(P, PACKAGE, SAID, old_private=OLD, new_key=NEW_KEY, secret=secret)
    right = {"new_private": NEW, "old_key": OLD_KEY, "secret": secret}
    assert open_package(P, sealed, SAID, **right) == PACKAGE
    wrong = [
        {"new_private": OLD},
        {"old_key": NEW_KEY},
        {"secret": b"t" * 32},
        {"old_key": bytes(32)},
        {"old_key": b""},
    ]
    for change in wrong:
        with pytest.raises(LinkError):
            open_package(P, sealed, SAID, **(right | change))
    for text in (SAID[:-1], SAID + b"\0", transcript_by_scan(PLACE, old_key=NEW_KEY, new_key=NEW_KEY)):
        with pytest.raises(LinkError):
            open_package(P, sealed, text, **right)
    flips = [(place, bit) for place in range(len(sealed)) for bit in range(8)]
    for place, bit in flips:
        changed = bytearray(sealed)
        changed[place] ^= 1 << bit
        with pytest.raises(LinkError):
            open_package(P, bytes(changed), SAID, **right)
    print(f"n={len(flips)} bits of a package flipped, all refused")


def test_a_key_that_gives_no_secret_is_refused():
    with pytest.raises(LinkError):
        seal_package(P, PACKAGE, SAID, old_private=OLD, new_key=bytes(32))


@given(st.integers(0, 200), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 "))
def test_a_code_to_scan_is_read_as_it_was_written_or_not_at_all(place, letter):
    link = ScannedLink(PLACE.link_id, OLD_KEY, b"s" * 32)
    text = format_scan(link)
    assert parse_scan(text) == parse_scan(text.lower().replace(" ", "\n")) == link
    changed = text[: place % len(text)] + letter + text[place % len(text) + 1 :]
    if "".join(changed.split()) != "".join(text.split()):
        try:
            assert parse_scan(changed) == link  # the last letter has a spare bit
        except LinkError:
            return


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    for said in (text, f"PARLEY LINK {text}"):
        with pytest.raises(LinkError):
            parse_scan(said)

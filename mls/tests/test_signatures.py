"""Signatures that can be asked for beforehand: those that are collected are those that joining, following and entering ask about."""

from collections import Counter

import pytest
from mls_cases import stage
from mls_forging import POLICY, THEME, P, invent, package

from parley_mls import Group, Joining, PublicGroup, SignatureCheck, group_info_signatures
from parley_mls.openssl import OpenSslPrimitives


class Listening(OpenSslPrimitives):
    """Primitives that remember what they were asked."""

    def __init__(self) -> None:
        self.asked: Counter[SignatureCheck] = Counter()

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        self.asked[SignatureCheck(public, message, signature)] += 1
        return super().verify(public, message, signature)


@pytest.fixture(scope="module")
def made():
    """A Welcome and a GroupInfo of a whole group, and whom they let in."""
    seed, bundle = package("n")
    return invent(stage(), bundle), seed, bundle


def test_joining_asks_what_was_collected(made):
    forged, seed, bundle = made
    begun, p = Joining.begin(P, forged.welcome, bundle, seed), Listening()
    group = Group.joined(p, begun)
    assert p.asked == Counter(begun.signatures())
    assert len(p.asked) == len(group.members()) + 1 > 3


def test_following_asks_what_was_collected(made):
    forged, _, _ = made
    p = Listening()
    PublicGroup.from_group_info(p, forged.group_info)
    assert p.asked == Counter(group_info_signatures(forged.group_info))


def test_entering_asks_what_was_collected(made):
    forged, _, _ = made
    p = Listening()
    Group.join_external(
        p, forged.group_info, identity=b"x", signature_seed=P.random(32), extension_types=[POLICY, THEME]
    )
    assert p.asked == Counter(group_info_signatures(forged.group_info))


async def test_where_one_after_the_other_is_as_quick_nothing_is_collected():
    def checks():
        raise AssertionError("nobody asks")
        yield

    assert await P.knowing(checks()) is P

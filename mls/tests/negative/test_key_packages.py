"""RFC 9420 sections 10 and 10.1: key packages that break one rule, fetched, proposed and committed."""

from dataclasses import replace

import pytest
from mls_cases import Case, check_refused, committed, stage, table
from mls_forging import SMALL_ORDER_KEY, P, Voice, flipped, forged_proposal, leaf_in_package, package, signed_package

from parley_mls import CommitError, Extension, FramingError, KeyPackage, KeyPackageError, ProposalError
from parley_mls.leaf_node import LeafNodeSource
from parley_mls.proposals import Add


class OtherHeader(KeyPackage):
    """A key package that says another version and suite, signed so."""

    header = b""

    def _to_be_signed(self):
        return self.header + super()._to_be_signed()[4:]


class OtherVersion(OtherHeader):
    header = b"\x00\x02\x00\x01"


class OtherSuite(OtherHeader):
    header = b"\x00\x01\x00\x02"


def fresh(**changed):
    def build():
        seed, bundle = package("n")
        return signed_package(bundle, seed, **changed)

    return build


def headed(kind):
    def build():
        seed, bundle = package("n")
        honest = bundle.key_package
        unsigned = kind(honest.init_key, honest.leaf, honest.extensions)
        signature = signed_package(replace(bundle, key_package=unsigned), seed).signature
        return replace(unsigned, signature=signature)

    return build


def init_is_leaf_key():
    seed, bundle = package("n")
    return signed_package(bundle, seed, init_key=bundle.key_package.leaf.encryption_key)


def signature(change):
    def build():
        _, bundle = package("n")
        return replace(bundle.key_package, signature=change(bundle.key_package.signature))

    return build


def signed_by_another():
    _, bundle = package("n")
    other, _ = package("o")
    return signed_package(bundle, other)


def sourced(source):
    def build():
        seed, bundle = package("n")
        leaf = replace(bundle.key_package.leaf, source=source, lifetime=None, _encoded=[])
        return signed_package(bundle, seed, leaf=leaf.sign(P, seed))

    return build


def leaf_signature():
    seed, bundle = package("n")
    return leaf_in_package(seed, bundle, after=lambda leaf: replace(leaf, signature=flipped(leaf.signature)))


TWICE = (Extension(0xF0E1, b"1"), Extension(0xF0E1, b"1"))
#: id, who builds it, what every reader says, and whether it is refused where it is read, before anything is verified.
PACKAGES = [
    ("10.1-version", headed(OtherVersion), "version or suite", True),
    ("10.1-suite", headed(OtherSuite), "version or suite", True),
    ("10.1-leaf", leaf_signature, "leaf's signature", False),
    ("10.1-signature", signature(flipped), "package's signature", False),
    ("10.1-signature-empty", signature(lambda _: b""), "package's signature", False),
    ("10.1-signature-of-another", signed_by_another, "package's signature", False),
    ("10.1-init-key-is-leaf-key", init_is_leaf_key, "init key", False),
    ("10-init-key-short", fresh(init_key=b"k" * 31), "init key", False),
    ("10-init-key-empty", fresh(init_key=b""), "init key", False),
    ("10-init-key-small-order", fresh(init_key=SMALL_ORDER_KEY), "init key", False),
    ("10-source-update", sourced(LeafNodeSource.UPDATE), "not made for a key package", False),
    ("10-source-commit", sourced(LeafNodeSource.COMMIT), "not made for a key package", False),
    ("13.4-extension-twice-in-package", fresh(extensions=TWICE), "stands twice", False),
]


@pytest.mark.parametrize(("build", "says"), [pytest.param(b, s, id=f"{i}-fetched") for i, b, s, _ in PACKAGES])
def test_refused_when_fetched(build, says):
    with pytest.raises(KeyPackageError, match=says):
        KeyPackage.from_bytes(build().to_bytes()).validate(P)


def in_commit(name, build, says, early):
    error = FramingError if early else CommitError
    return Case(f"{name}-committed", committed(Add(build())), error, says)


def in_proposal(name, build, says, early):
    error = FramingError if early else ProposalError
    return Case(f"{name}-proposed", lambda on: forged_proposal(Voice.member(on.members[2]), Add(build())), error, says)


@table([place(*row) for row in PACKAGES for place in (in_commit, in_proposal)])
def test_refused(case):
    check_refused(case)


@pytest.mark.parametrize(
    ("place", "octets", "says"),
    [
        pytest.param(0, b"\x00\x02", "MLS 1.0", id="10-version-of-the-message"),
        pytest.param(2, b"\x00\x04", "not a key package", id="10-wire-format"),
    ],
)
def test_message_around_it(place, octets, says):
    """10: the message's version is the package's, since there is one that both can be."""
    data = bytearray(package("n")[1].key_package.to_bytes())
    data[place : place + 2] = octets
    with pytest.raises(KeyPackageError, match=says):
        KeyPackage.from_bytes(bytes(data))


def test_unknown_extensions_are_ignored():
    """10, 13.4, 13.5: what a key package carries besides is nobody's business, be it known or not."""
    build = fresh(extensions=(Extension(0x4A4A, b"any"), Extension(0xF0E7, b"")))
    build().validate(P)
    made = stage().members[0].commit(P, add=[build()])
    stage().follower.process(P, made.commit)


def test_init_keys_are_fresh():
    """10: no two key packages of a client's have one init key."""
    assert len({package("n")[1].key_package.init_key for _ in range(20)}) == 20

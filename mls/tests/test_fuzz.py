"""Whatever bytes arrive, only the closed families of errors leave."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_mls import (
    DecodeError,
    Extension,
    Group,
    KeyPackage,
    KeyPackageBundle,
    Lifetime,
    MlsError,
    PublicGroup,
    create_key_package,
    decode,
    default_primitives,
    generate_signature_key,
    group_info_extensions,
    welcome_key_package_refs,
)
from parley_mls.framing import PublicMessage
from parley_mls.group_info import GroupInfo
from parley_mls.private_message import PrivateMessage
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.welcome import Welcome

P = default_primitives()
SEED, _ = generate_signature_key(P)
GROUP = Group.create(P, group_id=b"g", identity=b"a", signature_seed=SEED, extensions=[Extension(0xF0A1, b"policy")])
BUNDLE = create_key_package(
    P, identity=b"b", signature_seed=generate_signature_key(P)[0], lifetime=Lifetime(0, 1), extension_types=(0xF0A1,)
)
MADE = GROUP.commit(P, add=[BUNDLE.key_package])
FOLLOWER = GROUP.follower()
MEMBER = Group.join(P, MADE.welcome or b"", BUNDLE, generate_signature_key(P)[0])
NEXT = MADE.group.commit(P)

TARGETS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "key package": (lambda b: KeyPackage.from_bytes(b).validate(P), BUNDLE.key_package.to_bytes()),
    "bundle": (KeyPackageBundle.from_bytes, BUNDLE.to_bytes()),
    "public message": (PublicMessage.from_bytes, MADE.commit),
    "private message": (PrivateMessage.from_bytes, MADE.commit),
    "welcome": (Welcome.from_bytes, MADE.welcome or b""),
    "welcome references": (welcome_key_package_refs, MADE.welcome or b""),
    "joining": (lambda b: Group.join(P, b, BUNDLE, SEED), MADE.welcome or b""),
    "group info": (GroupInfo.from_bytes, MADE.group_info),
    "group info extensions": (group_info_extensions, MADE.group_info),
    "following": (lambda b: PublicGroup.from_group_info(P, b), MADE.group_info),
    "entering": (
        lambda b: Group.join_external(P, b, identity=b"x", signature_seed=SEED, extension_types=[0xF0A1]),
        MADE.group_info,
    ),
    "followed commit": (lambda b: FOLLOWER.process(P, b), MADE.commit),
    "member's commit": (lambda b: MEMBER.process(P, b), NEXT.commit),
    "stored group": (Group.from_bytes, GROUP.to_bytes()),
    "stored follower": (PublicGroup.from_bytes, FOLLOWER.to_bytes()),
    "ratchet tree": (lambda b: decode(b, RatchetTree.read), MADE.group.public.tree.encode()),
}


def only_closed_families(target: str, data: bytes) -> None:
    try:
        TARGETS[target][0](data)
    except (MlsError, DecodeError):
        return


@pytest.mark.parametrize("target", TARGETS)
def test_random_bytes(target: str):
    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400))
    def run(data: bytes) -> None:
        only_closed_families(target, data)
        only_closed_families(target, TARGETS[target][1][:4] + data)

    run()


@pytest.mark.parametrize("target", TARGETS)
def test_mutated_bytes(target: str):
    whole = TARGETS[target][1]

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(whole) - 1), st.integers(1, 255), st.integers(0, len(whole)), st.booleans())
    def run(place: int, flip: int, cut: int, truncate: bool) -> None:
        damaged = bytearray(whole)
        damaged[place] ^= flip
        only_closed_families(target, bytes(damaged[:cut] if truncate else damaged))

    run()

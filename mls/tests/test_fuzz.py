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
    LeafNode,
    Lifetime,
    MlsError,
    PskId,
    PskType,
    PublicGroup,
    Reader,
    ReInit,
    ResumptionUsage,
    Writer,
    branch_group,
    create_key_package,
    decode,
    default_primitives,
    generate_signature_key,
    group_info_extensions,
    welcome_key_package_refs,
)
from parley_mls.extensions import REQUIRED_CAPABILITIES, RequiredCapabilities, read_extensions
from parley_mls.framing import ContentType, FramedContent, PublicMessage
from parley_mls.group_context import GroupContext
from parley_mls.group_info import GroupInfo
from parley_mls.private_message import PrivateMessage
from parley_mls.proposals import Add, Commit, read_proposal, write_proposal
from parley_mls.ratchet_tree import ParentNode, RatchetTree
from parley_mls.treekem import UpdatePath
from parley_mls.welcome import GroupSecrets, Welcome

P = default_primitives()
SEED, _ = generate_signature_key(P)
GROUP = Group.create(P, group_id=b"g", identity=b"a", signature_seed=SEED, extensions=[Extension(0xF0A1, b"policy")])
BUNDLE = create_key_package(
    P, identity=b"b", signature_seed=generate_signature_key(P)[0], lifetime=Lifetime(0, 1), extension_types=(0xF0A1,)
)
MADE = GROUP.commit(P, add=[BUNDLE.key_package])
FOLLOWER = GROUP.follower()
PSK = PskId(PskType.RESUMPTION, P.random(32), usage=ResumptionUsage.APPLICATION, group_id=b"g", epoch=1)
MEMBER = Group.join(P, MADE.welcome or b"", BUNDLE, generate_signature_key(P)[0])
NEXT = MADE.group.commit(P, psks=[(PSK, MADE.group.resumption_psk)])
UPDATE = MADE.group.propose_update(P)
ENTERED = Group.join_external(P, MADE.group_info, identity=b"x", signature_seed=SEED[::-1], extension_types=[0xF0A1])
NEXT_CONTENT = PublicMessage.from_bytes(NEXT.commit).authenticated.content
PRIVATE = PrivateMessage(b"g", 1, ContentType.COMMIT, b"data", P.random(28), P.random(90))
SECRETS = GroupSecrets(P.random(32), P.random(32), (PSK,))
OTHER_SEED = generate_signature_key(P)[0]
BRANCH_BUNDLE = create_key_package(
    P, identity=b"b", signature_seed=OTHER_SEED, lifetime=Lifetime(0, 1), extension_types=(0xF0A1,)
)
BRANCH = branch_group(P, MADE.group, group_id=b"b", signature_seed=SEED, members=[BRANCH_BUNDLE.key_package])


def encoded(write: Callable[[Writer], object]) -> bytes:
    writer = Writer()
    write(writer)
    return writer.finish()


def reading(read: Callable[[Reader], object]) -> Callable[[bytes], object]:
    return lambda data: decode(data, read)


assert isinstance(NEXT_CONTENT.body, Commit)
assert NEXT_CONTENT.body.path is not None
COMMIT, PATH = NEXT_CONTENT.body, NEXT_CONTENT.body.path

TARGETS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "key package": (lambda b: KeyPackage.from_bytes(b).validate(P), BUNDLE.key_package.to_bytes()),
    "bundle": (KeyPackageBundle.from_bytes, BUNDLE.to_bytes()),
    "public message": (PublicMessage.from_bytes, MADE.commit),
    "private message": (PrivateMessage.from_bytes, PRIVATE.to_bytes()),
    "welcome": (Welcome.from_bytes, MADE.welcome or b""),
    "welcome references": (welcome_key_package_refs, MADE.welcome or b""),
    "joining": (lambda b: Group.join(P, b, BUNDLE, SEED), MADE.welcome or b""),
    "group info": (GroupInfo.from_bytes, MADE.group_info),
    "group info extensions": (group_info_extensions, MADE.group_info),
    "following": (lambda b: PublicGroup.from_group_info(P, b), MADE.group_info),
    "entering": (
        lambda b: Group.join_external(P, b, identity=b"x", signature_seed=OTHER_SEED, extension_types=[0xF0A1]),
        MADE.group_info,
    ),
    "followed commit": (lambda b: FOLLOWER.process(P, b), MADE.commit),
    "member's commit": (lambda b: MEMBER.process(P, b), NEXT.commit),
    "stored group": (Group.from_bytes, GROUP.to_bytes()),
    "stored follower": (PublicGroup.from_bytes, FOLLOWER.to_bytes()),
    "ratchet tree": (reading(RatchetTree.read), MADE.group.public.tree.encode()),
    "external commit": (lambda b: MADE.group.process(P, b), ENTERED.commit),
    "proposal by reference": (lambda b: MEMBER.process(P, b), UPDATE.message),
    "branch": (
        lambda b: Group.join(P, b, BRANCH_BUNDLE, OTHER_SEED, predecessor=MEMBER.as_predecessor()),
        BRANCH.welcome or b"",
    ),
    "stored follower of version 1": (
        lambda b: PublicGroup.from_bytes(b"\x01" + b[1:]),
        FOLLOWER.to_bytes()[:-1],
    ),
    "leaf node": (lambda b: LeafNode.decode(b).check(), BUNDLE.key_package.leaf.encode()),
    "proposal": (reading(read_proposal), encoded(lambda w: write_proposal(w, Add(BUNDLE.key_package)))),
    "re-initialisation": (
        reading(read_proposal),
        encoded(lambda w: write_proposal(w, ReInit(b"g", 1, 1, (Extension(3, b"x"),)))),
    ),
    "commit": (reading(Commit.read), encoded(COMMIT.write)),
    "update path": (reading(UpdatePath.read), encoded(lambda w: UpdatePath.write(w, PATH))),
    "framed content": (reading(FramedContent.read), NEXT_CONTENT.encode()),
    "group context": (reading(GroupContext.read), GROUP.public.context.encode()),
    "group secrets": (reading(GroupSecrets.read), SECRETS.encode()),
    "PSK identifier": (reading(PskId.read), encoded(PSK.write)),
    "parent node": (reading(ParentNode.read), encoded(ParentNode(b"k" * 32, b"h" * 32, (1, 5, 9)).write)),
    "extensions": (reading(read_extensions), encoded(lambda w: w.vector(GROUP.extensions, Extension.write))),
    "required capabilities": (
        lambda b: RequiredCapabilities.from_extensions([Extension(REQUIRED_CAPABILITIES, b)]),
        RequiredCapabilities((0xF0A1,), (8,), (1, 2)).to_extension().data,
    ),
}


def only_closed_families(target: str, data: bytes) -> None:
    try:
        TARGETS[target][0](data)
    except (MlsError, DecodeError):
        return


@pytest.mark.parametrize("target", TARGETS)
def test_the_whole_is_read(target: str):
    """What is damaged below is sound before."""
    TARGETS[target][0](TARGETS[target][1])


@pytest.mark.parametrize("target", TARGETS)
def test_random_bytes(target: str):
    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400))
    def run(data: bytes) -> None:
        only_closed_families(target, data)
        only_closed_families(target, TARGETS[target][1][:4] + data)

    run()


@pytest.mark.parametrize("target", TARGETS)
def test_spliced_bytes(target: str):
    """A part of one message in the place of another's: lengths and types that are right elsewhere."""
    whole = TARGETS[target][1]

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        other = TARGETS[data.draw(st.sampled_from(sorted(TARGETS)))][1]
        begin, size = data.draw(st.integers(0, len(other))), data.draw(st.integers(0, 120))
        place, gone = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 120))
        only_closed_families(target, whole[:place] + other[begin : begin + size] + whole[place + gone :])

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

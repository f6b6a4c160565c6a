"""A group shared with ts-mls, an implementation that is not ours, in both directions."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley_mls import (
    CommitProcessed,
    Extension,
    Group,
    KeyPackage,
    KeyPackageBundle,
    Lifetime,
    PskId,
    PskType,
    PublicGroup,
    ReInit,
    ResumptionUsage,
    branch_group,
    create_key_package,
    default_primitives,
    generate_signature_key,
    reinitialised_group,
)
from parley_mls.extensions import EXTERNAL_PUB, REQUIRED_CAPABILITIES
from parley_mls.group_info import GroupInfo
from parley_mls.suite import MLS_10, SUITE

P = default_primitives()
POLICY = 0xF0A1
SOURCE = Path(__file__).parent / "interop"


class Peer:
    """A ts-mls client in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            ["node", "peer.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, command: str, /, **given: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": command, **given}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def get(self, command: str, key: str, /, **given: Any) -> bytes:
        return bytes.fromhex(self(command, **given)[key])

    def secret(self) -> bytes:
        return self.get("export", "secret", label="test", context="00", length=32)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def interop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.fail(f"the interoperation test needs {tool}: apt-get install nodejs npm", pytrace=False)
    folder = tmp_path_factory.mktemp("interop")
    for name in ("package.json", "package-lock.json", "peer.mjs"):
        shutil.copy(SOURCE / name, folder)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=120)
    return folder


@pytest.fixture
def peers(interop_folder: Path) -> Iterator[list[Peer]]:
    started = [Peer(interop_folder), Peer(interop_folder)]
    yield started
    for peer in started:
        peer.close()


def secret(group: Group) -> bytes:
    return group.export(P, "test", b"\x00", 32)


def own_package() -> tuple[bytes, KeyPackageBundle]:
    seed, _ = generate_signature_key(P)
    bundle = create_key_package(
        P, identity=b"python", signature_seed=seed, lifetime=Lifetime(0, 2**63 - 1), extension_types=(POLICY,)
    )
    return seed, bundle


def their_package(peer: Peer, name: str) -> KeyPackage:
    package = KeyPackage.from_bytes(peer.get("key_package", "key_package", name=name))
    package.validate(P)
    return package


def processed(group: Group, commit: bytes, psks: Mapping[bytes, bytes] | None = None) -> Group:
    result = group.process(P, commit, psks=psks)
    assert isinstance(result, CommitProcessed)
    return result.group


def with_bare_external_pub(group_info: bytes, seed: bytes) -> bytes:
    """ts-mls reads external_pub without the length that HPKEPublicKey has (RFC 9420 section 5.1.1): leave it out."""
    info = GroupInfo.from_bytes(group_info)
    extensions = tuple(Extension(e.type, e.data[1:]) if e.type == EXTERNAL_PUB else e for e in info.extensions)
    return replace(info, extensions=extensions).sign(P, seed).to_bytes()


def test_a_group_that_we_create(peers: list[Peer]):
    one, two = peers
    seed, _ = generate_signature_key(P)
    extensions = [Extension(POLICY, b"policy")]
    group = Group.create(P, group_id=b"ours", identity=b"python", signature_seed=seed, extensions=extensions)
    follower = group.follower()
    made = group.commit(P, add=[their_package(one, "one"), their_package(two, "two")])
    assert made.welcome is not None
    group, follower = made.group, follower.process(P, made.commit).group
    for peer in peers:
        peer("join", welcome=made.welcome.hex())
        assert peer.secret() == secret(group)

    theirs = one.get("commit", "commit")
    two("process", message=theirs.hex())
    group, follower = processed(group, theirs), follower.process(P, theirs).group
    assert one.secret() == two.secret() == secret(group)

    update = group.propose_update(P)
    group, follower = update.group, follower.process(P, update.message).group
    for peer in peers:
        peer("process", message=update.message.hex())
    taken_up = two.get("commit", "commit")
    one("process", message=taken_up.hex())
    group, follower = processed(group, taken_up), follower.process(P, taken_up).group
    assert one.secret() == two.secret() == secret(group)

    proposal = one.get("propose_remove", "message", index=2)
    two("process", message=proposal.hex())
    group, follower = group.process(P, proposal).group, follower.process(P, proposal).group
    removal = group.commit(P)
    group, follower = removal.group, follower.process(P, removal.commit).group
    one("process", message=removal.commit.hex())
    assert one.secret() == secret(group)
    assert len(group.members()) == 2
    assert isinstance(follower, PublicGroup)
    follower.check_group_info(P, removal.group_info)


def test_a_group_that_they_create(peers: list[Peer]):
    one, two = peers
    one("create", name="one", group_id=b"theirs".hex(), policy=b"policy".hex())
    follower = PublicGroup.from_group_info(P, one.get("group_info", "group_info"))
    seed, bundle = own_package()
    made = one("add", key_packages=[bundle.key_package.to_bytes().hex()])
    group = Group.join(P, bytes.fromhex(made["welcome"]), bundle, seed)
    follower = follower.process(P, bytes.fromhex(made["commit"])).group
    assert secret(group) == one.secret()
    assert Extension(POLICY, b"policy") in group.extensions

    bare = with_bare_external_pub(group.group_info(P), seed)
    entering = two.get("enter", "commit", name="two", group_info=bare.hex())
    group, follower = processed(group, entering), follower.process(P, entering).group
    one("process", message=entering.hex())
    assert one.secret() == two.secret() == secret(group)

    own = group.commit(P)
    for peer in peers:
        peer("process", message=own.commit.hex())
    group, follower = own.group, follower.process(P, own.commit).group
    assert one.secret() == two.secret() == secret(group)

    other_seed, _ = generate_signature_key(P)
    entered = Group.join_external(
        P, one.get("group_info", "group_info"), identity=b"second", signature_seed=other_seed, extension_types=[POLICY]
    )
    for peer in peers:
        peer("process", message=entered.commit.hex())
    group, follower = processed(group, entered.commit), follower.process(P, entered.commit).group
    assert one.secret() == two.secret() == secret(group) == secret(entered.group)

    removal = one.get("remove", "commit", index=2)
    group, follower = processed(group, removal), follower.process(P, removal).group
    assert one.secret() == secret(group) == secret(processed(entered.group, removal))
    assert group.tree_hash == follower.tree_hash


def founded_with(peers: list[Peer], group_id: bytes = b"ours") -> Group:
    """A group of ours with both peers in it."""
    seed, _ = generate_signature_key(P)
    extensions = [Extension(POLICY, b"policy")]
    group = Group.create(P, group_id=group_id, identity=b"python", signature_seed=seed, extensions=extensions)
    names = ("one", "two")
    made = group.commit(P, add=[their_package(peer, name) for peer, name in zip(peers, names, strict=True)])
    assert made.welcome is not None
    for peer in peers:
        peer("join", welcome=made.welcome.hex())
    return made.group


def agreed(peers: list[Peer], group: Group) -> None:
    assert {peer.secret() for peer in peers} == {secret(group)}


def told(peers: list[Peer], message: bytes) -> None:
    for peer in peers:
        peer("process", message=message.hex())


def test_pre_shared_keys(peers: list[Peer]):
    """External ones and those of past epochs, by value and by reference, in both directions."""
    one, two = peers
    group = founded_with(peers)
    known = {b"psk": b"k" * 32}
    for peer in peers:
        peer("know_psk", id=b"psk".hex(), psk=(b"k" * 32).hex())

    def name(usage: ResumptionUsage | None = None, **named: Any) -> PskId:
        kind = PskType.EXTERNAL if usage is None else PskType.RESUMPTION
        return PskId(kind, P.random(32), usage=usage, **named)

    past, past_psk = group.epoch, group.resumption_psk
    resumed = name(ResumptionUsage.APPLICATION, group_id=b"ours", epoch=past)
    ours = group.commit(P, psks=[(name(id=b"psk"), b"k" * 32), (resumed, past_psk)])
    told(peers, ours.commit)
    group = ours.group
    agreed(peers, group)

    theirs = one.get("commit_psk", "commit", id=b"psk".hex())
    told([two], theirs)
    group = processed(group, theirs, known)
    agreed(peers, group)
    theirs = two.get("commit_resumption", "commit", epoch=past)
    told([one], theirs)
    group = processed(group, theirs)
    agreed(peers, group)

    proposed = group.propose_psk(P, name(id=b"psk"))
    told(peers, proposed.message)
    theirs = one.get("commit", "commit")
    told([two], theirs)
    group = processed(proposed.group, theirs, known)
    agreed(peers, group)

    proposal = two.get("propose_psk", "message", id=b"psk".hex())
    told([one], proposal)
    ours = group.process(P, proposal).group.commit(P, known_psks=known)
    told(peers, ours.commit)
    agreed(peers, ours.group)


def test_adds_by_reference(peers: list[Peer]):
    one, two = peers
    seed, _ = generate_signature_key(P)
    extensions = [Extension(POLICY, b"policy")]
    group = Group.create(P, group_id=b"ours", identity=b"python", signature_seed=seed, extensions=extensions)
    made = group.commit(P, add=[their_package(one, "one")])
    assert made.welcome is not None
    one("join", welcome=made.welcome.hex())

    proposal = one.get("propose_add", "message", key_package=their_package(two, "two").to_bytes().hex())
    ours = made.group.process(P, proposal).group.commit(P)
    assert ours.welcome is not None
    told([one], ours.commit)
    two("join", welcome=ours.welcome.hex())
    agreed(peers, ours.group)

    other_seed, bundle = own_package()
    proposed = ours.group.propose_add(P, bundle.key_package)
    told(peers, proposed.message)
    theirs = two("commit")
    told([one], bytes.fromhex(theirs["commit"]))
    joined = Group.join(P, bytes.fromhex(theirs["welcome"]), bundle, other_seed)
    assert secret(processed(proposed.group, bytes.fromhex(theirs["commit"]))) == secret(joined)
    agreed(peers, joined)


def test_extensions_that_we_change(peers: list[Peer]):
    """ts-mls makes such commits without the path that RFC 9420 section 12.4 asks for; ours it takes."""
    group = founded_with(peers)
    required = next(e for e in group.extensions if e.type == REQUIRED_CAPABILITIES)
    made = group.commit(P, extensions=[required, Extension(POLICY, b"changed")])
    told(peers, made.commit)
    agreed(peers, made.group)


def member_package(group: Group) -> tuple[bytes, KeyPackageBundle]:
    """A fresh key package with our credential in the group."""
    seed, _ = generate_signature_key(P)
    identity = dict(group.members())[group.own_index].identity
    bundle = create_key_package(
        P, identity=identity, signature_seed=seed, lifetime=Lifetime(0, 2**63 - 1), extension_types=(POLICY,)
    )
    return seed, bundle


def test_branches(peers: list[Peer]):
    one, two = peers
    group = founded_with(peers)
    seed, bundle = member_package(group)
    made = one("branch", name="one", group_id=b"theirs".hex(), key_packages=[bundle.key_package.to_bytes().hex()])
    tree = bytes.fromhex(made["ratchet_tree"])
    branch = Group.join(
        P, bytes.fromhex(made["welcome"]), bundle, seed, ratchet_tree=tree, predecessor=group.as_predecessor()
    )
    assert (branch.group_id, secret(branch)) == (b"theirs", one.secret())

    package = their_package(two, "two")
    ours = branch_group(P, group, group_id=b"branch", signature_seed=P.random(32), members=[package])
    assert ours.welcome is not None
    two("join_branch", welcome=ours.welcome.hex())
    assert two.secret() == secret(ours.group)
    next_epoch = two.get("commit", "commit")
    assert secret(processed(ours.group, next_epoch)) == two.secret()


@pytest.mark.parametrize("who", ["we end and begin", "they end and begin"])
def test_re_initialisation(peers: list[Peer], who: str):
    one, two = peers
    group = founded_with(peers)
    if who == "we end and begin":
        made = group.commit_reinit(P, ReInit(b"successor", MLS_10, SUITE, group.extensions))
        told(peers, made.commit)
        fresh = [their_package(peer, name) for peer, name in ((one, "one"), (two, "two"))]
        begun = reinitialised_group(P, made.group, signature_seed=P.random(32), members=fresh)
        assert begun.welcome is not None
        for peer in peers:
            peer("join_reinit", welcome=begun.welcome.hex())
        agreed(peers, begun.group)
        return
    theirs = one.get("commit_reinit", "commit", group_id=b"successor".hex())
    told([two], theirs)
    ended = processed(group, theirs)
    seed, bundle = member_package(group)
    packages = [their_package(two, "two").to_bytes().hex(), bundle.key_package.to_bytes().hex()]
    answer = one("reinit", name="one", key_packages=packages)
    tree = bytes.fromhex(answer["ratchet_tree"])
    joined = Group.join(
        P, bytes.fromhex(answer["welcome"]), bundle, seed, ratchet_tree=tree, predecessor=ended.as_predecessor()
    )
    assert (joined.group_id, secret(joined)) == (b"successor", one.secret())

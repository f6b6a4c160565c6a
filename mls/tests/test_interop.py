"""A group shared with ts-mls, an implementation that is not ours, in both directions."""

import json
import shutil
import subprocess
from collections.abc import Iterator
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
    PublicGroup,
    create_key_package,
    default_primitives,
    generate_signature_key,
)
from parley_mls.extensions import EXTERNAL_PUB
from parley_mls.group_info import GroupInfo

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


def processed(group: Group, commit: bytes) -> Group:
    result = group.process(P, commit)
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

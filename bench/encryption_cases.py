"""What `encryption` times, on any platform: groups of a size, their operations, and messages in batches.

The trees are warm: every parent node is filled, as when everybody has committed. Getting there takes long in a browser, so that a
`Stage` is made on CPython and handed on as JSON.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from parley_client.crypto.message import Content, epoch_secret, open_message, seal_message
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_mls import SUITE, Group, Joining, KeyPackage, KeyPackageBundle, Lifetime, Primitives, default_primitives
from parley_mls.framing import interim_transcript
from parley_mls.group import CommitProcessed
from parley_mls.group_context import GroupContext
from parley_mls.key_package import create_key_package
from parley_mls.key_schedule import derive_epoch
from parley_mls.member_state import MemberState
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.transition import PublicState
from parley_mls.tree_math import direct_path
from parley_mls.treekem import make_path

T = TypeVar("T")
MESSAGES = 200
BODY_SIZE_BYTES = 300
#: A join whose signatures are asked one after the other.
JOIN_SINGLY = "join, singly"
#: Making a large group takes seconds, and a group is made once.
CREATIONS_MAX = 3
_LIFETIME = Lifetime(0, 2**40)
_GROUP_ID = b"benchmark-group!"

if sys.platform == "emscripten":  # where Python itself sees no processor
    from bench_clock import cpu_s as _cpu_s
else:
    _cpu_s = time.process_time


@dataclass(frozen=True)
class Stage:
    """What a round of a size begins with: `packages` to make a group of, a warm group of one member less, who comes in."""

    size: int
    packages: list[bytes]
    founder: bytes
    newcomer: bytes
    newcomer_seed: bytes

    def to_json(self) -> str:
        """For another platform."""
        return json.dumps(
            [self.size, [each.hex() for each in self.packages]]
            + [each.hex() for each in (self.founder, self.newcomer, self.newcomer_seed)]
        )

    @classmethod
    def from_json(cls, text: str) -> Stage:
        """What `to_json` gave."""
        size, packages, *rest = json.loads(text)
        return cls(size, [bytes.fromhex(each) for each in packages], *(bytes.fromhex(each) for each in rest))


def make_stage(size: int) -> Stage:
    """A stage for groups of so many members, at least 2."""
    p = default_primitives()
    seeds = [p.random(32) for _ in range(size)]
    bundles = [
        create_key_package(p, identity=b"member %d" % i, signature_seed=seed, lifetime=_LIFETIME)
        for i, seed in enumerate(seeds)
    ]
    return Stage(
        size,
        [bundle.key_package.to_bytes() for bundle in bundles[1:]],
        _warm_founder(p, bundles[:-1], seeds[:-1]).encode(),
        bundles[-1].to_bytes(),
        seeds[-1],
    )


def _warm_founder(p: Primitives, bundles: list[KeyPackageBundle], seeds: list[bytes]) -> MemberState:
    """The first member's state in a group of these, after each pair of neighbours made a path."""
    tree = RatchetTree([bundles[0].key_package.leaf])
    for bundle in bundles[1:]:
        tree.add(bundle.key_package.leaf)
    private: dict[int, bytes] = {}
    for index in range(0, len(bundles), 2):
        leaf = bundles[index].key_package.leaf
        path = make_path(p, tree, index, leaf, _GROUP_ID, seeds[index])
        tree, private = path.tree, {**private, **path.private_keys, 2 * index: path.leaf_private}
    context = GroupContext(_GROUP_ID, 1, tree.tree_hash(p), p.hash(b"transcript"), ())
    secrets = derive_epoch(p, p.random(32))
    tag = p.hmac(secrets.confirmation, context.confirmed_transcript_hash)
    held = {0, *direct_path(0, tree.leaf_count)} & private.keys()
    return MemberState(
        public=PublicState(context, tree, interim_transcript(p, context.confirmed_transcript_hash, tag)),
        own_index=0,
        signature_seed=seeds[0],
        private_keys={node: private[node] for node in held},
        secrets=secrets.for_handshakes(),
        confirmation_tag=tag,
        resumption_psks={1: secrets.resumption_psk},
    )


class Clock:
    """Milliseconds by what was timed, a pair a round: by the wall's clock, and of the processor."""

    def __init__(self, times: dict[str, list[list[float]]] | None = None) -> None:
        self.times = times or {}

    def time(self, what: str, work: Callable[[], T], *, parts: int = 1) -> T:
        """Do the work, which consists of so many alike parts; what it gave."""
        with self.timing(what, parts=parts):
            return work()

    @contextmanager
    def timing(self, what: str, *, parts: int = 1) -> Iterator[None]:
        """The same around a block, which may wait."""
        begun, begun_cpu = time.perf_counter(), _cpu_s()
        yield
        taken = time.perf_counter() - begun, _cpu_s() - begun_cpu
        self.times.setdefault(what, []).append([each * 1000 / parts for each in taken])

    def to_json(self) -> str:
        """For another platform."""
        return json.dumps(self.times)

    @classmethod
    def from_json(cls, text: str) -> Clock:
        """What `to_json` gave."""
        return cls(json.loads(text))


async def time_stage(stage: Stage, rounds: int) -> Clock:
    """So many rounds with groups of one size, on this platform."""
    p, clock = default_primitives(), Clock()
    for number in range(rounds):
        if number < CREATIONS_MAX:
            time_creation(p, stage, clock)
        await time_group(p, stage, clock, turned=number % 2 == 1)
    return clock


def time_batches(rounds: int) -> Clock:
    """So many rounds with a batch of messages, on this platform."""
    p, clock = default_primitives(), Clock()
    for _ in range(rounds):
        time_messages(p, clock)
    return clock


def time_creation(p: Primitives, stage: Stage, clock: Clock) -> None:
    """A group of the whole size, made by one commit that adds everybody else."""
    packages = [KeyPackage.from_bytes(each) for each in stage.packages]
    founder = Group.create(p, group_id=_GROUP_ID, identity=b"founder", signature_seed=p.random(32))
    clock.time("create", lambda: founder.commit(p, add=packages))


async def time_group(p: Primitives, stage: Stage, clock: Clock, *, turned: bool) -> None:
    """One round: somebody comes in, both commit, each takes up what the other said, and the newcomer is put out.

    Coming in is timed twice, as clients do it and with one signature asked after the other, which comes first where `turned`.
    """
    stored = stage.founder
    founder = clock.time("load", lambda: _warm(p, Group.from_bytes(stored)))
    bundle = KeyPackageBundle.from_bytes(stage.newcomer)
    package = bundle.key_package
    added = clock.time("add", lambda: founder.commit(p, add=[package]))
    welcome = added.welcome
    if welcome is None:
        raise AssertionError("an addition has a Welcome")
    singly = functools.partial(clock.time, JOIN_SINGLY, lambda: Group.join(p, welcome, bundle, stage.newcomer_seed))
    if turned:
        singly()
    with clock.timing("join"):
        begun = Joining.begin(p, welcome, bundle, stage.newcomer_seed)
        newcomer = Group.joined(await p.knowing(begun.signatures()), begun)
    if not turned:
        singly()
    first = newcomer.commit(p)
    founder, newcomer = _processed(p, added.group, first.commit), first.group
    updated = clock.time("update", lambda: founder.commit(p))
    newcomer = clock.time("process", lambda: _processed(p, newcomer, updated.commit))
    if newcomer.epoch_authenticator != updated.group.epoch_authenticator:
        raise AssertionError("both are in one epoch")
    clock.time("remove", lambda: updated.group.commit(p, remove=[newcomer.own_index]))


def time_messages(p: Primitives, clock: Clock) -> None:
    """One round: a batch sealed, and the same batch opened."""
    group = Group.create(p, group_id=_GROUP_ID, identity=b"writer", signature_seed=p.random(32))
    secret, seed = epoch_secret(p, group, 0), p.random(32)
    key = p.ed25519_public(seed)
    contents = [Content(i, i, bytes(32), 1, p.random(BODY_SIZE_BYTES)) for i in range(1, MESSAGES + 1)]
    conversation, user, device = ConversationId(new_uuid7()), UserId(new_uuid7()), DeviceId(new_uuid7())
    sealed = clock.time(
        "seal",
        lambda: [
            seal_message(
                p,
                epoch_secret=secret,
                suite=SUITE,
                group_id=_GROUP_ID,
                generation=0,
                conversation_id=conversation,
                epoch=0,
                transcript_prefix=bytes(16),
                user_id=user,
                device_id=device,
                client_id=ClientId(new_uuid7()),
                counts=True,
                content=content,
                device_seed=seed,
            )
            for content in contents
        ],
        parts=MESSAGES,
    )
    opened = clock.time(
        "open",
        lambda: [
            open_message(
                p,
                epoch_secret=secret,
                header=each.header,
                ciphertext=each.ciphertext,
                signature=each.signature,
                sender_device_key=key,
            )
            for each in sealed
        ],
        parts=MESSAGES,
    )
    if [each.content for each in opened] != contents:
        raise AssertionError("what was opened is what was sealed")


def _warm(p: Primitives, group: Group) -> Group:
    """The group with all hashes of its tree worked out."""
    if group.public.tree.tree_hash(p) != group.tree_hash:
        raise AssertionError("the tree is that of the context")
    return group


def _processed(p: Primitives, group: Group, commit: bytes) -> Group:
    done = group.process(p, commit)
    if not isinstance(done, CommitProcessed):
        raise TypeError("a commit is no proposal")
    return done.group

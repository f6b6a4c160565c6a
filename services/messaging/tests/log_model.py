"""The log's promises as a model of a page, and the real log beside it: three nodes in one process over real MongoDB.

The model knows sequences, ordinals, epochs and who belongs when; it knows nothing of batches, indexes, owners or retries. Whatever
appears in the real log must be something that was offered and that the model, too, would take at that place.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from messaging_people import SERVER_NAME, Device, P, Person
from messaging_space import Disk
from pymongo import AsyncMongoClient

from parley_contracts.envelope import MessageHeader
from parley_contracts.identity import AccountStatement
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.messaging_api import Appended
from parley_contracts.people_api import BlockChange
from parley_contracts.policy import POLICY_EXTENSION_TYPE, PolicyDocument, RosterEntry, policy_hash
from parley_contracts.problems import Problem
from parley_contracts.state_api import PrivacySettings
from parley_messaging.adapters.mongo.database import database_of
from parley_messaging.adapters.mongo.log import MongoLog
from parley_messaging.adapters.mongo.memberships import MongoMemberships
from parley_messaging.adapters.mongo.positions import MongoPositions, MongoPrivacy
from parley_messaging.domain.entries import COMMIT, CREATED, MESSAGE, Submission
from parley_messaging.domain.ownership import owner_of
from parley_messaging.domain.tokens import Tokenizer
from parley_messaging.metrics import Metrics
from parley_messaging.ports import Directory, Outcome, PeerUnreachable
from parley_messaging.service.accepting import Accepting
from parley_messaging.service.admission import Admission
from parley_messaging.service.appending import Appending
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.channels import Channels
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.reaching import Reaching
from parley_messaging.service.reading import Reading
from parley_messaging.service.receipts import ReadMarks
from parley_messaging.service.states import States
from parley_messaging.service.storage import Storage
from parley_mls import Extension, Group

NODES = ("one", "two", "three")


# --- the model --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An entry of the model; `epoch` is the one in force after it."""

    submission: Submission
    sequence: int
    ordinal: int
    epoch: int


@dataclass
class Model:
    """A conversation: what a reader of `architecture.md` would write down. `offered` is whatever might still come in."""

    rows: list[Row] = field(default_factory=list)
    by_key: dict[tuple[DeviceId, ClientId], Row] = field(default_factory=dict)
    offered: dict[tuple[DeviceId, ClientId], list[Submission]] = field(default_factory=lambda: defaultdict(list))
    members: frozenset[UserId] = frozenset()
    spans: dict[UserId, tuple[int, int | None]] = field(default_factory=dict)
    rosters: dict[bytes, frozenset[UserId]] = field(default_factory=dict)

    @property
    def head(self) -> int:
        return len(self.rows)

    @property
    def epoch(self) -> int:
        return self.rows[-1].epoch if self.rows else 0

    def refusal(self, submission: Submission) -> str:
        """Why the next entry cannot be this, by the slug of the problem; empty where it can."""
        known = self.by_key.get(submission.key)
        if known is not None:
            return "" if known.submission.payload_hash() == submission.payload_hash() else "client_id_reused"
        if submission.type == CREATED:
            return "conversation_exists" if self.rows else ""
        if submission.user_id not in self.members:
            return "not_found"
        return "epoch_stale" if epoch_of(submission) != self.epoch else ""

    def take(self, submission: Submission) -> Row:
        """Make it the next entry."""
        epoch = self.epoch + (submission.type == COMMIT)
        ordinal = (self.rows[-1].ordinal if self.rows else 0) + counted(submission)
        row = Row(submission, self.head + 1, ordinal, epoch)
        self.rows.append(row)
        self.by_key[submission.key] = row
        roster = self.rosters.get(submission.policy, self.members) if submission.policy else self.members
        for user_id in roster - self.members:
            self.spans[user_id] = (row.sequence, None)
        for user_id in self.members - roster:
            self.spans[user_id] = (self.spans[user_id][0], row.sequence)
        self.members = roster
        return row

    def visible(self, user_id: UserId) -> list[int]:
        """The sequences that a person may see."""
        first, last = self.spans.get(user_id, (1, 0))
        return list(range(first, (self.head if last is None else last) + 1))

    def page(self, user_id: UserId, after: int | None, before: int | None, around: int | None, limit: int) -> list[int]:
        """The sequences of a page."""
        visible = self.visible(user_id)
        if around is not None:
            after = around - limit // 2 - 1
        if after is not None:
            return [sequence for sequence in visible if sequence > after][:limit]
        return [sequence for sequence in visible if before is None or sequence < before][-limit:]


def counted(submission: Submission) -> bool:
    """Whether it is a message that one reads or has not read."""
    return submission.type == MESSAGE and MessageHeader.decode(submission.header).counts


def epoch_of(submission: Submission) -> int:
    """The epoch in which a message or a commit was made."""
    return MessageHeader.decode(submission.header).epoch if submission.type == MESSAGE else submission.epoch


# --- the real thing ---------------------------------------------------------------------------------------------------


class KnownPeople:
    """What the accounts' service says of people."""

    def __init__(self, known: Mapping[str, Person]) -> None:
        self._known = known

    async def root_fingerprints(self, user_ids: Sequence[UserId]) -> dict[UserId, str | None]:
        return {user_id: self._known[user_id].fingerprint for user_id in user_ids if user_id in self._known}

    async def statements(self, user_ids: Sequence[UserId]) -> dict[UserId, list[AccountStatement]]:
        return {user_id: [self._known[user_id].statement] for user_id in user_ids if user_id in self._known}


def accepting_by(states: States, directory: Directory, *blocked: BlockChange) -> Accepting:
    """Judges private conversations; what a channel would ask for is not there."""
    messages = Admission(times=10_000).conversations
    channels = Channels(None, None, directory, Tokenizer(b""), messages)
    return Accepting(states, directory, open_but_for(blocked), channels, SERVER_NAME, messages)


class Shy:
    """`PrivacyStore`: nobody has changed anything."""

    async def settings(self, user_ids: Sequence[UserId]) -> dict[UserId, PrivacySettings]:
        return {}


def open_but_for(blocked: Iterable[BlockChange]) -> Reaching:
    """These have blocked each other; nobody has anything against strangers."""
    blocks = Blocks(None, _nobody)
    blocks.loaded = True
    for change in blocked:
        blocks._take(change)
    return Reaching(blocks, Shy(), None, None)


def _nobody(_: object) -> None:
    """Nobody listens."""


class Node:
    """One node: all of a real one that appends and reads, with the others a call away instead of a socket."""

    def __init__(self, world: World, name: str) -> None:
        self.name, self._world = name, world
        self.died = asyncio.Event()
        log = MongoLog(world.database)
        memberships = MongoMemberships(world.database, log)
        positions = MongoPositions(world.database)
        privacy = Privacy(MongoPrivacy(world.database), tell=_nobody, hint=_nobody, changed=_nobody)
        states = States(log, memberships)
        marks = ReadMarks(positions, privacy)
        self.log = log
        self.reading = Reading(log, memberships, positions, states, marks)
        self.appending = Appending(
            log=log,
            memberships=memberships,
            states=states,
            accepting=accepting_by(states, KnownPeople(world.known)),
            peers=self,
            storage=Storage(Disk()),
            metrics=Metrics(),
            listener=lambda entries: None,
            acknowledged=marks.sent,
        )

    def owner(self, conversation_id: ConversationId) -> str | None:
        owner = owner_of(conversation_id.encode(), NODES)
        return owner if owner != self.name else None

    async def forward(self, node_id: str, submissions: Sequence[Submission]) -> list[Outcome]:
        owner = self._world.nodes[node_id]
        answers = await owner.answers(submissions)
        if answers is None:
            raise PeerUnreachable
        return [Outcome(problem=a.to_dict()) if isinstance(a, Problem) else Outcome(appended=a) for a in answers]

    async def answers(
        self, submissions: Sequence[Submission], *, forwarded: bool = True
    ) -> list[Appended | Problem] | None:
        """What the node answers, None where it died over it."""
        waiting = [self.appending.submit(submission, forwarded=forwarded) for submission in submissions]
        for answer in waiting:
            answer.add_done_callback(lambda done: done.exception())  # of one that is asked no more, too
        everything = asyncio.create_task(asyncio.wait(waiting))
        death = asyncio.create_task(self.died.wait())
        await asyncio.wait([everything, death], return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        everything.cancel()
        if not all(answer.done() for answer in waiting):
            return None
        found = [answer.exception() or answer.result() for answer in waiting]
        assert all(isinstance(answer, Appended | Problem) for answer in found), found
        return found

    async def die(self) -> None:
        """End in the middle of whatever it does: nothing that it began goes on, and nobody gets an answer."""
        tasks = [lane.task for lane in self.appending._lanes.values() if lane.task is not None]
        if self.appending.writer._task is not None:
            tasks.append(self.appending.writer._task)
        self.died.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class World:
    """Three nodes, some people, one event loop; conversations come and go with each sequence of steps."""

    def __init__(self, mongodb_url: str) -> None:
        self.runner = asyncio.Runner()
        self.known: dict[str, Person] = {}
        self.sequences = self.steps = self.entries = self.crashes = 0
        self.runner.run(self._open(mongodb_url))
        self.people = [device_of_somebody(self.known) for _ in range(4)]
        self.stranger = device_of_somebody(self.known)

    async def _open(self, mongodb_url: str) -> None:
        self.client: AsyncMongoClient = AsyncMongoClient(mongodb_url, timeoutMS=5000)
        self.database = database_of(self.client)
        self.nodes = {name: Node(self, name) for name in NODES}

    def close(self) -> None:
        self.runner.run(self.client.close())
        self.runner.close()

    async def crash(self, name: str) -> None:
        """Let a node die and another one come up in its place."""
        self.crashes += 1
        dead, self.nodes[name] = self.nodes[name], Node(self, name)
        await dead.die()


class Tokens:
    """Nobody asks for a token here."""

    auth = property(lambda self: self)

    def token(self, user_id: str, device: Device) -> str:
        return ""


def device_of_somebody(known: dict[str, Person]) -> Device:
    """A new person's device; the person becomes known."""
    person = Person(Tokens(), UserId(new_uuid7()), os.urandom(32))
    known[person.user_id] = person
    return person.device()


class Talk:
    """One conversation: its group as the owner's device has it, its model, and submissions made for it."""

    def __init__(self, owner: Device, conversation_id: str = "") -> None:
        self.owner = owner
        self.id = ConversationId(conversation_id or new_uuid7())
        self.model = Model()
        self.sent: list[Submission] = []
        policy = self.policy([owner])
        self.group = Group.create(
            P,
            group_id=os.urandom(32),
            identity=owner.certificate.encode(),
            signature_seed=owner.seed,
            extensions=[pin(policy)],
        )
        #: The group after each commit that the owner's device has made, whether or not it was accepted.
        self.next_groups: dict[ClientId, Group] = {}
        self.creation = Submission(
            type=CREATED,
            conversation_id=self.id,
            user_id=owner.person.user_id,
            device_id=owner.device_id,
            client_id=ClientId(new_uuid7()),
            group_info=self.group.group_info(P),
            policy=policy,
        )

    def policy(self, devices: Iterable[Device]) -> bytes:
        roster = tuple(
            RosterEntry(d.person.user_id, d.person.fingerprint, "owner" if d is self.owner else "member")
            # A policy keeps its order, so all of them have one.
            for d in sorted(devices, key=lambda d: d.person.user_id)
        )
        encoded = PolicyDocument(conversation_id=self.id, kind="group", generation=0, roster=roster).encode()
        self.model.rosters[encoded] = frozenset(d.person.user_id for d in devices)
        return encoded

    def message(self, device: Device, epoch: int, text: bytes, client_id: ClientId | None = None) -> Submission:
        client_id = client_id or ClientId(new_uuid7())
        header = MessageHeader(
            suite=1,
            group_id=self.group.group_id,
            generation=0,
            conversation_id=self.id,
            epoch=epoch,
            transcript_prefix=bytes(16),
            user_id=device.person.user_id,
            device_id=device.device_id,
            client_id=client_id,
            salt=bytes(16),
            counts=bool(client_id.encode()[-1] % 2),
            push=True,
            commitment=bytes(32),
        )
        return Submission(
            type=MESSAGE,
            conversation_id=self.id,
            user_id=device.person.user_id,
            device_id=device.device_id,
            client_id=client_id,
            header=header.encode(),
            ciphertext=text,
            signature=bytes(64),
        )

    def commit(self, people: Sequence[Device], changing: Device) -> Submission:
        """The owner's commit that brings somebody in, or takes them out where they belong."""
        here = [d for d in people if d.person.user_id in self.model.members]
        leaving = changing in here
        policy = self.policy([d for d in here if d is not changing] if leaving else [*here, changing])
        client_id = ClientId(new_uuid7())
        welcome_devices: tuple[DeviceId, ...] = ()
        if leaving:
            identity = changing.certificate.encode()
            leaves = [index for index, leaf in self.group.members() if leaf.identity == identity]
            made = self.group.commit(P, remove=leaves, extensions=[pin(policy)])
        else:
            made = self.group.commit(P, add=[changing.key_package().key_package], extensions=[pin(policy)])
            welcome_devices = (changing.device_id,)
        self.next_groups[client_id] = made.group
        return Submission(
            type=COMMIT,
            conversation_id=self.id,
            user_id=self.owner.person.user_id,
            device_id=self.owner.device_id,
            client_id=client_id,
            epoch=self.group.epoch,
            commit=made.commit,
            group_info=made.group_info,
            policy=policy,
            welcome=made.welcome or b"",
            welcome_devices=welcome_devices,
        )


def pin(policy: bytes) -> Extension:
    return Extension(POLICY_EXTENSION_TYPE, policy_hash(policy))

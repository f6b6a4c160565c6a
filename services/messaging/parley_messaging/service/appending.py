"""Appending to conversations: one lane for each conversation that has something waiting.

A lane takes what arrived in order, lets the owner append it or judges and writes it itself, and settles every doubt by
majority reads before it gives the next number. Invariant: nothing is acknowledged that a majority read or a clean
majority write has not shown (I1); a device's entries keep their order (I2); a repeated client id gets the first answer
(I3).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from parley_contracts.ids import ClientId, ConversationId, DeviceId
from parley_contracts.limits import APPEND_BATCH_MAX, APPEND_QUEUE_MAX, APPEND_TIMEOUT_S
from parley_contracts.messaging_api import Appended
from parley_contracts.problems import ClientIdReused, Internal, Problem, Unavailable, problem_from_dict
from parley_messaging.domain.conversation import ConversationState
from parley_messaging.domain.entries import StoredEntry, Submission
from parley_messaging.metrics import Metrics
from parley_messaging.ports import LogStore, MembershipStore, Outcome, Peers, PeerUnreachable
from parley_messaging.service.accepting import Accepting
from parley_messaging.service.plans import Plan
from parley_messaging.service.states import Lru, States
from parley_messaging.service.storage import Storage
from parley_messaging.service.writer import GroupWriter

RECENT_MAX = 20_000
BATCH_SIZE_BYTES_MAX = 4 * 1024 * 1024
BACKOFF_S = 0.005
BACKOFF_S_MAX = 0.5
_log = structlog.get_logger("parley_messaging.appending")

Listener = Callable[[Sequence[StoredEntry]], None]
Acknowledged = Callable[[Submission, Appended], None]


@dataclass
class Item:
    """A submission on its way. `forwarded` came from another node and is appended here whoever the owner is.

    `attended` says that its person sent it just now, and so has read what stands before it.
    """

    submission: Submission
    hash: bytes
    forwarded: bool
    attended: bool
    answer: asyncio.Future[Appended]
    repeated_by: list[Item] = field(default_factory=list)

    def resolve(self, answer: Appended) -> None:
        """Acknowledge."""
        for item in (self, *self.repeated_by):
            if not item.answer.done():
                item.answer.set_result(answer)

    def refuse(self, problem: Problem) -> None:
        """Say what stands against it."""
        for item in (self, *self.repeated_by):
            if not item.answer.done():
                item.answer.set_exception(problem)


class Appending:
    """The appends of this node."""

    def __init__(
        self,
        *,
        log: LogStore,
        memberships: MembershipStore,
        states: States,
        accepting: Accepting,
        peers: Peers,
        storage: Storage,
        metrics: Metrics,
        listener: Listener,
        acknowledged: Acknowledged,
    ) -> None:
        self.log = log
        self.memberships = memberships
        self.states = states
        self.accepting = accepting
        self.peers = peers
        self._storage = storage
        self.metrics = metrics
        self.listener = listener
        self.acknowledged = acknowledged
        self.writer = GroupWriter(log, metrics)
        self.recent: Lru[tuple[ConversationId, DeviceId, ClientId], tuple[bytes, Appended]] = Lru(RECENT_MAX)
        self.waiting = 0
        self._lanes: dict[ConversationId, _Lane] = {}

    def submit(
        self, submission: Submission, *, forwarded: bool = False, attended: bool = True
    ) -> asyncio.Future[Appended]:
        """Queue a submission at once, in the order of the calls; the future holds the answer or raises a `Problem`."""
        answer: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        item = Item(submission, submission.payload_hash(), forwarded, attended, answer)
        known = self.recent.get((submission.conversation_id, *submission.key))
        if known is not None and known[0] == item.hash:
            item.resolve(known[1])
        elif problem := self._storage.problem:
            item.refuse(problem)
        elif self.waiting >= APPEND_QUEUE_MAX:
            item.refuse(Unavailable("Too much is waiting to be stored.", retry_after_s=1))
        else:
            self.waiting += 1
            lane = self._lanes.get(submission.conversation_id)
            if lane is None:
                lane = self._lanes[submission.conversation_id] = _Lane(self, submission.conversation_id)
            lane.add(item)
        return item.answer

    def lane_ended(self, conversation_id: ConversationId) -> None:
        """A lane has nothing left to do."""
        del self._lanes[conversation_id]

    async def drained(self) -> None:
        """Wait until nothing is waiting any more."""
        while lanes := list(self._lanes.values()):
            await asyncio.wait([lane.task for lane in lanes if lane.task is not None])


class _Lane:
    """The queue of one conversation on this node."""

    def __init__(self, appending: Appending, conversation_id: ConversationId) -> None:
        self._a = appending
        self._id = conversation_id
        self._items: deque[Item] = deque()
        self.task: asyncio.Task[None] | None = None

    def add(self, item: Item) -> None:
        """Queue an item and see that somebody works."""
        self._items.append(item)
        if self.task is None:
            self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._items:
            batch = self._take()
            try:
                await self._handle(batch)
            except Problem as problem:
                self._fail(batch, problem)
            except Exception:  # noqa: BLE001 - a bug in one lane answers its callers and ends there
                _log.exception("append_failed", conversation_id=self._id)
                self._fail(batch, Internal())
            self._a.waiting -= sum(1 + len(item.repeated_by) for item in batch)
        self._a.lane_ended(self._id)

    def _take(self) -> list[Item]:
        """The next items, all forwarded or none, no client id twice unless it is the same payload.

        What makes an epoch is the last of its batch: nothing is judged by an epoch that is not stored yet.
        """
        batch: dict[tuple[DeviceId, ClientId], Item] = {}
        size_bytes = 0
        while self._items and len(batch) < APPEND_BATCH_MAX:
            item = self._items[0]
            first = next(iter(batch.values()), item)
            same = batch.get(item.submission.key)
            if item.forwarded != first.forwarded or (same is not None and same.hash != item.hash):
                break
            size_bytes += item.submission.size_bytes
            if batch and size_bytes > BATCH_SIZE_BYTES_MAX:
                break
            self._items.popleft()
            if same is None:
                batch[item.submission.key] = item
            else:
                same.repeated_by.append(item)
            if not item.submission.changes_nothing_but_the_log:
                break
        return list(batch.values())

    def _fail(self, batch: list[Item], problem: Problem) -> None:
        """Refuse the batch and what waits behind it: a later entry must not overtake one whose fate is open."""
        self._a.states.forget(self._id)
        for item in (*batch, *self._items):
            item.refuse(problem)
        self._a.waiting -= len(self._items)
        self._items.clear()

    async def _handle(self, batch: list[Item]) -> None:
        owner = None if batch[0].forwarded else self._a.peers.owner(self._id)
        if owner is not None:
            try:
                outcomes = await self._a.peers.forward(owner, [item.submission for item in batch])
            except PeerUnreachable:
                _log.warning("owner_unreachable", node=owner)
                self._a.states.forget(self._id)
            else:
                self._a.metrics.forwarded += len(batch)
                self._answer(batch, outcomes)
                return
        await self._append(batch)

    def _answer(self, batch: list[Item], outcomes: list[Outcome]) -> None:
        for item, outcome in zip(batch, outcomes, strict=True):
            if outcome.appended is not None:
                self._acknowledge(item, outcome.appended)
                continue
            problem = problem_from_dict(outcome.problem or {})
            if problem.status >= Internal.status:
                raise problem
            item.refuse(problem)

    async def _append(self, batch: list[Item]) -> None:
        deadline = time.monotonic() + APPEND_TIMEOUT_S
        state = await self._a.states.state(self._id)
        backoff_s = 0.0
        while batch:
            plan = await self._a.accepting.plan(state, [item.submission for item in batch])
            if await self._answer_refused(batch, plan, state):
                state = await self._a.states.refresh(self._id)
                continue
            batch = [item for item in batch if item.submission.key not in plan.refused]
            if not batch:
                return
            await self._announce(plan)
            verdict = await self._a.writer.write(plan.entries)
            if verdict == "stored":
                self._stored(batch, plan.entries)
                self._learn(plan)
                return
            self._a.metrics.conflicts += verdict == "conflict"
            self._a.metrics.indeterminate += verdict == "unknown"
            batch, state = await self._settle(batch, deadline, backoff_s)
            backoff_s = min(BACKOFF_S_MAX, backoff_s * 2 or BACKOFF_S)

    async def _answer_refused(self, batch: list[Item], plan: Plan, state: ConversationState) -> bool:
        """Answer what cannot be appended; True where the state was old, so that the judgement means nothing."""
        if not plan.refused:
            return False
        newest = await self._a.states.refresh(self._id)
        if (newest.epoch_sequence, newest.policy_sequence) != (state.epoch_sequence, state.policy_sequence):
            return True
        refused = [item for item in batch if item.submission.key in plan.refused]
        stored = await self._a.log.submitted(self._id, plan.refused)
        for item in refused:
            entry = stored.get(item.submission.key)
            if entry is None:
                item.refuse(plan.refused[item.submission.key])
            else:
                self._found(item, entry)
        return False

    async def _announce(self, plan: Plan) -> None:
        for entry in plan.entries:
            if entry.added or entry.removed:
                await self._a.memberships.announce(self._id, entry.sequence, entry.added, entry.removed)

    async def _settle(
        self, batch: list[Item], deadline: float, backoff_s: float
    ) -> tuple[list[Item], ConversationState]:
        """What of the batch is still to be stored, after a majority read has settled each client id."""
        while True:
            if time.monotonic() + backoff_s > deadline:
                raise Unavailable("The message store did not confirm in time.", retry_after_s=1)
            await asyncio.sleep(backoff_s)
            try:
                stored = await self._a.log.submitted(self._id, [item.submission.key for item in batch])
                state = await self._a.states.refresh(self._id)
                break
            except Unavailable:
                backoff_s = min(BACKOFF_S_MAX, backoff_s * 2 or BACKOFF_S)
        found = [(item, stored[item.submission.key]) for item in batch if item.submission.key in stored]
        for item, entry in found:
            self._found(item, entry)
        if found:
            self._a.listener(await self._whole([entry for _, entry in found]))
        return [item for item in batch if item.submission.key not in stored], state

    async def _whole(self, entries: list[StoredEntry]) -> list[StoredEntry]:
        """Stored entries with their payload, for those who listen; who misses them repairs the gap."""
        first, last = min(e.sequence for e in entries), max(e.sequence for e in entries)
        try:
            return await self._a.log.entries(self._id, after=first - 1, before=last + 1, limit=APPEND_BATCH_MAX)
        except Unavailable:
            return []

    def _stored(self, batch: list[Item], entries: Sequence[StoredEntry]) -> None:
        self._a.metrics.appended += len(entries)
        self._a.states.observe(ConversationState.after(entries[-1]))
        for item, entry in zip(batch, entries, strict=True):
            self._acknowledge(item, entry.appended())
        self._a.listener(entries)

    def _learn(self, plan: Plan) -> None:
        for epoch in plan.epochs:
            self._a.states.remember_epoch(self._id, epoch)

    def _found(self, item: Item, entry: StoredEntry) -> None:
        if entry.hash == item.hash:
            self._acknowledge(item, entry.appended())
        else:
            item.refuse(ClientIdReused(sequence=entry.sequence))

    def _acknowledge(self, item: Item, answer: Appended) -> None:
        submission = item.submission
        self._a.recent.put((self._id, *submission.key), (item.hash, answer))
        if item.attended and not item.forwarded:
            self._a.acknowledged(submission, answer)
        item.resolve(answer)

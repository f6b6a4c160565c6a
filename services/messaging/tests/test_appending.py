"""I1, I2 and I3 against a store that fails in every way it may: seeded, in virtual time.

Three nodes append to the same conversations while inserts are lost, applied but not confirmed, applied late, cut short by
duplicates or rolled back, reads fail, nodes disagree about owners, and one node dies. The store keeps what MongoDB keeps:
two unique indexes, ordered inserts, and reads that see only what a majority has.
"""

import asyncio
import os
import random
import selectors
from collections import defaultdict
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from messaging_space import Disk

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.problems import Problem, Unavailable
from parley_messaging.domain.conversation import next_entry
from parley_messaging.domain.entries import MESSAGE, StoredEntry, Submission
from parley_messaging.metrics import Metrics
from parley_messaging.ports import Inserted, Outcome, PeerUnreachable
from parley_messaging.service.accepting import Plan
from parley_messaging.service.appending import Appending
from parley_messaging.service.states import States
from parley_messaging.service.storage import Storage

TRIALS = int(os.environ.get("PARLEY_TRIALS", "5")) * 8
USER = UserId(new_uuid7())


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self):
        loop = self

        class Selector(selectors.DefaultSelector):
            def select(self, timeout=None):
                ready = super().select(0)
                if not ready and timeout:
                    loop.now += timeout
                return ready

        self.now = 0.0
        super().__init__(Selector())

    def time(self):
        return self.now


@dataclass
class Store:
    """What MongoDB keeps; entries before `durable` are a majority's."""

    dice: random.Random
    faults: float
    entries: list[StoredEntry] = field(default_factory=list)
    durable: int = 0
    late: list[asyncio.Task[None]] = field(default_factory=list)

    def apply(self, entries):
        places = {(e.conversation_id, e.sequence) for e in self.entries}
        keys = {(e.conversation_id, *e.key) for e in self.entries}
        for index, entry in enumerate(entries):
            place, key = (entry.conversation_id, entry.sequence), (entry.conversation_id, *entry.key)
            if place in places or key in keys:
                return Inserted("duplicate", index)
            places.add(place)
            keys.add(key)
            self.entries.append(entry)
        return Inserted("all", len(entries))

    def apply_later(self, entries):
        async def wait():
            await asyncio.sleep(self.dice.uniform(0.01, 2))
            self.apply(entries)

        self.late.append(asyncio.create_task(wait()))

    def roll_back(self):
        del self.entries[self.durable :]

    def visible(self, conversation_id):
        return [e for e in self.entries[: self.durable] if e.conversation_id == conversation_id]

    def fail_over(self):
        """Another primary, now and then: what only the old one had is gone."""

        async def wait():
            await asyncio.sleep(self.dice.uniform(0, 0.01))
            self.roll_back()

        self.late.append(asyncio.create_task(wait()))

    def strikes(self):
        return self.dice.random() < self.faults


class View:
    """`LogStore` as one node has it; after `dead` nothing of it ever returns."""

    def __init__(self, store):
        self.store = store
        self.dead = False

    async def _way(self):
        await asyncio.sleep(self.store.dice.uniform(0.0005, 0.01))
        if self.dead:
            await asyncio.Event().wait()

    async def _read(self):
        await self._way()
        if self.store.strikes():
            raise Unavailable

    async def insert(self, entries):
        store = self.store
        await self._way()
        if store.strikes():
            match store.dice.choice(["lost", "late", "unconfirmed", "rolled back"]):
                case "late":
                    store.apply_later(entries)
                case "unconfirmed":
                    store.apply(entries)
                case "rolled back":
                    store.apply(entries)
                    store.roll_back()
            await self._way()
            return Inserted("unknown")
        result = store.apply(entries)
        if result.outcome == "all" or not store.strikes():
            store.durable = len(store.entries)
        else:
            store.fail_over()
        await self._way()
        return result

    async def tail(self, conversation_id):
        await self._read()
        return max(self.store.visible(conversation_id), key=lambda e: e.sequence, default=None)

    async def submitted(self, conversation_id, keys):
        await self._read()
        wanted = set(keys)
        if self.store.strikes():
            self.store.durable = len(self.store.entries)
        return {e.key: e for e in self.store.visible(conversation_id) if e.key in wanted}

    async def entries(self, conversation_id, *, after, before, limit, newest_first=False):
        await self._read()
        found = [e for e in self.store.visible(conversation_id) if after < e.sequence < before]
        return sorted(found, key=lambda e: e.sequence)[:limit]


class AcceptEverything:
    """What is judged is another test's business."""

    async def plan(self, state, submissions):
        plan = Plan(state)
        for submission in submissions:
            plan.add(next_entry(plan.state, submission, kind="group", counts=True))
        return plan


class NoMembers:
    async def announce(self, *_):
        return None


class Town:
    """The nodes; each may think another one the owner."""

    def __init__(self, dice, store, faults):
        self.dice, self.faults = dice, faults
        self.nodes = [self.node(View(store), index) for index in range(3)]

    def node(self, view, index):
        node = Appending(
            log=view,
            memberships=NoMembers(),
            states=States(view, NoMembers()),
            accepting=AcceptEverything(),
            peers=Peers(self, index),
            storage=Storage(Disk()),
            metrics=Metrics(),
            listener=lambda entries: None,
            acknowledged=lambda submission, answer: None,
        )
        node.view = view
        return node


class Peers:
    def __init__(self, town, index):
        self.town, self.index = town, index

    def owner(self, conversation_id):
        dice = self.town.dice
        owner = dice.randrange(3) if dice.random() < self.town.faults else conversation_id.encode()[-1] % 3
        return None if owner == self.index else str(owner)

    async def forward(self, node_id, submissions):
        town, owner = self.town, self.town.nodes[int(node_id)]
        await asyncio.sleep(0.001)
        if owner.view.dead or town.dice.random() < town.faults / 2:
            raise PeerUnreachable
        answers = [owner.submit(submission, forwarded=True) for submission in submissions]
        waiting = asyncio.gather(*answers, return_exceptions=True)
        timeout_s = 0.02 if town.dice.random() < town.faults / 2 else 30
        try:
            done = await asyncio.wait_for(asyncio.shield(waiting), timeout_s)
        except TimeoutError as error:
            raise PeerUnreachable from error
        return [Outcome(problem=d.to_dict()) if isinstance(d, Problem) else Outcome(appended=d) for d in done]


def message(conversation_id, device_id, number, client_id=None):
    return Submission(
        type=MESSAGE,
        conversation_id=conversation_id,
        user_id=USER,
        device_id=device_id,
        client_id=client_id or ClientId(new_uuid7()),
        ciphertext=str(number).encode(),
    )


class Sender:
    """A device that sends its messages in order without waiting, and again from the first that was refused."""

    def __init__(self, town, conversation_id, count):
        self.town = town
        device = DeviceId(new_uuid7())
        self.messages = [message(conversation_id, device, number) for number in range(count)]
        self.acknowledged = {}

    async def run(self):
        while waiting := [m for m in self.messages if m.client_id not in self.acknowledged]:
            node = self.town.dice.choice([n for n in self.town.nodes if not n.view.dead])
            answers = []
            for submission in waiting:
                answers.append(node.submit(submission))
                await asyncio.sleep(self.town.dice.choice([0, 0, 0.002, 0.02]))
                if any(answer.done() and answer.exception() for answer in answers):
                    break
            await asyncio.wait(answers, timeout=60)
            for submission, answer in zip(waiting, answers, strict=False):
                if answer.done() and answer.exception() is None:
                    self.acknowledged[submission.client_id] = answer.result()
                elif answer.done():
                    assert isinstance(answer.exception(), Unavailable), answer.exception()


def check(store, senders):
    """I1, I2 and I3 of everything that ended up in the store."""
    logs = defaultdict(list)
    for entry in store.entries:
        logs[entry.conversation_id].append(entry)
    for log in logs.values():
        log.sort(key=lambda e: e.sequence)
        assert [e.sequence for e in log] == list(range(1, len(log) + 1))
        assert [e.ordinal for e in log] == [e.sequence for e in log]
        assert len({e.key for e in log}) == len(log)
    for sender in senders:
        first = sender.messages[0]
        own = [e for e in logs[first.conversation_id] if e.device_id == first.device_id]
        assert [e.client_id for e in own] == [m.client_id for m in sender.messages]
        assert {e.client_id: e.appended() for e in own} == sender.acknowledged


async def run_town(seed, faults):
    dice = random.Random(seed)
    store = Store(dice, faults)
    town = Town(dice, store, faults)
    conversations = [ConversationId(new_uuid7()) for _ in range(4)]
    senders = [Sender(town, conversation, 8) for conversation in conversations for _ in range(2)]
    running = [asyncio.create_task(sender.run()) for sender in senders]
    await asyncio.sleep(dice.uniform(0, 0.1))
    town.nodes[dice.randrange(3)].view.dead = dice.random() < faults * 4
    await asyncio.wait_for(asyncio.gather(*running), 3000)
    await asyncio.gather(*store.late)
    store.durable = len(store.entries)
    check(store, senders)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)


def in_virtual_time(main):
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


@settings(max_examples=TRIALS, deadline=None)
@given(seed=st.integers(0, 2**32), faults=st.sampled_from([0.0, 0.05, 0.2, 0.4]))
def test_the_log_withstands_its_store(seed, faults):
    in_virtual_time(run_town(seed, faults))

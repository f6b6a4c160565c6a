"""A state machine over the log: whatever devices, nodes and crashes do, the real log is what the model says.

`./parley test` plays 40 sequences, `./parley bench log_model` 10,000.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from log_model import NODES, Row, Talk, World, epoch_of
from messaging_stack import Stack

from parley_contracts.messaging_api import Appended
from parley_contracts.problems import NotFound, Problem
from parley_messaging.domain.conversation import ConversationState, Span
from parley_messaging.domain.entries import COMMIT, StoredEntry, Submission
from parley_messaging.service import accepting
from parley_messaging.service.reading import Reading
from parley_messaging.service.states import States
from parley_messaging.service.writer import GroupWriter

SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
SEQUENCES = int(os.environ.get("PARLEY_MODEL_SEQUENCES", "40"))
#: Hypothesis remembers all that it has tried in one go, and each takes longer the more that is.
ROUND = 500
STEPS = 15
nodes = st.sampled_from(NODES)
texts = st.binary(min_size=1, max_size=8)
picks = st.integers(0, 2**16)


class LogMachine(RuleBasedStateMachine):
    """Steps of devices and nodes; after each the log and the model are compared."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.talks: list[Talk] = []
        self.epochs: set[int] = set()
        self.rosters: list[frozenset] = []
        self.world.sequences += 1

    # --- what happens -------------------------------------------------------------------------------------------------

    @initialize(node=nodes, twice=st.booleans())
    def begin(self, node: str, twice: bool) -> None:
        self.create(node, twice)

    @precondition(lambda self: len(self.talks) < 2)
    @rule(node=nodes, twice=st.booleans())
    def create(self, node: str, twice: bool) -> None:
        talk = Talk(self.world.people[0])
        self.talks.append(talk)
        self.play(talk, [(node, talk.creation), *([(NODES[0], talk.creation)] if twice else [])])

    @rule(
        pick=picks,
        person=picks,
        node=nodes,
        text=texts,
        behind=st.sampled_from([0, 0, 0, 0, 1, -1]),
        forwarded=st.booleans(),
    )
    def send(self, pick: int, person: int, node: str, text: bytes, behind: int, forwarded: bool) -> None:
        """A message of anybody, at times of another epoch, and at times straight to a node that may not be the owner."""
        talk = self.talk(pick)
        device = [*self.world.people, self.world.stranger][person % 5]
        epoch = max(0, talk.model.epoch - behind)
        self.play(talk, [(node, talk.message(device, epoch, text))], forwarded=forwarded)

    @precondition(lambda self: any(talk.sent for talk in self.talks))
    @rule(pick=picks, which=picks, node=nodes)
    def send_again(self, pick: int, which: int, node: str) -> None:
        talk = self.talk(pick)
        if talk.sent:
            self.play(talk, [(node, talk.sent[which % len(talk.sent)])])

    @rule(pick=picks, which=picks, node=nodes)
    def send_something_else_under_the_same_id(self, pick: int, which: int, node: str) -> None:
        talk = self.talk(pick)
        rows = [row for row in talk.model.rows if row.submission.ciphertext]
        if rows:
            old = rows[which % len(rows)].submission
            device = next(d for d in self.world.people if d.device_id == old.device_id)
            other = talk.message(device, talk.model.epoch, old.ciphertext + b"!", old.client_id)
            self.play(talk, [(node, other)])

    @rule(pick=picks, person=st.integers(1, 3), node=nodes)
    def add_or_remove(self, pick: int, person: int, node: str) -> None:
        talk = self.talk(pick)
        self.play(talk, [(node, talk.commit(self.world.people, self.world.people[person]))])

    @rule(pick=picks, first=st.integers(1, 3), second=st.integers(1, 3), one=nodes, other=nodes, text=texts)
    def commit_twice_in_one_epoch(self, pick: int, first: int, second: int, one: str, other: str, text: bytes) -> None:
        """Two commits and a message race: one commit wins, and the message is before it or refused."""
        talk, people = self.talk(pick), self.world.people
        rivals = [(one, talk.commit(people, people[first])), (other, talk.commit(people, people[second]))]
        self.play(talk, [*rivals, (other, talk.message(people[0], talk.model.epoch, text))])

    @rule(
        pick=picks,
        writers=st.lists(st.tuples(st.integers(0, 3), nodes, texts, st.booleans()), min_size=2, max_size=6),
        victim=st.none() | nodes,
        turns=st.integers(0, 60),
    )
    def all_at_once(
        self, pick: int, writers: list[tuple[int, str, bytes, bool]], victim: str | None, turns: int
    ) -> None:
        """Messages over several nodes, some of them on two nodes at once, at times while a node dies."""
        talk = self.talk(pick)
        calls: list[tuple[str, Submission]] = []
        for person, node, text, twice in writers:
            message = talk.message(self.world.people[person], talk.model.epoch, text)
            calls += [(node, message)] * (1 + twice)
            if twice:
                calls.append((NODES[person % 3], message))
        self.play(talk, calls, victim=victim, turns=turns)

    @rule(
        pick=picks,
        writers=st.lists(st.tuples(st.integers(0, 3), nodes, texts), min_size=1, max_size=5),
        changing=st.none() | st.integers(1, 3),
        victim=nodes,
        turns=st.integers(0, 60),
    )
    def a_node_dies_over_it(
        self, pick: int, writers: list[tuple[int, str, bytes]], changing: int | None, victim: str, turns: int
    ) -> None:
        """Messages, and at times a commit, while a node dies: what had no answer may be there once or not at all."""
        talk, people = self.talk(pick), self.world.people
        calls = [(node, talk.message(people[who], talk.model.epoch, text)) for who, node, text in writers]
        if changing is not None:
            calls.append((victim, talk.commit(people, people[changing])))
        self.play(talk, calls, victim=victim, turns=turns)

    @rule(
        pick=picks,
        person=st.integers(0, 4),
        node=nodes,
        where=st.sampled_from(["newest", "after", "before", "around"]),
        place=st.integers(0, 40),
        limit=st.integers(1, 12),
    )
    def read(self, pick: int, person: int, node: str, where: str, place: int, limit: int) -> None:
        self.run(self._read(self.talk(pick), person, node, where, place, limit))

    @rule(pick=picks, person=st.integers(0, 3), node=nodes)
    def count_unread(self, pick: int, person: int, node: str) -> None:
        """Heads: where the conversation stands for a member, and how many messages there are up to it."""
        talk, user_id = self.talk(pick), self.world.people[person].person.user_id
        self.run(self._absorb(talk))
        before = talk.model.head
        heads = self.run(self.world.nodes[node].reading.heads(user_id))
        self.run(self._absorb(talk))
        if talk.model.head != before:
            return  # what a dead node had begun has come in meanwhile, before the reading or after it
        head = next((head for head in heads if head.conversation_id == talk.id), None)
        visible = talk.model.visible(user_id)
        assert (head is None) == (not visible)
        if head is not None:
            row = talk.model.rows[visible[-1] - 1]
            told = (head.head, head.ordinal, head.epoch, head.first_visible_sequence, head.last_visible_sequence)
            assert told == (row.sequence, row.ordinal, row.epoch, *talk.model.spans[user_id])

    def teardown(self) -> None:
        """In the end every node tells the same whole story, page by page."""
        for talk in self.talks:
            if talk.model.rows:
                self.run(self._tell_all(talk))
                self.world.entries += talk.model.head

    # --- and how it is judged -----------------------------------------------------------------------------------------

    def talk(self, pick: int) -> Talk:
        return self.talks[pick % len(self.talks)]

    def run(self, work):
        return self.world.runner.run(work)

    def play(
        self,
        talk: Talk,
        calls: Sequence[tuple[str, Submission]],
        *,
        forwarded: bool = False,
        victim: str | None = None,
        turns: int = 0,
    ) -> None:
        self.world.steps += 1
        talk.sent += [submission for _, submission in calls]
        self.run(self._play(talk, calls, forwarded, victim, turns))

    async def _play(
        self, talk: Talk, calls: Sequence[tuple[str, Submission]], forwarded: bool, victim: str | None, turns: int
    ) -> None:
        model = talk.model
        await self._absorb(talk)
        alone = len(calls) == 1 and not model.offered and victim is None
        expected = model.refusal(calls[0][1])
        self.epochs, self.rosters = {model.epoch}, [model.members]
        for _, submission in calls:
            model.offered[submission.key].append(submission)
        asked = [
            asyncio.create_task(self.world.nodes[node].answers([submission], forwarded=forwarded))
            for node, submission in calls
        ]
        if victim is not None:
            for _ in range(turns):
                await asyncio.sleep(0)
            await asyncio.sleep(turns / 4000)
            await self.world.crash(victim)
        answers = [found[0] if (found := await task) else None for task in asked]
        await self._absorb(talk)
        for (_, submission), answer in zip(calls, answers, strict=True):
            self._judge(talk, submission, answer, crashed=victim is not None)
            if alone:
                told = "" if isinstance(answer, Appended) else answer.slug
                assert told == expected, (submission.type, told, expected)
        self._forget_settled(talk, calls, answers)

    def _judge(self, talk: Talk, submission: Submission, answer: Appended | Problem | None, *, crashed: bool) -> None:
        """An acknowledgement names the entry that is there; a refusal has its reason, and nothing is there."""
        row = talk.model.by_key.get(submission.key)
        same = row is not None and row.submission.payload_hash() == submission.payload_hash()
        if answer is None:
            assert crashed
        elif isinstance(answer, Appended):
            assert same, f"acknowledged, and not there: {submission.key}"
            assert (answer.sequence, answer.ordinal, answer.epoch) == (row.sequence, row.ordinal, row.epoch)
        elif answer.slug == "unavailable":
            assert crashed
        else:
            assert not same, f"refused by {answer.slug}, and there"
            reasons = {
                "client_id_reused": row is not None,
                "conversation_exists": submission is not talk.creation,
                "epoch_stale": self.epochs != {epoch_of(submission)},
                "not_found": any(submission.user_id not in roster for roster in self.rosters),
            }
            assert reasons.get(answer.slug), (answer.slug, answer.detail)

    def _forget_settled(
        self, talk: Talk, calls: Sequence[tuple[str, Submission]], answers: Sequence[Appended | Problem | None]
    ) -> None:
        """What was answered cannot come in any more, unless the same is open elsewhere."""
        answered: dict = defaultdict(lambda: True)
        for (_, submission), answer in zip(calls, answers, strict=True):
            settled = answer is not None and not (isinstance(answer, Problem) and answer.slug == "unavailable")
            answered[submission.key] &= settled
        for key, settled in answered.items():
            if settled or key in talk.model.by_key:
                talk.model.offered.pop(key, None)

    async def _absorb(self, talk: Talk) -> None:
        """Take over what is new in the log: each entry was offered, and the model takes it there, too."""
        model = talk.model
        log = self.world.nodes[NODES[0]].log
        for entry in await log.entries(talk.id, after=model.head, before=2**53, limit=1000):
            offered = [s for s in model.offered.get(entry.key, ()) if s.payload_hash() == entry.hash]
            assert offered, f"nobody sent {entry.sequence}"
            assert entry.key not in model.by_key, f"twice: {entry.key}"
            assert not model.refusal(offered[0]), f"{model.refusal(offered[0])}, and yet there: {entry.sequence}"
            self._same(entry, model.take(offered[0]))
            self.epochs.add(model.epoch)
            self.rosters.append(model.members)
            if entry.type == COMMIT:
                talk.group = talk.next_groups[entry.client_id]

    def _same(self, entry: StoredEntry, row: Row) -> None:
        told = (entry.sequence, entry.ordinal, entry.epoch, entry.user_id, entry.type, entry.ciphertext)
        submission = row.submission
        assert told == (
            *(row.sequence, row.ordinal, row.epoch),
            *(submission.user_id, submission.type, submission.ciphertext),
        )

    async def _read(self, talk: Talk, person: int, node: str, where: str, place: int, limit: int) -> None:
        user_id = [*self.world.people, self.world.stranger][person].person.user_id
        await self._absorb(talk)
        places = {"after": None, "before": None, "around": None} | ({where: place} if where != "newest" else {})
        head = talk.model.head
        try:
            page = await self.world.nodes[node].reading.entries(user_id, talk.id, limit=limit, **places)
        except NotFound:
            assert not talk.model.visible(user_id)
            return
        # What a dead node had begun may have come in before the reading.
        await self._absorb(talk)
        assert talk.model.visible(user_id)
        if talk.model.head == head:
            assert [entry.sequence for entry in page.entries] == talk.model.page(user_id, limit=limit, **places)
            assert page.head == talk.model.visible(user_id)[-1]

    async def _tell_all(self, talk: Talk) -> None:
        await self._absorb(talk)
        owner, head = talk.owner.person.user_id, talk.model.head
        for node in self.world.nodes.values():
            told, after = [], 0
            while after is not None:
                page = await node.reading.entries(owner, talk.id, after=after, before=None, around=None, limit=7)
                told += [(entry.sequence, entry.ordinal, entry.client_id) for entry in page.entries]
                after = page.next
            await self._absorb(talk)
            model = talk.model.rows[: len(told)]
            assert told == [(row.sequence, row.ordinal, row.submission.client_id) for row in model]
            assert len(told) >= head


@pytest.fixture
def world(stack: Stack):
    found = World(stack.mongodb_url)
    yield found
    found.close()


def play_all(world: World, sequences: int, *phases: Phase) -> None:
    for begun in range(0, sequences, ROUND):
        play(world, min(ROUND, sequences - begun), SEED + begun, phases)


def play(world: World, sequences: int, from_seed: int, phases: tuple[Phase, ...]) -> None:
    class Machine(LogMachine):
        pass

    Machine.world = world
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(from_seed)(Machine), settings=chosen)


@pytest.mark.timeout(120 + SEQUENCES)
def test_the_log_is_what_the_model_says(world: World, say_trials: Callable[[str], None]):
    play_all(world, SEQUENCES, Phase.generate, Phase.shrink)
    say_trials(
        f"sequences n={world.sequences} steps={world.steps} entries={world.entries} crashes={world.crashes} seed={SEED}"
    )


def an_epoch_nobody_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "check_epoch", lambda state, epoch: None)


def a_page_without_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Reading._page
    monkeypatch.setattr(Reading, "_page", lambda self, user_id, access, found: whole(self, user_id, access, found[:-1]))


def an_acknowledgement_before_the_write(monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(self: GroupWriter, entries: Sequence[StoredEntry]) -> str:
        return "stored"

    monkeypatch.setattr(GroupWriter, "write", write)


def a_removal_that_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def span(self: States, state: ConversationState, user_id: str) -> Span:
        return Span(1)

    monkeypatch.setattr(States, "span", span)


@pytest.mark.parametrize(
    "plant",
    [
        an_epoch_nobody_checks,
        a_page_without_its_last,
        an_acknowledgement_before_the_write,
        a_removal_that_hides_nothing,
    ],
)
def test_a_planted_fault_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
):
    plant(monkeypatch)
    # Flaky where the same steps, played again, break elsewhere or not at all: without a fault no step breaks.
    with pytest.raises((AssertionError, Flaky)):
        play_all(world, 50, Phase.generate)

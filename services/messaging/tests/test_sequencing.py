"""Appending, writing and the states behind them, corner by corner: what only a rare moment would reach."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from memory_log import Members, Memory
from messaging_space import Disk

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.problems import (
    ClientIdReused,
    EpochStale,
    Internal,
    NotFound,
    PolicyRefused,
    Unavailable,
)
from parley_messaging.domain.conversation import ConversationState, Span, next_entry
from parley_messaging.domain.entries import MESSAGE, StoredEntry, Submission
from parley_messaging.metrics import Metrics
from parley_messaging.ports import Inserted, Outcome, PeerUnreachable
from parley_messaging.service import appending as appending_module
from parley_messaging.service import writer as writer_module
from parley_messaging.service.appending import Appending
from parley_messaging.service.plans import Plan
from parley_messaging.service.states import Lru, States
from parley_messaging.service.storage import Storage
from parley_messaging.service.writer import GroupWriter

WHERE = ConversationId(new_uuid7())
DEVICE, USER = DeviceId(new_uuid7()), UserId(new_uuid7())


def message(text: bytes = b"x", *, where: ConversationId = WHERE, client_id: str = "") -> Submission:
    return Submission(
        type=MESSAGE,
        conversation_id=where,
        user_id=USER,
        device_id=DEVICE,
        client_id=ClientId(client_id or new_uuid7()),
        ciphertext=text,
    )


class Taking:
    """Accepts everything, or what `refuse` says."""

    def __init__(self) -> None:
        self.refuse: dict[bytes, Exception] = {}
        self.broken = False

    async def plan(self, state: ConversationState, submissions: Sequence[Submission]) -> Plan:
        if self.broken:
            raise RuntimeError("a bug")
        plan = Plan(state)
        for submission in submissions:
            if submission.ciphertext in self.refuse:
                plan.refused[submission.key] = self.refuse[submission.ciphertext]
            else:
                plan.add(next_entry(plan.state, submission, kind="group"))
        return plan


class Others:
    """The other nodes: nobody, or one that answers `outcomes`, or is not to be reached."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.outcomes: list[Outcome] | None = None

    def owner(self, _: ConversationId) -> str | None:
        return self.name

    async def forward(self, _: str, __: Sequence[Submission]) -> list[Outcome]:
        if self.outcomes is None:
            raise PeerUnreachable
        return self.outcomes


class Desk:
    """A node's appending, with everything around it in the test's hands."""

    def __init__(self) -> None:
        self.log, self.accepting, self.peers, self.members = Memory(), Taking(), Others(), Members()
        self.told: list[int] = []
        self.disk = Disk()
        self.storage = Storage(self.disk)
        self.appending = Appending(
            log=self.log,
            memberships=self.members,
            states=States(self.log, self.members),
            accepting=self.accepting,
            peers=self.peers,
            storage=self.storage,
            metrics=Metrics(),
            listener=lambda entries: self.told.extend(entry.sequence for entry in entries),
            acknowledged=lambda submission, answer: None,
        )

    def submit(self, *submissions: Submission, forwarded: bool = False) -> asyncio.Future[list[Any]]:
        waiting = [self.appending.submit(submission, forwarded=forwarded) for submission in submissions]
        return asyncio.gather(*waiting, return_exceptions=True)

    async def sequences(self, *submissions: Submission) -> list[int]:
        return [answer.sequence for answer in await self.submit(*submissions)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


# --- lanes ------------------------------------------------------------------------------------------------------------


async def test_a_repetition_is_answered_from_memory_and_another_payload_from_the_log(desk: Desk):
    first = message(b"one")
    assert await desk.sequences(first) == [1]
    inserts = len(desk.log.inserts)
    assert await desk.sequences(first) == [1]
    assert len(desk.log.inserts) == inserts
    other = message(b"two", client_id=first.client_id)
    desk.log.before_insert = lambda entries: Inserted("duplicate", 0)
    (answer,) = await desk.submit(other)
    assert isinstance(answer, ClientIdReused)


async def test_what_repeats_in_one_batch_is_one_entry_and_two_payloads_are_two_batches(desk: Desk):
    first, second = message(b"one"), message(b"two")
    rival = message(b"else", client_id=first.client_id)
    desk.log.before_insert = lambda entries: (
        Inserted("duplicate", 0) if any(entry.ciphertext == b"else" for entry in entries) else None
    )
    answers = await desk.submit(first, second, first, rival)
    assert [a.sequence for a in answers[:3]] == [1, 2, 1]
    assert isinstance(answers[3], ClientIdReused)
    assert [row.sequence for row in desk.log.rows] == [1, 2]


async def test_forwarded_ones_go_in_batches_of_their_own(desk: Desk):
    own, theirs = message(b"own"), message(b"theirs")
    desk.peers.name = "another"
    waiting = [desk.submit(own), desk.submit(theirs, forwarded=True)]
    assert [(await answers)[0].sequence for answers in waiting] == [1, 2]
    assert desk.log.inserts == [1, 1]


async def test_a_batch_has_so_many_bytes(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(appending_module, "BATCH_SIZE_BYTES_MAX", 1000)
    assert await desk.sequences(*(message(bytes(300)) for _ in range(4))) == [1, 2, 3, 4]
    assert desk.log.inserts == [1, 1, 1, 1]


async def test_too_much_waiting_is_a_clear_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(appending_module, "APPEND_QUEUE_MAX", 2)
    answers = await desk.submit(message(), message(), message())
    assert [type(answer).__name__ for answer in answers] == ["Appended", "Appended", "Unavailable"]
    assert desk.appending.waiting == 0


async def test_on_a_full_disk_only_what_is_stored_already_is_acknowledged(desk: Desk):
    first, second = message(b"one"), message(b"two")
    assert await desk.sequences(first) == [1]
    desk.disk.free = 0
    await desk.storage.look()
    answers = await desk.submit(first, second)
    assert [type(answer).__name__ for answer in answers] == ["Appended", "StorageFull"]
    desk.disk.free = 1 << 40
    await desk.storage.look()
    assert await desk.sequences(second) == [2]


async def test_a_bug_answers_its_callers_and_the_lane_goes_on(desk: Desk):
    desk.accepting.broken = True
    answers = await desk.submit(message(), message())
    assert all(isinstance(answer, Internal) for answer in answers)
    desk.accepting.broken = False
    assert await desk.sequences(message()) == [1]
    assert desk.appending.waiting == 0


async def test_who_waits_no_more_is_no_trouble(desk: Desk):
    gone, gone_too = desk.appending.submit(message(b"a")), desk.appending.submit(message(b"b"))
    gone.cancel()
    desk.accepting.refuse[b"b"] = NotFound()
    gone_too.cancel()
    await desk.appending.drained()
    assert [row.sequence for row in desk.log.rows] == [1]
    await desk.appending.drained()  # nothing to wait for


async def test_an_old_state_refuses_nobody(desk: Desk):
    """What was judged by an old epoch is judged again; what stays refused may yet be stored."""
    await desk.sequences(message(b"first"))
    commit = next_entry(ConversationState.after(desk.log.rows[-1]), message(b"commit"), kind="group")
    desk.log.rows.append(msgspec.structs.replace(commit, epoch=1, epoch_sequence=2))
    desk.accepting.refuse[b"late"] = EpochStale(epoch=1, head=2)
    judged = desk.accepting.plan

    async def once_refused(state: ConversationState, submissions: Sequence[Submission]) -> Plan:
        plan = await judged(state, submissions)
        if state.head >= 2:
            desk.accepting.refuse.pop(b"young", None)
        return plan

    desk.accepting.plan = once_refused
    desk.accepting.refuse[b"young"] = EpochStale(epoch=1, head=2)
    late, young = await desk.submit(message(b"late"), message(b"young"))
    assert isinstance(late, EpochStale)
    assert isinstance(young, EpochStale)
    assert await desk.sequences(message(b"young")) == [3]


async def test_what_is_refused_and_yet_stored_is_acknowledged(desk: Desk):
    stored = message(b"stored")
    assert await desk.sequences(stored) == [1]
    desk.appending.recent.drop((WHERE, *stored.key))
    desk.accepting.refuse[b"stored"] = EpochStale(epoch=1, head=1)
    assert await desk.sequences(stored) == [1]
    other = message(b"other", client_id=stored.client_id)
    desk.accepting.refuse[b"other"] = EpochStale(epoch=1, head=1)
    (answer,) = await desk.submit(other)
    assert isinstance(answer, ClientIdReused)


async def test_an_owner_that_answers_and_one_that_does_not(desk: Desk):
    sent = message()
    desk.peers.name = "another"
    assert await desk.sequences(sent) == [1]  # not to be reached: appended here
    refusal = Outcome(problem=PolicyRefused("no").to_dict())
    desk.peers.outcomes = [refusal]
    (answer,) = await desk.submit(message())
    assert isinstance(answer, PolicyRefused)
    desk.peers.outcomes = [Outcome(problem=Unavailable("away", retry_after_s=1).to_dict())]
    answers = await desk.submit(message(), message())
    assert all(isinstance(answer, Unavailable) for answer in answers)
    desk.peers.outcomes = [Outcome(appended=desk.log.rows[0].appended())]
    assert await desk.sequences(message()) == [1]


async def test_doubt_is_settled_by_reading_and_not_for_ever(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def stored_without_a_word(entries: Sequence[StoredEntry]) -> Inserted:
        desk.log.rows += entries
        desk.log.away = 2
        desk.log.before_insert = None
        return Inserted("unknown")

    desk.log.before_insert = stored_without_a_word
    assert await desk.sequences(message()) == [1]
    assert desk.told == [1]

    monkeypatch.setattr(appending_module, "APPEND_TIMEOUT_S", 0.05)
    desk.log.before_insert = lambda entries: Inserted("unknown")
    (answer,) = await desk.submit(message())
    assert isinstance(answer, Unavailable)


async def test_listeners_are_spared_what_cannot_be_read(desk: Desk):
    whole = desk.log.entries

    async def away(*_: Any, **__: Any) -> list[StoredEntry]:
        raise Unavailable

    desk.log.entries = away

    def stored_without_a_word(entries: Sequence[StoredEntry]) -> Inserted:
        desk.log.rows += entries
        return Inserted("unknown")

    desk.log.before_insert = stored_without_a_word
    assert await desk.sequences(message()) == [1]
    assert desk.told == []
    desk.log.entries = whole


# --- the writer -------------------------------------------------------------------------------------------------------


def run_of(count: int, where: ConversationId, after: int = 0) -> list[StoredEntry]:
    state = ConversationState(where, head=after)
    found = []
    for _ in range(count):
        found.append(next_entry(state, message(where=where), kind="group"))
        state = ConversationState.after(found[-1])
    return found


async def test_an_insert_that_breaks_leaves_a_doubt_and_no_silence():
    log = Memory()

    def broken(_: Sequence[StoredEntry]) -> Inserted:
        raise RuntimeError("a bug")

    log.before_insert = broken
    assert await GroupWriter(log, Metrics()).write(run_of(2, WHERE)) == "unknown"


async def test_a_duplicate_parts_those_before_it_from_itself_and_the_rest():
    log, others = Memory(), [ConversationId(new_uuid7()) for _ in range(2)]
    log.rows = run_of(1, WHERE)
    writer = GroupWriter(log, Metrics())
    writes = [writer.write(run_of(2, others[0])), writer.write(run_of(2, WHERE)), writer.write(run_of(2, others[1]))]
    assert await asyncio.gather(*writes) == ["unconfirmed", "conflict", "stored"]
    assert log.inserts == [6, 2]


async def test_an_insert_has_so_many_entries(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writer_module, "APPEND_BATCH_MAX", 3)
    log = Memory()
    writer = GroupWriter(log, Metrics())
    assert set(await asyncio.gather(*(writer.write(run_of(2, ConversationId(new_uuid7()))) for _ in range(3)))) == {
        "stored"
    }
    assert log.inserts == [2, 2, 2]


async def test_a_verdict_that_nobody_waits_for():
    log = Memory()
    writer = GroupWriter(log, Metrics())
    writing = asyncio.create_task(writer.write(run_of(1, WHERE)))
    await asyncio.sleep(0)
    writing.cancel()
    assert await writer.write(run_of(1, ConversationId(new_uuid7()))) == "stored"
    assert len(log.rows) == 2


# --- states -----------------------------------------------------------------------------------------------------------


def test_what_was_not_used_for_longest_goes():
    cache: Lru[str, int] = Lru(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]
    cache.drop("a")
    cache.drop("a")
    assert cache.get("a") is None


async def test_a_state_is_as_new_as_asked():
    log, members = Memory(), Members()
    states = States(log, members)
    assert (await states.state(WHERE)).head == 0
    log.rows = run_of(3, WHERE)
    first = await states.at_least(WHERE, 3)
    assert first.head == 3
    log.rows += run_of(1, WHERE, after=3)
    assert (await states.at_least(WHERE, 3)).head == 3
    assert (await states.at_least(WHERE, 4)).head == 4
    states.observe(first)  # older than what is known
    assert (await states.state(WHERE)).head == 4
    states.forget(WHERE)
    assert (await states.state(WHERE)).head == 4


async def test_a_span_is_remembered_and_none_is_not():
    members = Members()
    states = States(Memory(), members)
    members.found = None
    state = ConversationState(WHERE, head=1)
    assert [await states.span(state, USER), await states.span(state, USER)] == [None, None]
    members.found = Span(2, 5)
    assert [await states.span(state, USER), await states.span(state, USER)] == [Span(2, 5)] * 2
    assert members.asked == 3
    assert [Span(2, 5).covers(n) for n in (1, 2, 5, 6)] == [False, True, True, False]
    assert Span(2).covers(99)


async def test_a_log_that_lacks_what_it_refers_to_is_a_bug():
    states = States(Memory(), Members())
    with pytest.raises(Internal):
        await states.epoch(ConversationState(WHERE, head=9, epoch_sequence=4, policy_sequence=4))

"""The checker of histories: every planted fault is caught, by its own name, and what is sound is let pass."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from checker import Acknowledgement, Count, Entry, History, Membership, Send, Stretch, View, judge
from checker.judging import KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

WHERE = "garden"


@dataclass
class Town:
    """A conversation as an honest server would have it: three members, of whom Cesar comes late and goes early.

    The log: 1 creation, 2 anna a0, 3 berta b0, 4 Cesar comes, 5 anna a1, 6 cesar c0, 7 berta b1, 8 Cesar goes, 9 anna a2.
    """

    log: list[Entry] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    reads: list[View] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    seen: dict[str, list[Entry]] = field(default_factory=dict)
    members: list[Membership] = field(default_factory=list)

    def say(self, device: str, client_id: str) -> None:
        entry = Entry(len(self.log) + 1, device, client_id, f"text {client_id}", True, self.ordinal() + 1)
        self.log.append(entry)
        number = sum(send.device == device for send in self.sends)
        told = Acknowledgement(entry.sequence, at_s=float(entry.sequence), ordinal=entry.ordinal)
        self.sends.append(Send(WHERE, device, client_id, number, entry.payload, "acknowledged", told))

    def change(self) -> None:
        self.log.append(Entry(len(self.log) + 1, message=False, ordinal=self.ordinal()))

    def ordinal(self) -> int:
        return sum(entry.message for entry in self.log)

    def history(self) -> History:
        end = len(self.log)
        spans = {member.reader: member for member in self.members}
        views = [View("the log", WHERE, self.log, 0, end, log=True)]
        for reader, entries in self.seen.items():
            views.append(View(reader, WHERE, entries, spans[reader].first - 1, spans[reader].last or end))
        return History(self.sends, [*views, *self.reads], self.members, self.counts)


def town() -> Town:
    made = Town()
    made.change()
    for device, client_id in (
        ("anna", "a0"),
        ("berta", "b0"),
        ("", ""),
        ("anna", "a1"),
        ("cesar", "c0"),
        ("berta", "b1"),
    ):
        made.say(device, client_id) if device else made.change()
    made.change()
    made.say("anna", "a2")
    made.members = [Membership("anna", WHERE, 1), Membership("berta", WHERE, 1), Membership("cesar", WHERE, 4, 8)]
    made.seen = {"anna": list(made.log), "berta": list(made.log), "cesar": made.log[3:8]}
    made.counts = [Count("berta", WHERE, 2, 9, 5)]
    made.reads = [View("berta", WHERE, made.log[:7], 0, 7, began_s=7.5)]
    return made


def entry(made: Town, place: int, **changed: object) -> None:
    """Change an entry for everybody, as if the server had stored it so."""
    new = replace(made.log[place - 1], **changed)
    made.seen = {name: [new if e.sequence == place else e for e in rows] for name, rows in made.seen.items()}
    made.reads = [replace(v, entries=[new if e.sequence == place else e for e in v.entries]) for v in made.reads]
    made.log[place - 1] = new


def send(made: Town, client_id: str, **changed: object) -> None:
    made.sends = [replace(s, **changed) if s.client_id == client_id else s for s in made.sends]


def dropped(made: Town) -> None:
    del made.seen["berta"][4]


def dropped_at_the_end(made: Town) -> None:
    del made.seen["cesar"][-1]


def doubled_in_the_log(made: Town) -> None:
    made.log.append(replace(made.log[1], sequence=10, ordinal=7))
    for name in ("anna", "berta"):
        made.seen[name].append(made.log[9])


def doubled_for_a_reader(made: Town) -> None:
    made.seen["berta"].insert(6, made.seen["berta"][5])


def doubled_under_two_sequences_for_a_reader(made: Town) -> None:
    made.seen["berta"].append(replace(made.log[6], sequence=10))


def swapped_on_the_way(made: Town) -> None:
    rows = made.seen["berta"]
    rows[1], rows[2] = rows[2], rows[1]


def swapped_for_a_reader(made: Town) -> None:
    rows = made.seen["berta"]
    rows[1], rows[2] = replace(rows[2], sequence=2), replace(rows[1], sequence=3)


def gap(made: Town) -> None:
    """A number was given and never used: the seventh entry is the eighth, and so on, for everybody."""
    for sequence in (9, 8, 7):
        moved = made.log[sequence - 1]
        entry(made, sequence, sequence=sequence + 1)
        if moved.message:
            told = Acknowledgement(sequence + 1, at_s=float(sequence), ordinal=moved.ordinal)
            send(made, moved.client_id, acknowledgement=told)
    made.members[2] = Membership("cesar", WHERE, 4, 9)
    made.reads, made.counts = [], []


def phantom(made: Town) -> None:
    made.log.append(Entry(10, "anna", "a9", "text a9", True, 7))
    for name in ("anna", "berta"):
        made.seen[name].append(made.log[9])


def phantom_of_a_refused_send(made: Town) -> None:
    send(made, "a2", fate="refused", acknowledgement=None)


def phantom_for_a_reader(made: Town) -> None:
    made.seen["anna"].append(Entry(10, "berta", "b9", "text b9"))


def stale(made: Town) -> None:
    made.reads.append(View("anna", WHERE, made.log[:5], 0, 5, began_s=8.0))


def false_ack(made: Town) -> None:
    told = Acknowledgement(10, at_s=10.0)
    made.sends.append(Send(WHERE, "anna", "a3", 3, "text a3", "acknowledged", told))


def other_member_sees_before(made: Town) -> None:
    made.seen["cesar"].insert(0, made.log[2])


def other_member_sees_after(made: Town) -> None:
    made.seen["cesar"].append(made.log[8])


def wrong_order_per_device(made: Town) -> None:
    send(made, "a1", number=0)
    send(made, "a0", number=1)


def lost_after_failover(made: Town) -> None:
    """Acknowledged and seen; the new primary never had it."""
    made.log.pop()
    made.counts = []


def lost_without_an_answer(made: Town) -> None:
    send(made, "a2", fate="open", acknowledgement=None)
    made.log.pop()
    made.counts = []


def edited_by_another(made: Town) -> None:
    entry(made, 5, payload="text of berta's making")


def edited_into_anothers_name(made: Town) -> None:
    entry(made, 5, device="berta")


def edited_for_a_reader(made: Town) -> None:
    made.seen["berta"][4] = replace(made.seen["berta"][4], payload="something else")


def ordinal_wrong(made: Town) -> None:
    entry(made, 5, ordinal=5)


def ordinal_wrong_for_a_reader(made: Town) -> None:
    made.seen["berta"][4] = replace(made.seen["berta"][4], ordinal=9)


def unread_wrong(made: Town) -> None:
    made.counts.append(Count("anna", WHERE, 4, 9, 5))


def acknowledged_elsewhere(made: Town) -> None:
    send(made, "a1", acknowledgement=Acknowledgement(6, at_s=5.0))


def acknowledged_twice_differently(made: Town) -> None:
    send(made, "a1", again=(Acknowledgement(7, at_s=6.0),))


PLANTED: list[tuple[Callable[[Town], None], str]] = [
    (dropped, "dropped"),
    (dropped_at_the_end, "dropped"),
    (doubled_in_the_log, "doubled"),
    (doubled_for_a_reader, "doubled"),
    (doubled_under_two_sequences_for_a_reader, "doubled"),
    (swapped_on_the_way, "swapped"),
    (swapped_for_a_reader, "swapped"),
    (gap, "gap"),
    (phantom, "phantom"),
    (phantom_of_a_refused_send, "phantom"),
    (phantom_for_a_reader, "phantom"),
    (stale, "stale"),
    (false_ack, "false_ack"),
    (other_member_sees_before, "foreign"),
    (other_member_sees_after, "foreign"),
    (wrong_order_per_device, "disordered"),
    (lost_after_failover, "lost"),
    (lost_without_an_answer, "lost"),
    (edited_by_another, "edited"),
    (edited_into_anothers_name, "edited"),
    (edited_for_a_reader, "edited"),
    (ordinal_wrong, "miscounted"),
    (ordinal_wrong_for_a_reader, "miscounted"),
    (unread_wrong, "miscounted"),
    (acknowledged_elsewhere, "moved"),
    (acknowledged_twice_differently, "moved"),
]


def test_a_sound_history_is_let_pass():
    assert judge(town().history()) == []


@pytest.mark.parametrize(("plant", "kind"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_planted_fault_is_caught_by_its_name(plant: Callable[[Town], None], kind: str):
    made = town()
    plant(made)
    found = judge(made.history())
    assert {violation.kind for violation in found} == {kind}, found
    assert all(WHERE in str(violation) and violation.evidence for violation in found)


def test_every_kind_has_a_planted_fault():
    assert {kind for _, kind in PLANTED} | {"unread_log"} == set(KINDS)


def test_sends_without_a_log_are_not_let_pass():
    made = town().history()
    assert [v.kind for v in judge(replace(made, views=[v for v in made.views if not v.log]))] == ["unread_log"]


def test_an_open_send_counts_once_or_not_at_all():
    made = town()
    send(made, "a2", fate="open", acknowledgement=None)
    assert judge(made.history()) == []
    made.sends.append(Send(WHERE, "berta", "b7", 7, "never seen", "open"))
    assert judge(made.history()) == []
    doubled_in_the_log(made)
    assert {v.kind for v in judge(made.history())} == {"doubled"}


def test_sends_without_a_number_are_in_no_order():
    made = town()
    wrong_order_per_device(made)
    send(made, "a1", number=None)
    assert judge(made.history()) == []


def test_a_history_may_begin_in_the_middle():
    """A stretch after entry 4: what lies before is nobody's business, and what comes after is counted on from there."""
    made = town()
    whole = made.history()
    late = [
        replace(v, entries=[e for e in v.entries if e.sequence > 4], after=4) for v in whole.views if v.began_s is None
    ]
    sends = [s for s in whole.sends if s.client_id not in {"a0", "b0"}]
    told = History(sends, late, whole.memberships, (), [Stretch(WHERE, 4, 2)])
    assert judge(told) == []
    assert {v.kind for v in judge(replace(told, stretches=[Stretch(WHERE, 3, 2)]))} == {"gap"}
    assert {v.kind for v in judge(replace(told, stretches=[Stretch(WHERE, 4, 1)]))} == {"miscounted"}


def test_readers_of_messages_alone_owe_no_changes():
    made = town()
    views = made.history().views
    alone = [replace(v, entries=[e for e in v.entries if e.message], whole=False) for v in views]
    assert judge(replace(made.history(), views=alone, counts=())) == []
    mixed = [views[0], *alone[1:]]
    assert judge(replace(made.history(), views=mixed)) == []
    less = replace(alone[1], entries=alone[1].entries[:-1])
    assert {v.kind for v in judge(replace(made.history(), views=[views[0], less]))} == {"dropped"}


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), entries=st.integers(1, 60), members=st.integers(1, 5))
def test_what_an_honest_server_does_is_let_pass(seed: int, entries: int, members: int):
    assert judge(honest(random.Random(seed), entries, members)) == []


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), entries=st.integers(12, 60))
def test_what_one_reader_lacks_is_always_noticed(seed: int, entries: int):
    dice = random.Random(seed)
    made = honest(dice, entries, 3)
    live = [v for v in made.views if not v.log and v.entries]
    poor = dice.choice(live)
    rows = list(poor.entries)
    del rows[dice.randrange(len(rows))]
    views = [replace(v, entries=rows) if v is poor else v for v in made.views]
    assert {v.kind for v in judge(replace(made, views=views))} == {"dropped"}


def honest(dice: random.Random, entries: int, members: int) -> History:
    """A run of a server that keeps its promises, with open and refused sends, people who come and go, and reads."""
    log, sends, reads = [Entry(1, message=False, ordinal=0)], [], []
    spans = [Membership("m0", WHERE, 1), *(Membership(f"m{n}", WHERE, 1) for n in range(1, members))]
    counts, ordinal = [], 0
    for turn in range(entries):
        place = len(log) + 1
        who = dice.choice(["m0", *(s.reader for s in spans if s.last is None)])
        fate = dice.choices(["acknowledged", "stored but open", "open", "refused", "change"], [10, 1, 1, 1, 2])[0]
        if fate == "change":
            leaver = dice.choice(spans)
            if leaver.reader != "m0" and leaver.last is None:
                spans[spans.index(leaver)] = replace(leaver, last=place)
            log.append(Entry(place, message=False, ordinal=ordinal))
            continue
        stored = fate in {"acknowledged", "stored but open"}
        ordinal += stored
        told = Acknowledgement(place, place + 0.25, ordinal) if fate == "acknowledged" else None
        again = (told,) if told and dice.random() < 0.2 else ()
        sends.append(Send(WHERE, who, f"c{turn}", turn, f"t{turn}", fate.split()[-1], told, again))
        if stored:
            log.append(Entry(place, who, f"c{turn}", f"t{turn}", True, ordinal))
        if dice.random() < 0.2:
            reads.append(View("m0", WHERE, list(log), 0, len(log), began_s=len(log) + 0.5))
            read = dice.randrange(len(log) + 1)
            counts.append(Count("m0", WHERE, read, len(log), sum(e.message for e in log[read:])))
    live = [
        View(s.reader, WHERE, [e for e in log if e.sequence <= (s.last or len(log))], 0, s.last or len(log))
        for s in spans
    ]
    return History(sends, [View("the log", WHERE, log, 0, len(log), log=True), *live, *reads], spans, counts)

"""Every way in which a history breaks a promise, each with its kind and the evidence.

The measure is the log as it was read when all was over. Each reader is compared with it on its own, so what two readers
disagree about shows as a disagreement of at least one of them with the log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from checker.history import Acknowledgement, Count, Entry, History, Membership, Send, Stretch, View

#: What can be wrong, and what the word means.
KINDS = {
    "dropped": "a reader has not got an entry that it should have",
    "doubled": "one submission is there twice",
    "swapped": "a reader has entries in another order than the log",
    "gap": "the log's sequences are not 1, 2, 3 …",
    "phantom": "an entry that nobody sent, or whose send was refused",
    "stale": "a read that began after an acknowledgement does not reach it",
    "false_ack": "an acknowledged message is nowhere",
    "lost": "what a reader already had, or was acknowledged and seen, is gone from the log",
    "foreign": "a reader sees what lies outside its membership",
    "disordered": "a device's messages are not in the order in which it sent them",
    "edited": "an entry holds another payload, or another author, than was sent under its client id",
    "miscounted": "an ordinal or an unread count is wrong",
    "moved": "an acknowledgement names another place than the log, or two of them differ",
    "unread_log": "a conversation with sends has no log to measure by",
}

_Key = tuple[str, str]  # (device, client id)


@dataclass(frozen=True)
class Violation:
    """A broken promise: its kind, where, and what was found instead of what."""

    kind: str
    conversation: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.conversation}: {self.evidence}"


def judge(history: History) -> list[Violation]:
    """All violations, conversation by conversation; none for a history that keeps every promise."""
    conversations = {send.conversation for send in history.sends} | {view.conversation for view in history.views}
    return [found for name in sorted(conversations) for found in _Conversation(history, name).violations()]


def _entry_words(entry: Entry) -> str:
    what = f"{entry.client_id} of {entry.device}" if entry.message else "a change"
    return f"{entry.sequence} ({what})"


@dataclass
class _Conversation:
    """One conversation's part of a history."""

    history: History
    name: str
    log: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sends = [send for send in self.history.sends if send.conversation == self.name]
        self.views = [view for view in self.history.views if view.conversation == self.name]
        self.start = next((s for s in self.history.stretches if s.conversation == self.name), Stretch(self.name))
        self.spans: dict[str, list[Membership]] = defaultdict(list)
        for membership in self.history.memberships:
            if membership.conversation == self.name:
                self.spans[membership.reader].append(membership)
        self.by_key: dict[_Key, Send] = {(send.device, send.client_id): send for send in self.sends}
        self.authors: dict[str, str] = {send.client_id: send.device for send in self.sends}

    def violations(self) -> Iterator[Violation]:
        """All of this conversation's."""
        logs = [view for view in self.views if view.log]
        if not logs:
            yield self._found("unread_log", f"{len(self.sends)} sends and no view of the whole")
            return
        self.log = {entry.sequence: entry for entry in logs[0].entries}
        self.whole = logs[0].whole
        self.places = _places(self.log.values())
        self.seen_keys = {_key(entry) for view in self.views if not view.log for entry in view.entries if entry.message}
        yield from self._judge_log()
        yield from self._judge_sends()
        for view in self.views:
            yield from self._judge_view(view)
        for count in self.history.counts:
            if count.conversation == self.name:
                yield from self._judge_count(count)

    def _found(self, kind: str, evidence: str) -> Violation:
        return Violation(kind, self.name, evidence)

    # --- the log itself -----------------------------------------------------------------------------------------------

    def _judge_log(self) -> Iterator[Violation]:
        expected, ordinal = self.start.after + 1, self.start.ordinal
        for sequence in sorted(self.log):
            entry = self.log[sequence]
            if sequence != expected and self.whole:
                yield self._found("gap", f"after {expected - 1} comes {sequence}")
            expected = sequence + 1
            ordinal += entry.message
            if entry.ordinal is not None and entry.ordinal != ordinal and self.whole:
                yield self._found("miscounted", f"{_entry_words(entry)} has ordinal {entry.ordinal}, not {ordinal}")
                ordinal = entry.ordinal  # one wrong count is one violation
            if entry.message:
                yield from self._judge_origin(entry, "the log")
        for key, places in self.places.items():
            if len(places) > 1:
                yield self._found("doubled", f"{key[1]} of {key[0]} is at {places}")

    def _judge_origin(self, entry: Entry, where: str) -> Iterator[Violation]:
        """Whether somebody sent this entry as it is."""
        send = self.by_key.get(_key(entry))
        if send is not None and send.fate == "refused":
            yield self._found("phantom", f"{where} has {_entry_words(entry)}, which was refused")
        elif send is not None and _differ(send.payload, entry.payload):
            yield self._found(
                "edited", f"{where} has {_entry_words(entry)} with {entry.payload!r}, not {send.payload!r}"
            )
        elif send is None and entry.client_id in self.authors:
            author = self.authors[entry.client_id]
            yield self._found("edited", f"{where} has {_entry_words(entry)}, which {author} sent")
        elif send is None:
            yield self._found("phantom", f"{where} has {_entry_words(entry)}, which nobody sent")

    # --- what was sent ------------------------------------------------------------------------------------------------

    def _judge_sends(self) -> Iterator[Violation]:
        own: dict[str, list[Send]] = defaultdict(list)
        for send in self.sends:
            own[send.device].append(send)
            yield from self._judge_acknowledgement(send)
        for device, sends in own.items():
            yield from self._judge_own_order(device, sends)

    def _judge_acknowledgement(self, send: Send) -> Iterator[Violation]:
        told = [*([send.acknowledgement] if send.acknowledgement else []), *send.again]
        if len({ack.sequence for ack in told}) > 1:
            yield self._found("moved", f"{send.client_id} was acknowledged at {[ack.sequence for ack in told]}")
        if send.acknowledgement is None:
            return
        key = (send.device, send.client_id)
        places = self.places.get(key, [])
        if not places and send.client_id not in {entry.client_id for entry in self._log_messages()}:
            kind = "lost" if key in self.seen_keys else "false_ack"
            yield self._found(
                kind, f"{send.client_id} of {send.device}, acknowledged at {send.acknowledgement.sequence}"
            )
        elif len(places) == 1:
            yield from self._judge_place(send, send.acknowledgement, places[0])

    def _judge_place(self, send: Send, told: Acknowledgement, place: int) -> Iterator[Violation]:
        if told.sequence != place:
            yield self._found("moved", f"{send.client_id} is at {place}, acknowledged at {told.sequence}")
        elif told.ordinal is not None and told.ordinal != self.log[place].ordinal is not None:
            yield self._found("miscounted", f"{send.client_id} was told ordinal {told.ordinal}")

    def _log_messages(self) -> Iterable[Entry]:
        return (entry for entry in self.log.values() if entry.message)

    def _judge_own_order(self, device: str, sends: Sequence[Send]) -> Iterator[Violation]:
        highest, behind = 0, ""
        waiting: list[tuple[int, str]] = []
        number = None
        numbered = [(send.number, send) for send in sends if send.number is not None]
        for place_in_time, send in sorted(numbered, key=itemgetter(0)):
            if place_in_time != number:
                highest, behind = max([(highest, behind), *waiting])
                waiting, number = [], place_in_time
            places = self.places.get((device, send.client_id), [])
            if len(places) != 1:
                continue
            if places[0] < highest:
                yield self._found(
                    "disordered",
                    f"{device} sent {behind} first, which is at {highest}, and {send.client_id} at {places[0]}",
                )
            waiting.append((places[0], send.client_id))

    # --- what was seen ------------------------------------------------------------------------------------------------

    def _judge_view(self, view: View) -> Iterator[Violation]:
        if not view.log:
            yield from self._judge_visible(view)
            yield from self._judge_entries(view)
        yield from self._judge_order(view)
        if view.began_s is not None:
            yield from self._judge_freshness(view, view.began_s)

    def _may_see(self, reader: str, sequence: int) -> bool:
        """Readers of whom no membership is told see everything."""
        spans = self.spans.get(reader)
        return not spans or any(s.first <= sequence and (s.last is None or sequence <= s.last) for s in spans)

    def _judge_visible(self, view: View) -> Iterator[Violation]:
        for entry in view.entries:
            if not self._may_see(view.reader, entry.sequence):
                yield self._found("foreign", f"{view.reader} sees {_entry_words(entry)}")

    def _judge_entries(self, view: View) -> Iterator[Violation]:
        """Each entry is the log's, and none is missing within what the view claims to hold."""
        seen: set[int] = set()
        where: Mapping[_Key, Sequence[int]] = _places(view.entries)
        for key, places in where.items():
            if len(places) > 1 and len(self.places.get(key, [])) < 2:
                yield self._found("doubled", f"{view.reader} has {key[1]} of {key[0]} at {places}")
        for entry in view.entries:
            seen.add(entry.sequence)
            yield from self._judge_entry(view, entry)
        for sequence, entry in self.log.items():
            wanted = view.after < sequence <= view.until and (view.whole or (entry.message and entry.shown))
            if wanted and sequence not in seen and self._may_see(view.reader, sequence):
                yield self._found("dropped", f"{view.reader} has not got {_entry_words(entry)}")

    def _judge_entry(self, view: View, entry: Entry) -> Iterator[Violation]:
        stored = self.log.get(entry.sequence)
        if not entry.message:
            if stored is None:
                yield self._found("lost", f"{view.reader} had {_entry_words(entry)}")
        elif stored is not None and stored.message and _key(stored) == _key(entry):
            if stored.payload != entry.payload:
                yield from self._judge_origin(entry, view.reader)
            elif None not in {entry.ordinal, stored.ordinal} and entry.ordinal != stored.ordinal:
                yield self._found("miscounted", f"{view.reader} has {_entry_words(entry)} with {entry.ordinal}")
        else:
            yield from self._judge_misplaced(view, entry)

    def _judge_misplaced(self, view: View, entry: Entry) -> Iterator[Violation]:
        """A message that the log has not got at this place."""
        key = _key(entry)
        send = self.by_key.get(key)
        if key in self.places:
            if len(self.places[key]) == 1 and sum(_key(e) == key for e in view.entries if e.message) == 1:
                yield self._found(
                    "swapped", f"{view.reader} has {_entry_words(entry)}, the log at {self.places[key][0]}"
                )
        elif send is None or send.fate == "refused":
            yield from self._judge_origin(entry, view.reader)
        elif send.acknowledgement is None:  # acknowledged ones are told once, by their send
            yield self._found("lost", f"{view.reader} had {_entry_words(entry)}")

    def _judge_order(self, view: View) -> Iterator[Violation]:
        """Sequences rise. A doubled one is told as such."""
        last = 0
        for entry in view.entries:
            if entry.sequence <= last:
                repeated = sum(other.sequence == entry.sequence for other in view.entries) > 1
                kind = "doubled" if repeated else "swapped"
                yield self._found(kind, f"{view.reader} has {_entry_words(entry)} after {last}")
                return
            last = entry.sequence

    def _judge_freshness(self, view: View, began_s: float) -> Iterator[Violation]:
        for send in self.sends:
            told = send.acknowledgement
            if told is None or told.at_s > began_s or not self._may_see(view.reader, told.sequence):
                continue
            if told.sequence > view.until and self.places.get((send.device, send.client_id)):
                yield self._found(
                    "stale", f"{view.reader} read up to {view.until} after {told.sequence} was acknowledged"
                )
                return

    def _judge_count(self, count: Count) -> Iterator[Violation]:
        unread = sum(entry.message for sequence, entry in self.log.items() if count.read < sequence <= count.head)
        if unread != count.unread:
            yield self._found(
                "miscounted",
                f"{count.reader} is shown {count.unread} unread from {count.read} to {count.head}, not {unread}",
            )


def _differ(sent: str, found: str) -> bool:
    return bool(sent and found) and sent != found


def _key(entry: Entry) -> _Key:
    return (entry.device, entry.client_id)


def _places(entries: Iterable[Entry]) -> dict[_Key, list[int]]:
    """Where each submission stands among these entries; the same place twice is the order's business."""
    found: dict[_Key, list[int]] = {}
    for entry in entries:
        if entry.message and entry.sequence not in found.setdefault(_key(entry), []):
            found[_key(entry)].append(entry.sequence)
    return found

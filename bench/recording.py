"""Load that remembers: raw sockets through the gateway that write and read, and the histories of what they saw.

A witness is one device's socket. It sends one message at a time to each conversation, again and again until an answer comes, and
comes back whenever its socket ends. What one window of time showed becomes a `checker.History`.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from checker import Acknowledgement, Entry, History, Membership, Send, Stretch, View
from room import Room, Sender
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from parley_client import Client
from parley_client.api import messaging
from parley_contracts.ids import ConversationId
from parley_contracts.messaging_api import Entry as WireEntry
from parley_contracts.messaging_api import EntryPage
from parley_contracts.resets import RESET, UNUSABLE

ANSWER_TIMEOUT_S = 5.0
PAUSE_S = 0.02
RETRY_S_MAX = 0.25
REPEATED_SHARE = 0.05
SETTLE_TIMEOUT_S = 60.0
#: Promise 4: what pub/sub lost is repaired within this.
REPAIR_TIMEOUT_S = 5.0
#: Access tokens last ten minutes: a socket that ends because of that in a window was not ended by a fault.
RENEW_AFTER_S = 240.0
_ENTRY_TYPES = frozenset({"conversation.created", "message.created", "commit.created", UNUSABLE, RESET})


@dataclass
class Segment:
    """What one socket told of one conversation, from `after` on."""

    after: int
    entries: list[Entry] = field(default_factory=list)
    alive: bool = True

    @property
    def last(self) -> int:
        """The newest sequence told."""
        return self.entries[-1].sequence if self.entries else self.after


@dataclass
class Sent:
    """A message on its way, and what was answered so far."""

    conversation: ConversationId
    number: int
    client_id: str
    frame: str
    payload: str
    answers: list[Acknowledgement] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    refused: str = ""

    def as_send(self, device: str) -> Send:
        """It, for the checker."""
        first = self.answers[0] if self.answers else None
        fate: Any = "acknowledged" if first else "refused" if self.refused else "open"
        return Send(
            self.conversation, device, self.client_id, self.number, self.payload, fate, first, tuple(self.answers[1:])
        )


@dataclass(frozen=True)
class Absence:
    """From the end of a socket until the device was ready again; seconds of the monotonic clock."""

    lost_s: float
    ready_s: float


class Witness:
    """One device: its socket, what it sends, what it is told. `problems` counts its sends that were refused, by status."""

    def __init__(self, room: Room, client: Client, senders: Sequence[Sender], dice: random.Random) -> None:
        self.client = client
        self.device = client.session.device.device_id
        self.senders = senders
        self.absences: list[Absence] = []
        self.sent: list[Sent] = []
        self.segments: list[tuple[ConversationId, Segment]] = []
        self.slowest_s = 0.0
        self.problems: Counter[int] = Counter()
        self._room, self._dice = room, dice
        self._now: dict[ConversationId, Segment] = {}
        self._waiting: dict[str, Sent] = {}
        self._socket: ClientConnection | None = None
        self._began_s = 0.0
        self._ready = asyncio.Event()
        self._numbers: dict[ConversationId, int] = defaultdict(int)

    @property
    def connected(self) -> bool:
        """Whether its socket is up."""
        return self._ready.is_set()

    async def run(self) -> None:
        """Be connected until cancelled."""
        lost_s: float | None = None
        attempt = 0
        while True:
            try:
                socket, ready = await self._room.open_socket(await self._room.token(self.client))
            except Exception:  # noqa: BLE001 - whatever is away may fail in any way: the device tries again
                attempt += 1
                await asyncio.sleep(self._dice.uniform(0, min(RETRY_S_MAX, 0.02 * 2**attempt)))
                continue
            attempt = 0
            self._begin(socket, ready)
            if lost_s is not None:
                self.absences.append(Absence(lost_s, time.monotonic()))
            await self._listen(socket)
            lost_s = time.monotonic()
            self._ready.clear()
            for segment in self._now.values():
                segment.alive = False
            for sent in self._waiting.values():
                sent.changed.set()  # nothing more comes on this socket: whoever waits sends again

    def _begin(self, socket: ClientConnection, ready: dict[str, Any]) -> None:
        self._now = {}
        for head in ready["conversations"]:
            self._follow(head["conversation_id"], head["head"])
        self._socket, self._began_s = socket, time.monotonic()
        self._ready.set()

    def _follow(self, conversation: ConversationId, after: int) -> Segment:
        segment = self._now[conversation] = Segment(after)
        self.segments.append((conversation, segment))
        return segment

    async def renew(self) -> None:
        """Come anew with a fresh token, if this one is old."""
        if self._socket is not None and time.monotonic() > self._began_s + RENEW_AFTER_S:
            await self.client.session.api.access_token(unless=await self._room.token(self.client))
            self._ready.clear()
            await self._socket.close()
            await self._ready.wait()

    def begin_window(self) -> None:
        """Forget what was; the socket stays."""
        self.sent, self.segments, self.absences, self.slowest_s = [], [], [], 0.0
        self.problems.clear()
        for conversation, segment in list(self._now.items()):
            if segment.alive:
                self._follow(conversation, segment.last)

    def caught_up(self, conversation: ConversationId, head: int) -> bool:
        """Whether a connected socket has told everything up to `head`."""
        segment = self._now.get(conversation)
        return not self.connected or segment is None or segment.last >= head

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(json.loads(text))
        except WebSocketException:
            pass
        finally:
            socket.transport.abort()

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in _ENTRY_TYPES:
            conversation = frame["conversation_id"]
            # A conversation that `ready` did not name is none of this device's: the checker shall see that.
            segment = self._now.get(conversation) or self._follow(conversation, frame["sequence"] - 1)
            segment.entries.append(_entry_of_frame(frame))
        elif kind in {"ack", "problem"} and (sent := self._waiting.get(frame["ref"].removesuffix(" again"))):
            if kind == "ack":
                told = frame["appended"]
                sent.answers.append(Acknowledgement(told["sequence"], time.monotonic(), told["ordinal"]))
            else:
                self.problems[frame["problem"]["status"]] += 1
            if kind == "problem" and frame["problem"]["status"] < 500:
                sent.refused = frame["problem"]["type"]
            sent.changed.set()

    async def write(self, sender: Sender, writing: asyncio.Event) -> None:
        """Send message after message while `writing` is set; an open one is always settled first."""
        while True:
            await writing.wait()
            await self._send_one(sender)
            await asyncio.sleep(self._dice.uniform(0, 2 * PAUSE_S))

    async def _send_one(self, sender: Sender) -> None:
        conversation = sender.conversation_id
        client_id, frame = sender.frame()
        self._numbers[conversation] += 1
        sent = Sent(conversation, self._numbers[conversation], client_id, frame, json.loads(frame)["header"])
        self.sent.append(sent)
        self._waiting[client_id] = sent
        began = time.monotonic()
        again = self._dice.random() < REPEATED_SHARE
        while not sent.answers and not sent.refused:
            await self._ready.wait()
            sent.changed.clear()
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await self._say(frame)
                    if again:
                        await self._say(frame.replace(f'"ref": "{client_id}"', f'"ref": "{client_id} again"'))
                    await sent.changed.wait()
            except (WebSocketException, TimeoutError):
                pass
            if not sent.answers:
                await asyncio.sleep(PAUSE_S)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)

    async def _say(self, frame: str) -> None:
        if self._socket is not None:
            await self._socket.send(frame)

    def state(self) -> str:
        """What is open, for whoever has to find out why."""
        still = [
            f"{sent.client_id} in {sent.conversation}" for sent in self.sent if not sent.answers and not sent.refused
        ]
        return f"{self.device}: connected={self.connected} refused={dict(self.problems)} open={still}"

    def settled(self) -> bool:
        """Whether nothing is open."""
        return all(sent.answers or sent.refused for sent in self.sent)

    def forget_settled(self) -> None:
        """Take no more answers for what was settled in windows before."""
        self._waiting = {sent.client_id: sent for sent in self.sent}


def _entry_of_frame(frame: dict[str, Any]) -> Entry:
    message = frame["type"] == "message.created"
    if not message:
        return Entry(frame["sequence"], message=False, ordinal=frame["ordinal"])
    return Entry(
        frame["sequence"], frame["device_id"], frame["client_id"], frame.get("header", ""), ordinal=frame["ordinal"]
    )


def entry_of_page(entry: WireEntry) -> Entry:
    """An entry of a page of the log."""
    if entry.type != "message.created":
        return Entry(entry.sequence, message=False, ordinal=entry.ordinal)
    return Entry(entry.sequence, entry.device_id, entry.client_id, entry.header or "", ordinal=entry.ordinal)


class Recorder:
    """Witnesses at work in several conversations, and what a window of their time showed."""

    def __init__(self, room: Room, dice: random.Random) -> None:
        self._room, self._dice = room, dice
        self.witnesses: list[Witness] = []
        self.conversations: dict[ConversationId, list[Client]] = {}
        self._writing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stretches: dict[ConversationId, Stretch] = {}
        self._reads: list[View] = []

    async def start(self, people: int = 4) -> None:
        """Make one conversation of all people and one without the last of them, and begin to listen and to write."""
        await self._room.invite(people)
        owner, *others = self._room.people
        for members in (others, others[:-1]):
            self.conversations[await self._room.conversation(owner, members)] = [owner, *members]
        for client in self._room.people:
            senders = [
                await self._room.sender(client, c) for c, members in self.conversations.items() if client in members
            ]
            self.witnesses.append(Witness(self._room, client, senders, self._dice))
        for witness in self.witnesses:
            self._tasks.append(asyncio.create_task(witness.run()))
            self._tasks += [asyncio.create_task(witness.write(sender, self._writing)) for sender in witness.senders]
        self._tasks.append(asyncio.create_task(self._read_now_and_then()))
        await self.settle()

    async def stop(self) -> None:
        """End the work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.close()

    @property
    def acknowledged(self) -> int:
        """Messages acknowledged in this window so far."""
        return sum(bool(sent.answers) for witness in self.witnesses for sent in witness.sent)

    async def settle(self) -> None:
        """Stop writing, and wait until every message has its answer and every device its socket."""
        self._writing.clear()
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        while time.monotonic() < deadline:
            if all(witness.settled() and witness.connected for witness in self.witnesses):
                return
            await asyncio.sleep(PAUSE_S)
        states = "; ".join(witness.state() for witness in self.witnesses)
        raise TimeoutError(
            f"messages without an answer, or devices without a socket, after {SETTLE_TIMEOUT_S:.0f} s: {states}"
        )

    async def begin(self) -> None:
        """Open a window: what is written from here on will be judged. Nothing may be open."""
        async with asyncio.timeout(SETTLE_TIMEOUT_S):
            await asyncio.gather(*(witness.renew() for witness in self.witnesses))
        for conversation in self.conversations:
            page = await self._newest(conversation)
            newest = page.entries[-1]
            self._stretches[conversation] = Stretch(conversation, newest.sequence, newest.ordinal)
            await self._caught_up(conversation, newest.sequence)
        self._reads = []
        for witness in self.witnesses:
            witness.begin_window()
            witness.forget_settled()
        self._writing.set()

    async def end(self) -> History:
        """Close the window: its history, measured by the log as it is when all is settled."""
        await self.settle()
        views: list[View] = []
        for conversation, stretch in self._stretches.items():
            log = await self._log(conversation, stretch.after)
            head = log[-1].sequence if log else stretch.after
            await self._caught_up(conversation, head)
            views.append(View("the log", conversation, log, stretch.after, head, began_s=time.monotonic(), log=True))
        sends = [sent.as_send(witness.device) for witness in self.witnesses for sent in witness.sent]
        heads = {view.conversation: view.until for view in views}
        for witness in self.witnesses:
            views += [
                View(
                    witness.device,
                    c,
                    segment.entries,
                    segment.after,
                    heads.get(c, 0) if segment.alive else segment.last,
                )
                for c, segment in witness.segments
            ]
        return History(sends, [*views, *self._reads], self._memberships(), (), list(self._stretches.values()))

    def _memberships(self) -> list[Membership]:
        """Who belongs, and who never did."""
        return [
            Membership(witness.device, conversation, 1, None if witness.client in members else 0)
            for conversation, members in self.conversations.items()
            for witness in self.witnesses
        ]

    async def _caught_up(self, conversation: ConversationId, head: int) -> None:
        """Wait until all have heard of everything, or the time for that is over: then the checker says what is missing."""
        members = self.conversations[conversation]
        deadline = time.monotonic() + REPAIR_TIMEOUT_S
        while time.monotonic() < deadline:
            if all(w.caught_up(conversation, head) for w in self.witnesses if w.client in members):
                return
            await asyncio.sleep(PAUSE_S)

    async def _newest(self, conversation: ConversationId) -> EntryPage:
        api = self.conversations[conversation][0].session.api
        query = {"limit": 1}
        return await api.call("GET", f"{messaging.BASE}/conversations/{conversation}/entries", EntryPage, query=query)

    async def _log(self, conversation: ConversationId, after: int) -> list[Entry]:
        api = self.conversations[conversation][0].session.api
        found: list[Entry] = []
        at: int | None = after
        while at is not None:
            page = await messaging.get_entries(api, conversation, after=at)
            found += [entry_of_page(entry) for entry in page.entries]
            at = page.next
        return found

    async def _read_now_and_then(self) -> None:
        """Pages of history meanwhile: each must reach whatever was acknowledged before it was asked for."""
        while True:
            await asyncio.sleep(self._dice.uniform(0.05, 0.2))
            if not self._writing.is_set():
                continue
            conversation, members = self._dice.choice(list(self.conversations.items()))
            reader, stretch, reads = self._dice.choice(members), self._stretches[conversation], self._reads
            known = [
                s.answers[0].sequence
                for w in self.witnesses
                for s in w.sent
                if s.answers and s.conversation == conversation
            ]
            after = max(stretch.after, max(known, default=0) - self._dice.randrange(40))
            began_s = time.monotonic()
            try:
                page = await messaging.get_entries(reader.session.api, conversation, after=after)
            except Exception:  # noqa: BLE001 - a read may fail while something is away; it may not lie
                continue
            last = page.entries[-1].sequence if page.entries else after
            until = page.head if page.next is None else last
            entries = [entry_of_page(entry) for entry in page.entries]
            reads.append(View(reader.session.device.device_id, conversation, entries, after, until, began_s=began_s))

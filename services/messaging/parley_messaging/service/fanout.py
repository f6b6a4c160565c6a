"""Fan-out: each entry is encoded once and written to every socket of its conversation, strictly in sequence.

Invariant: a room delivers sequence n + 1 only after n. Publications are hints: what is missing is read from the log, and
what comes twice is dropped. A removed person's last entry is the removal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import structlog

from parley_contracts.auth_api import Revocation
from parley_contracts.ids import ConversationId, DeviceId, SessionId, UserId
from parley_contracts.limits import FANOUT_STRAGGLER_WAIT_S, PAGE_ENTRIES_MAX
from parley_contracts.messaging_api import (
    CLOSE_REVOKED,
    ConversationAdded,
    ConversationRemoved,
    Head,
)
from parley_contracts.problems import Problem
from parley_messaging.domain.conversation import ConversationState, Span
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.domain.publications import Publication, bucket_of, json_frame, publication_of
from parley_messaging.metrics import Metrics
from parley_messaging.ports import LogStore, MembershipStore, Publisher
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.reading import Reading
from parley_messaging.service.states import States

HELD_MAX = 1000
EARLY_MAX = 100
REPAIR_CHUNK = 1000
REPAIR_RETRY_S = 0.5
_log = structlog.get_logger("parley_messaging.fanout")


class Connection(Protocol):
    """A device's live socket."""

    user_id: UserId
    device_id: DeviceId
    session_id: SessionId

    def push(self, frames: bytes) -> None:
        """Write ready frames, or close where the device reads too slowly."""
        ...

    def close(self, code: int) -> None:
        """Say why and close."""
        ...


@dataclass(eq=False)
class _Room:
    """A conversation that sockets of this node watch; `state` is what they have got, None before the first head."""

    conversation_id: ConversationId
    state: ConversationState | None = None
    sockets: set[Connection] = field(default_factory=set)
    watchers: int = 0
    held: dict[int, Publication] = field(default_factory=dict)
    floors: dict[Connection, int] = field(default_factory=dict)
    early: list[Publication] = field(default_factory=list)
    repairing: bool = False
    overflowed: bool = False

    def in_order(self, publications: Iterable[Publication]) -> list[Publication]:
        """Take publications in; what is next in sequence comes out."""
        delivered = self.state.head if self.state else None
        for publication in publications:
            if delivered is None or publication.sequence > delivered:
                if len(self.held) < HELD_MAX:
                    self.held[publication.sequence] = publication
                else:
                    self.overflowed = True
        ready: list[Publication] = []
        while delivered is not None and (following := self.held.pop(delivered + 1, None)) is not None:
            ready.append(following)
            delivered += 1
        return ready


@dataclass(eq=False)
class _Presence:
    """A person's sockets here, and since when each conversation is visible."""

    sockets: set[Connection] = field(default_factory=set)
    first_visible: dict[ConversationId, int] = field(default_factory=dict)
    left: set[ConversationId] = field(default_factory=set)


class Hub:
    """The sockets of this node and the rooms they watch."""

    def __init__(
        self,
        *,
        log: LogStore,
        memberships: MembershipStore,
        reading: Reading,
        states: States,
        privacy: Privacy,
        blocks: Blocks,
        publisher: Publisher,
        metrics: Metrics,
        removed: Callable[[ConversationId, Sequence[UserId]], None],
    ) -> None:
        self._log = log
        self._memberships = memberships
        self._privacy = privacy
        self._blocks = blocks
        self._removed = removed
        self._reading = reading
        self._states = states
        self._publisher = publisher
        self._metrics = metrics
        self._rooms: dict[ConversationId, _Room] = {}
        self._people: dict[UserId, _Presence] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._missed: set[int | None] = set()
        self._repairing = False

    # --- entries come in ---------------------------------------------------------------------------------------------

    def stored(self, entries: Sequence[StoredEntry]) -> None:
        """Entries that this node has stored, of one conversation: to its own sockets at once, and to the others."""
        publications = [publication_of(entry) for entry in entries]
        self.received(publications)
        for publication in publications:
            self._publisher.publish(publication)

    def received(self, publications: Sequence[Publication]) -> None:
        """Publications of one conversation, from here, from another node or from the log."""
        if not publications:
            return
        conversation_id = publications[0].conversation_id
        entries = [publication for publication in publications if publication.sequence]
        said = [publication for publication in publications if not publication.sequence]
        if entries:
            self._states.observe(max(entries, key=lambda entry: entry.sequence).state())
        for publication in said:
            if publication.audience == "own" and (presence := self._people.get(publication.about)) is not None:
                _push(presence.sockets, publication.frame)
        room = self._rooms.get(conversation_id) or self._room_for_newcomers(entries)
        if room is None:
            return
        room.early += [publication for publication in said if publication.audience != "own"]
        self._send(room, room.in_order(entries))
        self._mind_gap(room)

    def tell_members(self, conversation_id: ConversationId, event: object, *, as_of: int) -> None:
        """Send a socket event to everyone who belongs to a conversation after entry `as_of` and is connected."""
        self.tell(Publication(conversation_id, 0, json_frame(event), audience="members", as_of=as_of))

    def tell_person(self, user_id: UserId, event: object) -> None:
        """Send a socket event to all connected devices of a person."""
        # By a bucket of the person's own, for it concerns no conversation.
        self.tell(Publication(ConversationId(user_id), 0, json_frame(event), audience="own", about=user_id))

    def tell(self, publication: Publication) -> None:
        """Something that is no entry, to whom it concerns here and at the other nodes."""
        self.received([publication])
        self._publisher.publish(publication)

    def place(self, socket: Connection, conversation_id: ConversationId) -> int | None:
        """How far a socket has got in a conversation that its person belongs to, None where there is none such."""
        room = self._rooms.get(conversation_id)
        return room.state.head if room is not None and room.state is not None and socket in room.sockets else None

    def belongs(self, socket: Connection, conversation_id: ConversationId) -> bool:
        """Whether a socket's person belongs to a conversation now."""
        return self.place(socket, conversation_id) is not None

    def listening(self, conversation_id: ConversationId) -> int:
        """How many sockets of this node hear a conversation."""
        room = self._rooms.get(conversation_id)
        return len(room.sockets) if room is not None else 0

    def _pass_on(self, room: _Room) -> None:
        """Frames that are no entries, to those who belong; what was said further on waits until the room is there."""
        head = room.state.head if room.state is not None else 0
        waiting, room.early = room.early, []
        for publication in waiting:
            if publication.as_of > head:
                room.early.append(publication)
                continue
            for socket in list(room.sockets):
                if socket.user_id != publication.about and self._hears(socket.user_id, publication):
                    socket.push(publication.frame)
        del room.early[EARLY_MAX:]

    def _hears(self, user_id: UserId, said: Publication) -> bool:
        """Who sends no receipts or typing does not get them either, nor over a block; what is for members is for all of them."""
        if said.audience == "members":
            return True
        if self._blocks.hides(user_id, said.about):
            return False
        settings = self._privacy.known(user_id)
        if settings is None:
            return False
        return settings.receipts if said.audience == "receipts" else settings.typing

    def _room_for_newcomers(self, entries: Sequence[Publication]) -> _Room | None:
        """A room where an entry brings in somebody who is connected here."""
        for publication in entries:
            if any(user_id in self._people for user_id in publication.added):
                room = self._room(publication.conversation_id)
                room.state = ConversationState(publication.conversation_id, head=publication.sequence - 1)
                return room
        return None

    def _send(self, room: _Room, ready: list[Publication]) -> None:
        if ready:
            self._deliver(room, ready)
        if room.early:
            self._pass_on(room)

    def _deliver(self, room: _Room, ready: list[Publication]) -> None:
        room.state = ready[-1].state()
        if not room.floors and not any(publication.changes_people for publication in ready):
            _push(room.sockets, b"".join([publication.frame for publication in ready]))
            return
        for publication in ready:
            for socket in list(room.sockets):
                if publication.sequence > room.floors.get(socket, 0):
                    socket.push(publication.frame)
            self._change_people(room, publication)
        room.floors = {socket: floor for socket, floor in room.floors.items() if floor > room.state.head}

    def _change_people(self, room: _Room, publication: Publication) -> None:
        state = publication.state()
        for user_id in publication.added:
            presence = self._people.get(user_id)
            if presence is not None:
                self._come_in(room, presence, state)
        for user_id in publication.removed:
            presence = self._people.get(user_id)
            if presence is not None:
                first = presence.first_visible.pop(room.conversation_id, 1)
                presence.left.add(room.conversation_id)
                _push(presence.sockets, json_frame(ConversationRemoved(state.seen_by(Span(first, state.head)))))
                room.sockets -= presence.sockets
        if publication.removed:
            self._removed(room.conversation_id, publication.removed)
        for device_id in publication.welcomed:
            for socket in [socket for socket in room.sockets if socket.device_id == device_id]:
                first = self._people[socket.user_id].first_visible.get(room.conversation_id, state.head)
                socket.push(json_frame(ConversationAdded(state.seen_by(Span(first)))))
        self._drop_if_empty(room)

    @staticmethod
    def _come_in(room: _Room, presence: _Presence, state: ConversationState) -> None:
        """Somebody belongs from this entry on: they hear of the conversation, and get what follows."""
        span = Span.since(room.conversation_id, state.head)
        presence.first_visible[room.conversation_id] = span.first
        presence.left.discard(room.conversation_id)
        _push(presence.sockets, json_frame(ConversationAdded(state.seen_by(span))))
        room.sockets |= presence.sockets

    # --- sockets come and go -----------------------------------------------------------------------------------------

    async def attach(self, socket: Connection) -> list[Head]:
        """Let a socket watch all conversations of its person; the heads from which on entries follow.

        `Unavailable` where a store is away, or blocks are not known yet.
        Rooms collect what arrives from before the heads are read, so nothing is missed in between. Spans are read again
        after the heads: who was removed meanwhile does not come in.
        """
        self._blocks.require()
        await self._privacy.of(socket.user_id)
        presence = self._people.setdefault(socket.user_id, _Presence())
        presence.sockets.add(socket)
        self._metrics.sockets += 1
        spans = await self._memberships.spans(socket.user_id)
        watched = [self._room(conversation_id) for conversation_id, span in spans.items() if span.last is None]
        for room in watched:
            room.watchers += 1
        try:
            heads = await self._reading.heads_of(socket.user_id, spans)
            spans = await self._memberships.spans(socket.user_id)
        finally:
            for room in watched:
                room.watchers -= 1
        if socket in presence.sockets:
            for room in watched:
                head, span = heads.get(room.conversation_id), spans.get(room.conversation_id)
                if head and span and span.last is None and room.conversation_id not in presence.left:
                    heads[room.conversation_id] = self._join(room, socket, head)
        for room in watched:
            self._drop_if_empty(room)
        return list(heads.values())

    def _join(self, room: _Room, socket: Connection, head: Head) -> Head:
        """Put a socket into a room at the later of the head that was read and what the room has delivered."""
        self._people[socket.user_id].first_visible[room.conversation_id] = head.first_visible_sequence
        if room.state is None:
            room.state = _state_at(head)
            room.held = {s: publication for s, publication in room.held.items() if s > head.head}
        elif room.state.head > head.head:
            state = room.state
            head = msgspec.structs.replace(head, head=state.head, ordinal=state.ordinal, epoch=state.epoch)
        elif room.state.head < head.head:
            room.floors[socket] = head.head
        room.sockets.add(socket)
        return head

    def resume(self, socket: Connection) -> None:
        """Deliver what the rooms of a socket that was attached held back until their first head was known."""
        presence = self._people.get(socket.user_id)
        for conversation_id in list(presence.first_visible) if presence is not None else ():
            room = self._rooms.get(conversation_id)
            if room is not None and (room.held or room.early):
                self._send(room, room.in_order(()))
                self._mind_gap(room)

    def detach(self, socket: Connection) -> None:
        """A socket has gone."""
        presence = self._people.get(socket.user_id)
        if presence is None or socket not in presence.sockets:
            return
        presence.sockets.discard(socket)
        self._metrics.sockets -= 1
        for conversation_id in list(presence.first_visible):
            room = self._rooms.get(conversation_id)
            if room is not None:
                room.sockets.discard(socket)
                room.floors.pop(socket, None)
                self._drop_if_empty(room)
        if not presence.sockets:
            del self._people[socket.user_id]

    def revoked(self, revocations: Sequence[Revocation]) -> None:
        """Close the sockets of sessions and devices that are out (I8)."""
        for revocation in revocations:
            presence = self._people.get(revocation.user_id)
            for socket in list(presence.sockets) if presence else ():
                if revocation.session_id == socket.session_id or revocation.device_id == socket.device_id:
                    socket.close(CLOSE_REVOKED)

    def close_all(self, code: int) -> None:
        """The node is going away."""
        for presence in list(self._people.values()):
            for socket in list(presence.sockets):
                socket.close(code)

    def _room(self, conversation_id: ConversationId) -> _Room:
        room = self._rooms.get(conversation_id)
        if room is None:
            room = self._rooms[conversation_id] = _Room(conversation_id)
        return room

    def _drop_if_empty(self, room: _Room) -> None:
        if not room.sockets and not room.watchers:
            self._rooms.pop(room.conversation_id, None)

    # --- what was missed ---------------------------------------------------------------------------------------------

    def missed(self, bucket: int | None) -> None:
        """Publications of a bucket (None: of any) may have been lost: look into the log."""
        self._missed.add(bucket)
        if not self._repairing:
            self._repairing = True
            self._spawn(self._repair_missed())

    async def _repair_missed(self) -> None:
        """One look at a time; what is missed meanwhile, or while the store is away, is looked at afterwards."""
        try:
            while self._missed:
                await asyncio.sleep(FANOUT_STRAGGLER_WAIT_S)
                missed, self._missed = self._missed, set()
                try:
                    await self._repair_buckets(missed)
                except Problem as problem:
                    _log.warning("repair_delayed", problem=problem.slug)
                    self._missed |= missed
                    await asyncio.sleep(REPAIR_RETRY_S)
        finally:
            self._repairing = False

    def _mind_gap(self, room: _Room) -> None:
        if room.held and room.state is not None and not room.repairing:
            room.repairing = True
            self._spawn(self._repair_gap(room))

    async def _repair_gap(self, room: _Room) -> None:
        try:
            await asyncio.sleep(FANOUT_STRAGGLER_WAIT_S)
            while room.held and room.state is not None and room.sockets:
                self._metrics.gap_repairs += 1
                try:
                    await self._read_log(room, before=min(room.held))
                except Problem as problem:
                    _log.warning("repair_delayed", problem=problem.slug)
                    await asyncio.sleep(REPAIR_RETRY_S)
                if room.held and room.state.head + 1 < min(room.held):
                    await asyncio.sleep(FANOUT_STRAGGLER_WAIT_S)
        finally:
            room.repairing = False
        if room.overflowed:
            room.overflowed = False
            self.missed(bucket_of(room.conversation_id))

    async def _read_log(self, room: _Room, *, before: int) -> None:
        """Deliver from the log what follows the room's head."""
        after = room.state.head if room.state else before
        entries = await self._log.entries(room.conversation_id, after=after, before=before, limit=PAGE_ENTRIES_MAX)
        whole = [await self._reading.with_creation(entry) for entry in entries]
        self.received([publication_of(entry) for entry in whole])

    async def _repair_buckets(self, missed: set[int | None]) -> None:
        rooms = [
            room
            for room in list(self._rooms.values())
            if room.state is not None and (None in missed or bucket_of(room.conversation_id) in missed)
        ]
        for first in range(0, len(rooms), REPAIR_CHUNK):
            chunk = {room.conversation_id: room for room in rooms[first : first + REPAIR_CHUNK]}
            for tail in await self._log.tails(list(chunk)):
                room = chunk[tail.conversation_id]
                while room.state is not None and room.state.head < tail.sequence and room.sockets:
                    before = room.state.head
                    self._metrics.gap_repairs += 1
                    await self._read_log(room, before=tail.sequence + 1)
                    if room.state.head == before:
                        break
        for user_id in list(self._people):
            await self._repair_person(user_id)

    async def _repair_person(self, user_id: UserId) -> None:
        """Somebody may have come into a conversation unheard."""
        spans = await self._memberships.spans(user_id)
        presence = self._people.get(user_id)
        if presence is None:
            return
        for conversation_id, span in spans.items():
            if span.last is None and conversation_id not in presence.first_visible:
                state = await self._states.at_least(conversation_id, span.first)
                room = self._room(conversation_id)
                if room.state is None:
                    room.state = state
                if conversation_id not in presence.first_visible:
                    presence.first_visible[conversation_id] = span.first
                    _push(presence.sockets, json_frame(ConversationAdded(room.state.seen_by(span))))
                    room.sockets |= presence.sockets

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("repair_failed", exc_info=task.exception())


def _state_at(head: Head) -> ConversationState:
    return ConversationState(
        head.conversation_id, kind=head.kind, head=head.head, ordinal=head.ordinal, epoch=head.epoch
    )


def _push(sockets: Iterable[Connection], frames: bytes) -> None:
    for socket in list(sockets):
        socket.push(frames)

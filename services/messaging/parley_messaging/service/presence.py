"""Who is connected, and who wants to know: told to people who share a conversation, as far as both sides' settings and blocks allow.

A node writes its own people's changes, and reads how those stand whom its sockets watch: at once after a hint, and all of
them together once in a heartbeat's time, whatever was missed. Invariant: nothing of it touches MongoDB but reading who
belongs and who hides; a socket is told only of what it may see at that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import HEARTBEAT_INTERVAL_S, PRESENCE_BEAT_INTERVAL_S, PRESENCE_GRACE_S
from parley_contracts.problems import Problem
from parley_contracts.state_api import DeviceStatus, PresenceChanged, Watched
from parley_messaging.domain.presence import OFFLINE, Status, merged, now_ms
from parley_messaging.domain.publications import Hint, json_frame
from parley_messaging.ports import PresenceStore
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.fanout import Connection
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.states import States

GATHER_S = 0.1
HINT_PEOPLE_MAX = 1000
_log = structlog.get_logger("parley_messaging.presence")


@dataclass(slots=True, eq=False)
class _Watch:
    """One person on one socket; `told` is None before the first time."""

    conversation_id: ConversationId
    told: Status | None = None


class Presence:
    """The people and the watchers of this node. `belongs` says whether a socket is in a conversation now."""

    def __init__(
        self,
        store: PresenceStore,
        *,
        states: States,
        privacy: Privacy,
        blocks: Blocks,
        belongs: Callable[[Connection, ConversationId], bool],
        hint: Callable[[Hint], None],
    ) -> None:
        self._store = store
        self._states = states
        self._privacy = privacy
        self._blocks = blocks
        self._belongs = belongs
        self._hint = hint
        self._here: dict[UserId, dict[Connection, Status]] = {}
        self._leaving: dict[UserId, tuple[float, Status]] = {}
        self._written: dict[UserId, Status] = {}
        self._dirty: set[UserId] = set()
        self._watchers: dict[Connection, dict[UserId, _Watch]] = {}
        self._watching: dict[UserId, set[Connection]] = {}
        self._known: dict[UserId, Status] = {}
        self._recheck: set[UserId] = set()
        self._wake = asyncio.Event()
        self._beat_at = 0.0
        self._sweep_at = 0.0

    # --- sockets

    def arrived(self, socket: Connection) -> None:
        """A socket is ready: its device is online."""
        self._here.setdefault(socket.user_id, {})[socket] = Status("online")
        self._leaving.pop(socket.user_id, None)
        self._touch(socket.user_id)

    def set(self, socket: Connection, status: DeviceStatus) -> None:
        """A device says how it is."""
        sockets = self._here.get(socket.user_id, {})
        if socket in sockets and sockets[socket].status != status:
            sockets[socket] = Status(status, now_ms() if status == "away" else 0)
            self._touch(socket.user_id)

    def left(self, socket: Connection) -> None:
        """A socket has ended; its person has, too, unless another one is here or comes soon."""
        self._unwatch(socket)
        sockets = self._here.get(socket.user_id, {})
        if sockets.pop(socket, None) is None:
            return
        if sockets:
            self._touch(socket.user_id)
        else:
            del self._here[socket.user_id]
            self._leaving[socket.user_id] = (time.monotonic() + PRESENCE_GRACE_S, Status("offline", now_ms()))

    async def watch(self, socket: Connection, people: Sequence[Watched]) -> None:
        """Watch these and nobody else; each is told at once. `Unavailable`: they are told later."""
        self._unwatch(socket)
        if socket not in self._here.get(socket.user_id, {}):
            return
        watches = {watched.user_id: _Watch(watched.conversation_id) for watched in people}
        self._watchers[socket] = watches
        for user_id in watches:
            self._watching.setdefault(user_id, set()).add(socket)
        await self._tell(list(watches), await self._store.statuses(list(watches)), only=socket)

    def _unwatch(self, socket: Connection) -> None:
        for user_id in self._watchers.pop(socket, {}):
            sockets = self._watching[user_id]
            sockets.discard(socket)
            if not sockets:
                del self._watching[user_id]
                self._known.pop(user_id, None)

    # --- what happens elsewhere

    def hinted(self, user_ids: Iterable[UserId]) -> None:
        """These people may stand otherwise than before."""
        self._look_again(user_ids)

    def settings_changed(self, user_ids: Sequence[UserId]) -> None:
        """These people let others see more or less than before; what they see themselves changes alike."""
        for user_id in user_ids:
            if user_id in self._here:
                self._touch(user_id)
            for socket in self._here.get(user_id, ()):
                self._look_again(self._watchers.get(socket, ()))
        self._look_again(user_ids)

    def removed(self, conversation_id: ConversationId, user_ids: Sequence[UserId]) -> None:
        """These people belong to the conversation no more."""
        self._look_again(user_ids)
        for user_id in user_ids:
            for socket in self._here.get(user_id, ()):
                watches = self._watchers.get(socket, {})
                self._look_again(who for who, watch in watches.items() if watch.conversation_id == conversation_id)

    def _touch(self, user_id: UserId) -> None:
        self._dirty.add(user_id)
        self._wake.set()

    def _look_again(self, user_ids: Iterable[UserId]) -> None:
        watched = {user_id for user_id in user_ids if user_id in self._watching}
        if watched:
            self._recheck |= watched
            self._wake.set()

    # --- the work

    async def run(self) -> None:
        """Beat, write and tell until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._beat_at - time.monotonic())):
                    await self._wake.wait()
                    await asyncio.sleep(GATHER_S)
            self._wake.clear()
            try:
                await self._work()
            except Problem as problem:
                # What is dirty stays so until the store is back; then the beat says whether all is to be written anew.
                _log.warning("presence_delayed", problem=problem.slug)
                self._beat_at = time.monotonic() + PRESENCE_BEAT_INTERVAL_S

    async def _work(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + PRESENCE_BEAT_INTERVAL_S
            if not await self._store.beat():
                self._written.clear()
                self._dirty |= self._here.keys()
            self._announce(await self._store.bury())
        for user_id in [user_id for user_id, (due, _) in self._leaving.items() if now >= due]:
            self._dirty.add(user_id)
        await self._write()
        if now >= self._sweep_at:
            self._sweep_at = now + HEARTBEAT_INTERVAL_S
            found = await self._store.statuses(list(self._watching))
            self._recheck |= {user_id for user_id, status in found.items() if status != self._known.get(user_id)}
        again, self._recheck = self._recheck & self._watching.keys(), set()
        try:
            if again:
                await self._tell(list(again), await self._store.statuses(list(again)))
        except Problem:
            self._recheck |= again
            raise

    async def _write(self) -> None:
        """Let the store know how this node's people stand, as far as they show it."""
        dirty, self._dirty = self._dirty, set()
        try:
            await self._privacy.learn(dirty)
            statuses: dict[UserId, Status] = {}
            for user_id in dirty:
                settings, status = self._privacy.known(user_id), self._status(user_id)
                if settings is None:
                    self._dirty.add(user_id)
                elif not settings.presence:
                    self._written.pop(user_id, None)
                    self._leaving.pop(user_id, None)
                    await self._store.hide(user_id)
                elif status is not None and self._written.get(user_id) != status:
                    statuses[user_id] = status
            await self._store.write(statuses)
        except Problem:
            self._dirty |= dirty
            raise
        for user_id, status in statuses.items():
            if status.status == "offline":
                self._written.pop(user_id, None)
                self._leaving.pop(user_id, None)
            else:
                self._written[user_id] = status
        self._announce(list(statuses))

    def _status(self, user_id: UserId) -> Status | None:
        """How the person stands here; None where there is nothing to say."""
        leaving = self._leaving.get(user_id)
        return leaving[1] if leaving is not None else merged(self._here.get(user_id, {}).values())

    def _announce(self, user_ids: Sequence[UserId]) -> None:
        for first in range(0, len(user_ids), HINT_PEOPLE_MAX):
            self._hint(Hint(presence=tuple(user_ids[first : first + HINT_PEOPLE_MAX])))
        self._look_again(user_ids)

    # --- telling

    async def _tell(
        self, user_ids: Collection[UserId], found: Mapping[UserId, Status], *, only: Connection | None = None
    ) -> None:
        """Tell the watchers of these people (or one watcher) what is other than they were told."""
        await self._privacy.learn(user_ids)
        frames: dict[Connection, list[bytes]] = defaultdict(list)
        for user_id in user_ids:
            if user_id in self._watching:
                self._known[user_id] = found[user_id]
            for socket in [only] if only is not None else list(self._watching.get(user_id, ())):
                watch = self._watchers.get(socket, {}).get(user_id)
                if watch is None:
                    continue
                may = await self._may_see(socket, user_id, watch.conversation_id)
                status = found[user_id] if may else OFFLINE
                if watch.told != status:
                    watch.told = status
                    frames[socket].append(json_frame(PresenceChanged(user_id, status.status, status.last_seen_at)))
        for socket, told in frames.items():
            socket.push(b"".join(told))

    async def _may_see(self, socket: Connection, user_id: UserId, conversation_id: ConversationId) -> bool:
        """Both show themselves, neither has blocked the other, and both belong to the conversation."""
        if self._blocks.hides(socket.user_id, user_id):
            return False
        for each in (socket.user_id, user_id):
            settings = self._privacy.known(each)
            if settings is None or not settings.presence:
                return False
        if not self._belongs(socket, conversation_id):
            return False
        span = await self._states.span(await self._states.state(conversation_id), user_id)
        return span is not None and span.last is None

"""The socket: one connection at a time, from hello to its close code, and back again after a pause.

Where none can be opened, long polls take its place (`polling`). Invariant: the socket only hastens what pages would bring;
whatever it drops is asked for by sequence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec

from parley_client.api.messaging import SOCKET_PATH
from parley_client.api.network import Connection, SocketClosed
from parley_client.backoff import full_jitter
from parley_client.errors import ClientError, NetworkError, NotSignedIn, ServerRestored
from parley_client.events import ConnectionState, Event
from parley_client.people.blocks import hear
from parley_client.polling import PolledConnection
from parley_client.restoring.generation import check_generation
from parley_client.room_frames import take_room_frame
from parley_client.session import Session
from parley_client.store.conversations import list_conversations
from parley_client.sync.catch_up import deliver
from parley_contracts.channels_api import CLEAR_TYPES
from parley_contracts.ids import ConversationId, new_uuid7
from parley_contracts.limits import HEARTBEAT_INTERVAL_S, IDENTIFY_TIMEOUT_S
from parley_contracts.messaging_api import (
    CLOSE_INVALID_FRAME,
    CLOSE_RATE,
    CLOSE_REVOKED,
    CLOSE_UNAUTHENTICATED,
    ConversationAdded,
    ConversationRemoved,
    Entry,
    Head,
    Heartbeat,
    Hello,
    Identify,
    Ready,
    TokenRenew,
)
from parley_contracts.problems import Problem
from parley_contracts.resets import RESET, UNUSABLE

RATE_PAUSE_S = 10.0
#: So many sockets in a row that do not even say hello, and polls are tried.
SOCKETS_UNOPENED_MAX = 2
_ENTRY_TYPES = CLEAR_TYPES | {"message.created", "commit.created", "conversation.created", UNUSABLE, RESET}
_QUEUED_MAX = 10_000

T = TypeVar("T")
SyncHead = Callable[[Head], Awaitable[None]]


class _Typed(msgspec.Struct):
    type: str


class Live:
    """Keeps a session connected; `sync_head` is called for each conversation that stands elsewhere than the cursor."""

    def __init__(self, session: Session, sync_head: SyncHead, on_ready: Callable[[], Awaitable[None]]) -> None:
        self._session = session
        self._sync_head = sync_head
        self._on_ready = on_ready
        self._queues: dict[ConversationId, list[Entry | Head]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()
        self._unopened = 0
        self._restored = False
        self.ready = asyncio.Event()
        self.state: ConnectionState = "connecting"

    def hasten(self) -> None:
        """Try again now, whatever pause was planned."""
        self._hurry.set()

    async def run(self) -> None:
        """Stay connected until cancelled; raises `NotSignedIn` where the session has ended."""
        failures = 0
        try:
            while True:
                self.ready.clear()
                self._hurry.clear()
                code = await self._until_closed()
                failures = 0 if self.ready.is_set() else failures + 1
                self._enter("offline" if failures else "connecting")
                with contextlib.suppress(NetworkError, Problem):
                    await self._obey(code)
                pause_s = None if self._restored else full_jitter(failures)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), pause_s)
        finally:
            self.ready.clear()
            for task in self._tasks:
                task.cancel()

    def _enter(self, state: ConnectionState) -> None:
        if state != self.state:
            self.state = state
            self._session.events.tell(Event("connection.changed", {"state": state}))

    async def _until_closed(self) -> int | None:
        """Connect and read; the close code in the end, None where the network failed."""
        try:
            await self._connected()
        except SocketClosed as closed:
            return closed.code
        except (NetworkError, Problem, ServerRestored):
            return None
        return None

    def _check_generation(self, unverified_generation: str) -> None:
        """After a restore nothing is followed until the person agrees: then somebody calls `hasten`."""
        self._restored = False
        try:
            check_generation(self._session.store, unverified_generation)
        except ServerRestored:
            self._restored = True
            self._session.events.tell(Event("server.restored", {"generation": unverified_generation}))
            raise

    async def _obey(self, code: int | None) -> None:
        """What a close code asks for, besides coming back."""
        if code == CLOSE_REVOKED:
            raise NotSignedIn("this device was signed out")
        if code == CLOSE_INVALID_FRAME:
            raise ClientError("the server does not understand this version of the client")
        if code == CLOSE_UNAUTHENTICATED:
            await self._session.api.access_token(unless=await self._session.api.access_token())
        if code == CLOSE_RATE:
            await asyncio.sleep(RATE_PAUSE_S)

    async def _connected(self) -> None:
        token = await self._session.api.access_token()
        cursors = {row.conversation_id: row.cursor for row in list_conversations(self._session.store)}
        polled = self._unopened >= SOCKETS_UNOPENED_MAX
        # Where polls fail, too, it is not the sockets.
        self._unopened = 0 if polled else self._unopened + 1
        connection = await self._open(cursors, polled=polled)
        try:
            async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
                hello = _decode(await connection.receive(), Hello)
                self._check_generation(hello.server_generation)
                self._unopened = SOCKETS_UNOPENED_MAX if polled else 0
                identify = Identify(token, cursors, self._session.signals.digest())
                await connection.send(msgspec.json.encode(identify))
                ready = _decode(await connection.receive(), Ready)
            for head in ready.conversations:
                self._queue(head.conversation_id, head)
            self.ready.set()
            self._session.signals.attached(connection, ready)
            hear(self._session, ready.blocks_version)
            self._enter("online")
            await self._on_ready()
            await self._read(connection, token, min(hello.heartbeat_interval_s, HEARTBEAT_INTERVAL_S))
        except SocketClosed:
            self._unopened = 0 if polled else self._unopened
            raise
        except TimeoutError as error:
            raise NetworkError("timeout", "the socket has fallen silent") from error
        finally:
            self._session.signals.detached()
            with contextlib.suppress(SocketClosed, OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await connection.close()

    async def _open(self, cursors: Mapping[ConversationId, int], *, polled: bool) -> Connection:
        api = self._session.api
        if polled:
            return PolledConnection(api, cursors, self._session.signals.digest)
        return await api.network.connect(SOCKET_PATH)

    async def _read(self, connection: Connection, token: str, interval_s: int) -> None:
        beat = asyncio.create_task(self._beat(connection, token, interval_s))
        try:
            while True:
                async with asyncio.timeout(2 * interval_s + 1):
                    frame = await connection.receive()
                self._handle(frame)
        finally:
            beat.cancel()

    async def _beat(self, connection: Connection, token: str, interval_s: int) -> None:
        """Say each interval that we are there, and hand a newer token over before the old one ends the socket."""
        with contextlib.suppress(SocketClosed):
            while True:
                await asyncio.sleep(interval_s)
                await connection.send(msgspec.json.encode(Heartbeat()))
                # Where there is none now, the next beat tries again; in the end the close code asks for one.
                with contextlib.suppress(ClientError, Problem, TimeoutError):
                    async with asyncio.timeout(interval_s / 2):
                        newer = await self._session.api.access_token()
                    if newer != token:
                        await connection.send(msgspec.json.encode(TokenRenew(new_uuid7(), newer)))
                        token = newer

    def _handle(self, frame: bytes) -> None:
        kind = _decode(frame, _Typed).type
        if kind in _ENTRY_TYPES:
            entry = _decode(frame, Entry)
            self._session.signals.heard(entry)
            self._queue(entry.conversation_id, entry)
        elif kind == "conversation.added":
            head = _decode(frame, ConversationAdded).head
            self._queue(head.conversation_id, head)
        elif kind == "conversation.removed":
            head = _decode(frame, ConversationRemoved).head
            self._queue(head.conversation_id, head)
        else:
            self._session.signals.handle(kind, frame)
            take_room_frame(self._session, kind, frame)

    def _queue(self, conversation_id: ConversationId, item: Entry | Head) -> None:
        """Hand something to the conversation's own task, so that a slow one does not hold the others up."""
        waiting = self._queues.get(conversation_id)
        if waiting is None:
            self._queues[conversation_id] = [item]
            task = asyncio.create_task(self._work(conversation_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(waiting) < _QUEUED_MAX:
            waiting.append(item)

    async def _work(self, conversation_id: ConversationId) -> None:
        try:
            while items := self._queues[conversation_id]:
                self._queues[conversation_id] = []
                # What fails here is noted in the store or comes back with the next head; the socket goes on.
                with contextlib.suppress(ClientError, Problem):
                    await self._take(items)
        finally:
            del self._queues[conversation_id]

    async def _take(self, items: list[Entry | Head]) -> None:
        heads = [item for item in items if isinstance(item, Head)]
        entries = [item for item in items if isinstance(item, Entry)]
        if heads:
            await self._sync_head(heads[-1])
        if entries:
            await deliver(self._session, entries)


def _decode(frame: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(frame, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NetworkError("protocol", "the server sent a frame that makes no sense") from error

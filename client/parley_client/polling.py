"""The long poll in a socket's place, for networks that let no socket through: the same frames, asked for again and again.

Invariant: what an answer leaves out shows in the checksums of the next poll, so nothing of the log is missed; what is no part
of it is heard only while a poll waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from parley_client.api import messaging
from parley_client.api.http import Api
from parley_client.api.network import Network, SocketClosed
from parley_client.errors import ClientError, NetworkError
from parley_contracts.ids import ConversationId
from parley_contracts.limits import (
    CURSOR_BUCKETS,
    FRAME_SIZE_BYTES_MAX,
    HEARTBEAT_INTERVAL_S,
    IDENTIFY_TIMEOUT_S,
    POLL_WAIT_S_MAX,
)
from parley_contracts.messaging_api import (
    CLOSE_RECONNECT,
    Ack,
    ConversationAdded,
    ConversationRemoved,
    Head,
    Heartbeat,
    Hello,
)
from parley_contracts.problems import Problem
from parley_contracts.state_api import DeliveryMark, DeliveryUpload, PrivacyChanged, ReadStateUpdated
from parley_contracts.sync_api import Sync, cursor_bucket, cursors_digest

#: Two polls begin at least this far apart, whatever the server answers.
PAUSE_S = 0.25
#: When a socket is tried again while polls go on: first after so long, each time after twice as long, up to this.
SOCKET_AGAIN_S = 5.0
SOCKET_AGAIN_S_MAX = 300.0


class _Placed(msgspec.Struct):
    """As much of a frame as moves what this device was told of."""

    type: str
    conversation_id: ConversationId | None = None
    sequence: int | None = None
    head: Head | None = None


class PolledConnection:
    """A `Connection` over GET. `digest` says what the device knows of its read states at that moment."""

    def __init__(self, api: Api, cursors: Mapping[ConversationId, int], digest: Callable[[], list[int]]) -> None:
        self._api = api
        self._known = dict(cursors)
        self._digest = digest
        self._frames: deque[bytes] = deque()
        self._begun = False
        self._began_at = 0.0
        self._probe = asyncio.create_task(_until_a_socket_opens(api.network))

    async def receive(self) -> bytes:
        """The next frame, a heartbeat where nothing has happened; `SocketClosed` once a socket can be opened."""
        while not self._frames:
            if self._probe.done():
                raise SocketClosed(CLOSE_RECONNECT)
            await self._poll()
        return self._frames.popleft()

    async def send(self, frame: bytes) -> None:
        """Carry out what has a request of its own; `identify` has gone with the first poll, the rest needs a socket."""
        kind = msgspec.json.decode(frame, type=_Placed).type
        if kind == "delivery.mark":
            mark = msgspec.json.decode(frame, type=DeliveryMark)
            try:
                await messaging.put_delivery(self._api, mark.conversation_id, DeliveryUpload(mark.delivered_sequence))
            except (ClientError, Problem):
                return
            self._frames.append(msgspec.json.encode(Ack(mark.ref)))

    async def close(self) -> None:
        """Poll no more."""
        self._probe.cancel()

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._began_at + PAUSE_S - loop.time())
        self._began_at = loop.time()
        sent = cursors_digest(self._known)
        wait_s = POLL_WAIT_S_MAX if self._begun else 0
        answer = await messaging.get_sync(self._api, cursors=sent, read_states=self._digest(), wait_s=wait_s)
        if len(answer.cursors_digest) != CURSOR_BUCKETS:
            raise NetworkError("protocol", "the server's answer makes no sense")
        self._learn(answer, sent)
        if self._begun:
            self._translate(answer)
        else:
            self._begun = True
            hello = Hello(HEARTBEAT_INTERVAL_S, FRAME_SIZE_BYTES_MAX, answer.server_generation)
            self._frames += [msgspec.json.encode(hello), msgspec.json.encode(answer.ready)]
        self._frames += [msgspec.json.encode(frame) for frame in answer.frames]

    def _translate(self, answer: Sync) -> None:
        """A later `ready` as the frames that a socket would have brought."""
        for head in answer.ready.conversations:
            event = ConversationAdded(head) if head.last_visible_sequence is None else ConversationRemoved(head)
            self._frames.append(msgspec.json.encode(event))
        self._frames += [msgspec.json.encode(ReadStateUpdated(state)) for state in answer.ready.read_states]
        if answer.ready.privacy is not None:
            self._frames.append(msgspec.json.encode(PrivacyChanged(answer.ready.privacy)))
        self._frames.append(msgspec.json.encode(Heartbeat()))

    def _learn(self, answer: Sync, sent: list[int]) -> None:
        """Take note of what this answer told of: of a bucket that differed it told all."""
        differing = {bucket for bucket in range(CURSOR_BUCKETS) if sent[bucket] != answer.cursors_digest[bucket]}
        self._known = {place: at for place, at in self._known.items() if cursor_bucket(place) not in differing}
        for head in answer.ready.conversations:
            self._known[head.conversation_id] = _visible(head)
        for frame in answer.frames:
            try:
                placed = msgspec.convert(frame, _Placed)
            except msgspec.ValidationError:
                continue
            if placed.head is not None:
                self._known[placed.head.conversation_id] = _visible(placed.head)
            elif placed.conversation_id is not None and placed.sequence is not None:
                at = self._known.get(placed.conversation_id, 0)
                self._known[placed.conversation_id] = max(at, placed.sequence)


async def _until_a_socket_opens(network: Network) -> None:
    pause_s = SOCKET_AGAIN_S
    while True:
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, SOCKET_AGAIN_S_MAX)
        with contextlib.suppress(NetworkError, SocketClosed, TimeoutError):
            async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
                connection = await network.connect(messaging.SOCKET_PATH)
                try:
                    await connection.receive()
                finally:
                    await connection.close()
            return


def _visible(head: Head) -> int:
    return head.head if head.last_visible_sequence is None else head.last_visible_sequence

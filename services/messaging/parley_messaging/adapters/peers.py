"""The other nodes over their Unix sockets: appends are forwarded to the conversation's owner.

Invariant: an owner that does not answer within `FORWARD_TIMEOUT_S` is left out for a while, and the caller appends
itself; the log's index decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.ids import ConversationId
from parley_contracts.limits import APPEND_TIMEOUT_S
from parley_contracts.tokens import sign_service_token
from parley_messaging.adapters.peer_frames import ANSWER, FrameProtocol
from parley_messaging.adapters.redis.nodes import NodeRegistry
from parley_messaging.config import SERVICE
from parley_messaging.domain.entries import Submission
from parley_messaging.domain.ownership import owner_of
from parley_messaging.ports import Outcome, PeerUnreachable

FORWARD_TIMEOUT_S = APPEND_TIMEOUT_S + 1
CONNECT_TIMEOUT_S = 1.0
SUSPECT_S = 5.0


class UnixPeers:
    """`Peers` over one connection to each owner."""

    def __init__(self, registry: NodeRegistry, node_id: str, key: Ed25519PrivateKey) -> None:
        self._registry = registry
        self._node_id = node_id
        self._key = key
        self._links: dict[str, asyncio.Task[_Link]] = {}
        self._suspect_until: dict[str, float] = {}

    def owner(self, conversation_id: ConversationId) -> str | None:
        """The node that appends to the conversation; None where that is this one or nobody knows."""
        now = time.monotonic()
        names = [name for name in self._registry.live if self._suspect_until.get(name, 0.0) <= now]
        owner = owner_of(conversation_id.encode(), names) if self._node_id in names else None
        return owner if owner != self._node_id else None

    async def forward(self, node_id: str, submissions: Sequence[Submission]) -> list[Outcome]:
        """Let the owner append, in order; `PeerUnreachable` where it did not answer."""
        try:
            async with asyncio.timeout(FORWARD_TIMEOUT_S):
                return await (await self._link(node_id)).ask(list(submissions))
        except (PeerUnreachable, TimeoutError) as error:
            self._suspect_until[node_id] = time.monotonic() + SUSPECT_S
            raise PeerUnreachable from error

    async def close(self) -> None:
        """Close the connections."""
        for opening in self._links.values():
            opening.cancel()
            with contextlib.suppress(asyncio.CancelledError, PeerUnreachable):
                (await opening).close()

    async def _link(self, node_id: str) -> _Link:
        """The connection to a node; whoever comes meanwhile waits for the same one."""
        opening = self._links.get(node_id)
        if opening is None or (opening.done() and not _is_open(opening)):
            opening = self._links[node_id] = asyncio.create_task(self._open(node_id))
        return await asyncio.shield(opening)

    async def _open(self, node_id: str) -> _Link:
        path = self._registry.live.get(node_id)
        if path is None:
            raise PeerUnreachable
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, link = await asyncio.get_running_loop().create_unix_connection(_Link, path)
        except (OSError, TimeoutError) as error:
            raise PeerUnreachable from error
        link.send(sign_service_token(self._key, service=SERVICE, audience=SERVICE))
        return link


def _is_open(opening: asyncio.Task[_Link]) -> bool:
    return not opening.cancelled() and opening.exception() is None and opening.result().open


class _Link(FrameProtocol):
    """An open connection, and who waits for an answer on it."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count()
        self._waiting_for: dict[int, asyncio.Future[list[Outcome]]] = {}

    async def ask(self, submissions: list[Submission]) -> list[Outcome]:
        """What became of each; `PeerUnreachable` where the connection ends before that is known."""
        if not self.open:
            raise PeerUnreachable
        number = next(self._numbers)
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting_for[number] = answer
        try:
            self.send((number, submissions))
            outcomes = await answer
        finally:
            del self._waiting_for[number]
        if len(outcomes) != len(submissions):
            raise PeerUnreachable
        return outcomes

    def heard(self, body: bytearray) -> None:
        """What became of a parcel."""
        number, outcomes = ANSWER.decode(body)
        answer = self._waiting_for.get(number)
        if answer is not None and not answer.done():
            answer.set_result(outcomes)

    def refused(self) -> None:
        """Whoever waits appends itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits appends itself."""
        del exc
        for answer in self._waiting_for.values():
            if not answer.done():
                answer.set_exception(PeerUnreachable())

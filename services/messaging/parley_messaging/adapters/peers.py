"""The other nodes over their Unix sockets: appends are forwarded to the conversation's owner.

Invariant: an owner that does not answer within `FORWARD_TIMEOUT_S` is left out for a while, and the caller appends
itself; the log's index decides.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.ids import ConversationId
from parley_contracts.limits import APPEND_TIMEOUT_S
from parley_contracts.tokens import sign_service_token
from parley_messaging.adapters.auth import SERVICE
from parley_messaging.adapters.redis.nodes import NodeRegistry
from parley_messaging.domain.entries import Submission
from parley_messaging.domain.ownership import owner_of
from parley_messaging.ports import Outcome, PeerUnreachable

FORWARD_TIMEOUT_S = APPEND_TIMEOUT_S + 1
CONNECT_TIMEOUT_S = 1.0
SUSPECT_S = 5.0
COLLECT_S = 0.001
FORWARD_SIZE_BYTES_MAX = 4 * 1024 * 1024
TOKEN_AGE_S_MAX = 30.0
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Outcome])
_Parcel = tuple[Sequence[Submission], asyncio.Future[list[Outcome]]]


class UnixPeers:
    """`Peers` over HTTP; what several conversations forward to one owner travels together."""

    def __init__(self, registry: NodeRegistry, node_id: str, key: Ed25519PrivateKey) -> None:
        self._registry = registry
        self._node_id = node_id
        self._key = key
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._suspect_until: dict[str, float] = {}
        self._waiting: dict[str, list[_Parcel]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._token = ("", 0.0)

    def owner(self, conversation_id: ConversationId) -> str | None:
        """The node that appends to the conversation; None where that is this one or nobody knows."""
        now = time.monotonic()
        names = [name for name in self._registry.live if self._suspect_until.get(name, 0.0) <= now]
        owner = owner_of(conversation_id.encode(), names) if self._node_id in names else None
        return owner if owner != self._node_id else None

    async def forward(self, node_id: str, submissions: Sequence[Submission]) -> list[Outcome]:
        """Let the owner append, in order; `PeerUnreachable` where it did not answer."""
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(node_id, [])
        waiting.append((submissions, answer))
        if len(waiting) == 1:
            self._begin_sending(node_id)
        return await answer

    def _begin_sending(self, node_id: str) -> None:
        task = asyncio.create_task(self._send(node_id))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()

    async def _send(self, node_id: str) -> None:
        await asyncio.sleep(COLLECT_S)
        parcels = self._take(node_id)
        body = _ENCODER.encode([submission for submissions, _ in parcels for submission in submissions])
        try:
            outcomes = await self._post(node_id, body)
        except PeerUnreachable as error:
            self._suspect_until[node_id] = time.monotonic() + SUSPECT_S
            for _, answer in parcels:
                if not answer.done():
                    answer.set_exception(error)
            return
        first = 0
        for submissions, answer in parcels:
            if not answer.done():
                answer.set_result(outcomes[first : first + len(submissions)])
            first += len(submissions)

    def _take(self, node_id: str) -> list[_Parcel]:
        """What goes into one request; what does not fit follows in another."""
        waiting = self._waiting.pop(node_id)
        count, size_bytes = 0, 0
        for submissions, _ in waiting:
            size_bytes += sum(submission.size_bytes for submission in submissions)
            if count and size_bytes > FORWARD_SIZE_BYTES_MAX:
                break
            count += 1
        if count < len(waiting):
            self._waiting[node_id] = waiting[count:]
            self._begin_sending(node_id)
        return waiting[:count]

    async def _post(self, node_id: str, body: bytes) -> list[Outcome]:
        path = self._registry.live.get(node_id)
        if path is None:
            raise PeerUnreachable
        client = self._clients.get(path)
        if client is None:
            client = self._clients[path] = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(uds=path),
                base_url="http://node",
                timeout=httpx.Timeout(FORWARD_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            )
        try:
            answer = await client.post("/internal/append", content=body, headers=self._headers())
            if answer.status_code != httpx.codes.OK:
                raise PeerUnreachable
            return _DECODER.decode(answer.content)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise PeerUnreachable from error

    def _headers(self) -> dict[str, str]:
        token, made_at = self._token
        if not token or time.monotonic() - made_at > TOKEN_AGE_S_MAX:
            token = sign_service_token(self._key, service=SERVICE, audience=SERVICE)
            self._token = (token, time.monotonic())
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}

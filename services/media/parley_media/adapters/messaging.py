"""Messaging over its Unix sockets: who may see a conversation.

Invariant: every answer is messaging's own of this moment; nothing is remembered, so whoever was put out is out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import STORE_TIMEOUT_S
from parley_contracts.messaging_api import ConversationAccess
from parley_contracts.problems import NotFound, Unavailable
from parley_contracts.tokens import sign_service_token

CONNECT_TIMEOUT_S = 1.0


class MessagingNodes:
    """`Conversations` over all nodes of messaging, in turn; one that does not answer is passed over."""

    def __init__(self, socket_paths: Sequence[Path], service: str, key: Ed25519PrivateKey) -> None:
        timeout = httpx.Timeout(STORE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._nodes = [
            httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://messaging", timeout=timeout
            )
            for path in socket_paths
        ]
        self._turns = itertools.cycle(range(len(self._nodes)))
        self._service = service
        self._key = key

    async def close(self) -> None:
        """Close the connections."""
        for node in self._nodes:
            await node.aclose()

    async def access(self, user_id: UserId, conversation_id: ConversationId) -> ConversationAccess:
        """What a person may see of a conversation; `NotFound` where that is nothing, `Unavailable`."""
        first = next(self._turns)
        for node in self._nodes[first:] + self._nodes[:first]:
            answer = await self._ask(node, f"/internal/conversations/{conversation_id}/access/{user_id}")
            if answer is None or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                continue
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise NotFound
            if answer.status_code == httpx.codes.OK:
                return msgspec.json.decode(answer.content, type=ConversationAccess)
        raise Unavailable("The message service does not answer.", retry_after_s=1)

    async def _ask(self, node: httpx.AsyncClient, path: str) -> httpx.Response | None:
        token = sign_service_token(self._key, service=self._service, audience="messaging")
        try:
            return await node.get(path, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError:
            return None

"""Requests to join by invitation links: filed by outsiders, seen and answered by who may add people.

Invariant: the policy document in force says which links are open; what does not fit one answers like a conversation that
does not exist (I6). Nobody comes in here: that is an ordinary commit of a member.
"""

from __future__ import annotations

import time
from typing import Protocol

from parley_contracts.encoding import b64decode
from parley_contracts.ids import ConversationId, LinkId, UserId, is_uuid
from parley_contracts.joining_api import (
    JOIN_LABEL,
    JoinRequest,
    JoinRequests,
    JoinRequestsChanged,
    JoinRequestUpload,
    join_request_content,
)
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import Conflict, NotFound, PolicyRefused, RateLimited
from parley_messaging.domain.conversation import PRIMITIVES, ConversationState
from parley_messaging.ports import Attempts, Directory, JoinRequestStore
from parley_messaging.service.states import States
from parley_mls import verify_with_label

_FULL_RETRY_S = 3600


class Tell(Protocol):
    """Sends an event to everyone who belongs to a conversation after entry `as_of`."""

    def __call__(self, conversation_id: ConversationId, event: JoinRequestsChanged, *, as_of: int) -> None:
        """Send it."""
        ...


class Joining:
    """The requests to join, as this node handles them."""

    def __init__(
        self,
        *,
        states: States,
        requests: JoinRequestStore,
        directory: Directory,
        attempts: Attempts,
        server_name: str,
        tell: Tell,
    ) -> None:
        self._states = states
        self._requests = requests
        self._directory = directory
        self._attempts = attempts
        self._server_name = server_name
        self._tell = tell

    async def file(self, user_id: UserId, unverified_id: str, upload: JoinRequestUpload) -> None:
        """Ask to join; `NotFound` for whatever does not open, `Conflict` for who belongs already."""
        wait_s = await self._attempts.wait_s(user_id)
        if wait_s:
            raise RateLimited("You have tried too many invitation links.", retry_after_s=wait_s)
        state, policy = await self._policy(unverified_id)
        conversation_id = state.conversation_id
        if policy.role_of(user_id) is not None:
            raise Conflict("You belong to this conversation already.")
        if not await self._is_invited(policy, user_id, upload):
            raise NotFound
        if not await self._requests.put(conversation_id, user_id, upload.link_id, upload.signature):
            raise RateLimited("Too many requests to join are waiting.", retry_after_s=_FULL_RETRY_S)
        self._tell(conversation_id, JoinRequestsChanged(conversation_id), as_of=state.head)

    async def waiting(self, user_id: UserId, unverified_id: str) -> JoinRequests:
        """Who asks to join; for who may add people. What was answered meanwhile is forgotten here."""
        conversation_id, policy = await self._policy_for_adding(user_id, unverified_id)
        still: list[JoinRequest] = []
        for request in await self._requests.waiting(conversation_id):
            link = policy.link(request.link_id)
            outside = request.user_id not in policy.user_ids and request.user_id not in policy.banned
            if outside and link is not None and link.is_open(0):
                still.append(request)
            else:
                await self._requests.remove(conversation_id, request.user_id)
        return JoinRequests(still)

    async def made_by(self, user_id: UserId) -> JoinRequests:
        """What the person has asked to join and has not heard of yet."""
        return JoinRequests(await self._requests.made_by(user_id))

    async def remove(self, user_id: UserId, unverified_id: str, unverified_of: str) -> None:
        """Withdraw one's own request, or turn down another one's; `NotFound` where there is none."""
        if not is_uuid(unverified_id) or not is_uuid(unverified_of):
            raise NotFound
        conversation_id = ConversationId(unverified_id)
        if unverified_of != user_id:
            conversation_id, _ = await self._policy_for_adding(user_id, unverified_id)
        if not await self._requests.remove(conversation_id, UserId(unverified_of)):
            raise NotFound
        state = await self._states.refresh(conversation_id)
        self._tell(conversation_id, JoinRequestsChanged(conversation_id), as_of=state.head)

    async def _is_invited(self, policy: PolicyDocument, user_id: UserId, upload: JoinRequestUpload) -> bool:
        link = policy.link(LinkId(upload.link_id))
        if link is None or not link.is_open(time.time()) or user_id in policy.banned:
            return False
        fingerprint = (await self._directory.root_fingerprints([user_id])).get(user_id)
        if fingerprint is None:
            return False
        content = join_request_content(
            self._server_name, policy.conversation_id, link.link_id, user_id, b64decode(fingerprint)
        )
        try:
            signature = b64decode(upload.signature)
        except ValueError:
            return False
        return verify_with_label(PRIMITIVES, b64decode(link.public_key), JOIN_LABEL, content, signature)

    async def _policy_for_adding(self, user_id: UserId, unverified_id: str) -> tuple[ConversationId, PolicyDocument]:
        state, policy = await self._policy(unverified_id)
        if policy.role_of(user_id) is None:
            raise NotFound
        if not policy.may(user_id, "add"):
            raise PolicyRefused("your role does not have the permission 'add' here", permission="add")
        return state.conversation_id, policy

    async def _policy(self, unverified_id: str) -> tuple[ConversationState, PolicyDocument]:
        """The policy in force, whoever asks; callers let nothing of it out."""
        if not is_uuid(unverified_id):
            raise NotFound
        conversation_id = ConversationId(unverified_id)
        state = await self._states.refresh(conversation_id)
        if not state.head:
            raise NotFound
        return state, (await self._states.epoch(state)).policy

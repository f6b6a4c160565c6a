"""Requests to join, one for each person and conversation, until they are answered or too old (an index ends them)."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, LinkId, UserId
from parley_contracts.joining_api import JoinRequest
from parley_contracts.limits import JOIN_REQUESTS_PER_CONVERSATION_MAX, JOIN_REQUESTS_PER_USER_MAX
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away


class MongoJoinRequests:
    """`JoinRequestStore` over the collection `join_requests`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._requests = database["join_requests"]

    async def put(self, conversation_id: ConversationId, user_id: UserId, link_id: LinkId, signature: str) -> bool:
        """Store a person's request in place of an earlier one; False where there are too many already.

        Counting comes before writing, so requests that come at once may exceed the bounds by as many.
        """
        conversation, user = {"conversation": id_bytes(conversation_id)}, {"user": id_bytes(user_id)}
        fields = {"link": id_bytes(link_id), "signature": b64decode(signature), "requested_at": datetime.now(UTC)}
        async with unavailable_when_away():
            replaced = await self._requests.update_one(conversation | user, {"$set": fields})
            if replaced.matched_count:
                return True
            waiting = await self._requests.count_documents(conversation, limit=JOIN_REQUESTS_PER_CONVERSATION_MAX)
            own = await self._requests.count_documents(user, limit=JOIN_REQUESTS_PER_USER_MAX)
            if waiting >= JOIN_REQUESTS_PER_CONVERSATION_MAX or own >= JOIN_REQUESTS_PER_USER_MAX:
                return False
            await self._requests.update_one(conversation | user, {"$set": fields}, upsert=True)
        return True

    async def waiting(self, conversation_id: ConversationId) -> list[JoinRequest]:
        """Who asks to join a conversation, oldest first."""
        return await self._find({"conversation": id_bytes(conversation_id)}, JOIN_REQUESTS_PER_CONVERSATION_MAX)

    async def made_by(self, user_id: UserId) -> list[JoinRequest]:
        """What a person asks to join, oldest first."""
        return await self._find({"user": id_bytes(user_id)}, JOIN_REQUESTS_PER_USER_MAX)

    async def remove(self, conversation_id: ConversationId, user_id: UserId) -> bool:
        """Forget a request; whether there was one."""
        query = {"conversation": id_bytes(conversation_id), "user": id_bytes(user_id)}
        async with unavailable_when_away():
            return bool((await self._requests.delete_one(query)).deleted_count)

    async def _find(self, query: Document, count_max: int) -> list[JoinRequest]:
        async with unavailable_when_away():
            cursor = self._requests.find(query, limit=count_max).sort("requested_at", 1)
            return [
                JoinRequest(
                    conversation_id=ConversationId(id_text(document["conversation"])),
                    user_id=UserId(id_text(document["user"])),
                    link_id=LinkId(id_text(document["link"])),
                    signature=b64encode(document["signature"]),
                    requested_at=document["requested_at"].isoformat(timespec="milliseconds") + "Z",
                )
                async for document in cursor
            ]

"""Applications in the collection `applications`: one document each, gone when it is revoked."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from parley_contracts.applications_api import Application
from parley_contracts.ids import ApplicationId, ChannelId, ConversationId, UserId
from parley_contracts.limits import APPLICATIONS_PER_CHANNEL_MAX
from parley_contracts.problems import Conflict, TooMany
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.domain.applications import StoredApplication


class MongoApplications:
    """`ApplicationStore` over the collection `applications`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._applications = database["applications"]

    async def add(self, stored: StoredApplication) -> None:
        """Keep a new one; `Conflict` where there is one of that id. Those that come at once may exceed the bound by as many."""
        application = stored.application
        conversation = {"conversation": id_bytes(application.conversation_id)}
        count_max = APPLICATIONS_PER_CHANNEL_MAX
        async with unavailable_when_away():
            if await self._applications.count_documents(conversation, limit=count_max) >= count_max:
                raise TooMany(limit=count_max)
            try:
                await self._applications.insert_one(
                    {
                        "application": id_bytes(application.application_id),
                        **conversation,
                        "name": application.name,
                        "scopes": list(application.scopes),
                        "created_by": id_bytes(application.created_by),
                        "created_at": application.created_at,
                        "token_hash": stored.token_hash,
                        **_callback(stored),
                    }
                )
            except DuplicateKeyError:
                raise Conflict("There is an application of this id; its secrets were shown once.") from None

    async def get(self, application_id: ApplicationId) -> StoredApplication | None:
        """One, or None."""
        found = await self._find({"application": id_bytes(application_id)})
        return found[0] if found else None

    async def of_channel(self, channel_id: ChannelId) -> list[StoredApplication]:
        """Those of a channel, the oldest first."""
        return await self._find({"conversation": id_bytes(channel_id)})

    async def remove(self, channel_id: ChannelId, application_id: ApplicationId) -> bool:
        """Forget one; whether there was one."""
        query = {"application": id_bytes(application_id), "conversation": id_bytes(channel_id)}
        async with unavailable_when_away():
            return bool((await self._applications.delete_one(query)).deleted_count)

    async def due(self, now: datetime) -> list[StoredApplication]:
        """Those whose callback is on and not left alone just now."""
        return await self._find({"due_at": {"$lte": now}})

    async def told(self, application_id: ApplicationId, position: int) -> None:
        """The callback was told everything up to here."""
        await self._set(application_id, {"$max": {"position": position}, "$set": {"attempts": 0}})

    async def postpone(self, application_id: ApplicationId, attempts: int, due_at: datetime) -> None:
        """The callback has failed: leave it alone until then."""
        await self._set(application_id, {"$set": {"attempts": attempts, "due_at": due_at}})

    async def end(self, application_id: ApplicationId, reason: str) -> None:
        """Tell the callback nothing any more."""
        await self._set(application_id, {"$set": {"callback_ended": reason}, "$unset": {"due_at": 1}})

    async def _set(self, application_id: ApplicationId, update: Document) -> None:
        async with unavailable_when_away():
            await self._applications.update_one({"application": id_bytes(application_id)}, update)

    async def _find(self, query: Document) -> list[StoredApplication]:
        async with unavailable_when_away():
            cursor = self._applications.find(query).sort("_id", 1)
            return [_from_document(document) async for document in cursor]


def _from_document(document: Document) -> StoredApplication:
    application = Application(
        application_id=ApplicationId(id_text(document["application"])),
        conversation_id=ChannelId(ConversationId(id_text(document["conversation"]))),
        name=document["name"],
        scopes=document["scopes"],
        created_by=UserId(id_text(document["created_by"])),
        created_at=document["created_at"],
        callback_url=document.get("callback_url"),
        callback_ended=document.get("callback_ended", ""),
    )
    position, attempts = document.get("position", 0), document.get("attempts", 0)
    return StoredApplication(application, document["token_hash"], position, attempts)


def _callback(stored: StoredApplication) -> Document:
    if stored.application.callback_url is None:
        return {}
    fields = {"callback_url": stored.application.callback_url, "position": stored.position, "attempts": 0}
    return fields | {"due_at": datetime.now(UTC)}

"""The index of objects and each person's use of space.

Invariant: writes are `w:majority, j:true` and reads `majority` on the primary; an object and the space that it takes
are written in one transaction, so the sum never drifts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bson.codec_options import CodecOptions
from pymongo import ASCENDING, AsyncMongoClient, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from parley_contracts.ids import ConversationId, ObjectId, UserId, uuid_bytes, uuid_text
from parley_contracts.limits import MEDIA_BYTES_PER_USER_MAX, MEDIA_OBJECTS_PER_USER_MAX
from parley_contracts.media_api import Quota
from parley_contracts.problems import QuotaExceeded, Unavailable
from parley_media.config import SERVICE
from parley_media.domain.objects import MediaObject
from parley_serving.fastapi import mongo
from parley_serving.fastapi.mongo import Document

#: Everybody's, unless an operator gave a person another one.
_LIMIT_BYTES = MEDIA_BYTES_PER_USER_MAX
_INDEXES = [
    # What the sweep looks for; stored objects are not in it.
    IndexModel([("expires_at", ASCENDING)], name="abandoned", partialFilterExpression={"stored": {"$eq": False}}),
    IndexModel([("user", ASCENDING), ("_id", ASCENDING)], name="owner"),
]


def connect(url: str) -> AsyncMongoClient[Document]:
    """A client whose every operation has a time-out."""
    return mongo.connect(url, SERVICE)


def database_of(client: AsyncMongoClient[Document]) -> AsyncDatabase[Document]:
    """The database that the address names."""
    return mongo.database_of(client, SERVICE, codec_options=CodecOptions(tz_aware=True))


async def migrate(database: AsyncDatabase[Document]) -> None:
    """Create what is missing; safe to run again and by several nodes at once."""
    await database["objects"].create_indexes(_INDEXES)
    # A transaction cannot make a collection on every version of the engine.
    if "space" not in await database.list_collection_names():
        await database["space"].create_index([("_id", ASCENDING)])


@asynccontextmanager
async def unavailable_when_away() -> AsyncIterator[None]:
    """Turn the driver's errors into `Unavailable`."""
    try:
        yield
    except PyMongoError as error:
        raise Unavailable("The index of files does not answer.", retry_after_s=1) from error


class MongoObjects:
    """`ObjectIndex` over the collections `objects` and `space`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._client = database.client
        self._objects = database["objects"]
        self._space = database["space"]

    async def add(self, found: MediaObject) -> MediaObject:
        """Store an announcement within the quota (`QuotaExceeded`); the one that stands there already, if one does."""
        user = uuid_bytes(found.user_id)

        async def insert(session: AsyncClientSession) -> None:
            await self._objects.insert_one(_document(found), session=session)
            room = {
                "_id": user,
                "$expr": {
                    "$lte": [{"$add": ["$bytes", found.size_bytes]}, {"$ifNull": ["$limit_bytes", _LIMIT_BYTES]}]
                },
                "objects": {"$lt": MEDIA_OBJECTS_PER_USER_MAX},
            }
            taken = {"$inc": {"bytes": found.size_bytes, "objects": 1}}
            if not (await self._space.update_one(room, taken, session=session)).matched_count:
                standing = await self._space.find_one({"_id": user}, session=session)
                raise QuotaExceeded(limit_bytes=_quota(standing).limit_bytes)

        async with unavailable_when_away():
            if await self._space.find_one({"_id": user}) is None:
                await self._space.update_one({"_id": user}, {"$setOnInsert": {"bytes": 0, "objects": 0}}, upsert=True)
            try:
                async with self._client.start_session() as session:
                    await session.with_transaction(insert)
            except DuplicateKeyError:
                standing = await self.get(found.object_id)
                if standing is None:
                    raise Unavailable(retry_after_s=1) from None
                return standing
        return found

    async def get(self, object_id: ObjectId) -> MediaObject | None:
        """An object, or None."""
        async with unavailable_when_away():
            document = await self._objects.find_one({"_id": uuid_bytes(object_id)})
        return _object(document) if document is not None else None

    async def mark_stored(self, object_id: ObjectId) -> None:
        """All of its bytes are there."""
        async with unavailable_when_away():
            await self._objects.update_one({"_id": uuid_bytes(object_id)}, {"$set": {"stored": True}})

    async def expired(self, before: dt.datetime, limit: int) -> list[MediaObject]:
        """Uploads that ended before then without being complete."""
        query = {"stored": False, "expires_at": {"$lt": before}}
        async with unavailable_when_away():
            return [_object(document) async for document in self._objects.find(query, limit=limit)]

    async def owned(self, user_id: UserId, limit: int, *, after: ObjectId | None = None) -> list[MediaObject]:
        """Objects of a person, complete or not, by their ids, from behind one on."""
        query: Document = {"user": uuid_bytes(user_id)}
        if after is not None:
            query["_id"] = {"$gt": uuid_bytes(after)}
        async with unavailable_when_away():
            cursor = self._objects.find(query, limit=limit).sort("_id", 1)
            return [_object(document) async for document in cursor]

    async def count_owned(self, user_id: UserId) -> int:
        """How many objects a person has."""
        async with unavailable_when_away():
            return await self._objects.count_documents({"user": uuid_bytes(user_id)})

    async def remove(self, found: MediaObject) -> None:
        """Forget an object, whatever its state, and give its space back; again is harmless."""
        await self._remove(found, {"_id": uuid_bytes(found.object_id)})

    async def remove_open(self, found: MediaObject) -> None:
        """Forget an upload that is not complete, and give its space back; again is harmless."""
        wanted = {"_id": uuid_bytes(found.object_id), "stored": False, "expires_at": found.expires_at}
        await self._remove(found, wanted)

    async def _remove(self, found: MediaObject, wanted: Document) -> None:
        async def remove(session: AsyncClientSession) -> None:
            if (await self._objects.delete_one(wanted, session=session)).deleted_count:
                given_back = {"$inc": {"bytes": -found.size_bytes, "objects": -1}}
                await self._space.update_one({"_id": uuid_bytes(found.user_id)}, given_back, session=session)

        async with unavailable_when_away(), self._client.start_session() as session:
            await session.with_transaction(remove)


class MongoQuotas:
    """`QuotaStore` over the collection `space`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._space = database["space"]

    async def quota(self, user_id: UserId) -> Quota:
        """What a person takes and may take."""
        async with unavailable_when_away():
            return _quota(await self._space.find_one({"_id": uuid_bytes(user_id)}))

    async def set_limit(self, user_id: UserId, limit_bytes: int | None) -> None:
        """A limit of the person's own; None: everybody's."""
        change: Document = {"$unset": {"limit_bytes": ""}}
        if limit_bytes is not None:
            change = {"$set": {"limit_bytes": limit_bytes}}
        begin = {"$setOnInsert": {"bytes": 0, "objects": 0}}
        async with unavailable_when_away():
            await self._space.update_one({"_id": uuid_bytes(user_id)}, change | begin, upsert=True)

    async def forget(self, user_id: UserId) -> None:
        """Forget what a person takes and may take; again is harmless."""
        async with unavailable_when_away():
            await self._space.delete_one({"_id": uuid_bytes(user_id)})

    async def knows(self, user_id: UserId) -> bool:
        """Whether there is anything about a person's space."""
        async with unavailable_when_away():
            return await self._space.find_one({"_id": uuid_bytes(user_id)}) is not None


class MongoPositions:
    """`Positions` of deletions in the collection `positions`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._positions = database["positions"]

    async def position(self) -> int:
        """The last position passed, 0 before the first."""
        async with unavailable_when_away():
            found = await self._positions.find_one({"_id": "deletions"})
        return int(found["position"]) if found else 0

    async def passed(self, position: int) -> None:
        """Everything up to here is done."""
        async with unavailable_when_away():
            await self._positions.update_one({"_id": "deletions"}, {"$set": {"position": position}}, upsert=True)


def _quota(space: Document | None) -> Quota:
    found = space or {}
    # What does not fit in 32 bits comes back as a class of the driver's own.
    return Quota(
        used_bytes=int(found.get("bytes", 0)),
        objects=int(found.get("objects", 0)),
        limit_bytes=int(found.get("limit_bytes", _LIMIT_BYTES)),
    )


def _document(found: MediaObject) -> Document:
    return {
        "_id": uuid_bytes(found.object_id),
        "user": uuid_bytes(found.user_id),
        "conversation": uuid_bytes(found.conversation_id),
        "size_bytes": found.size_bytes,
        "digest": found.digest,
        "after": found.after,
        "multipart_id": found.multipart_id,
        "stored": found.stored,
        "expires_at": found.expires_at,
    }


def _object(document: Document) -> MediaObject:
    return MediaObject(
        object_id=ObjectId(uuid_text(document["_id"])),
        user_id=UserId(uuid_text(document["user"])),
        conversation_id=ConversationId(uuid_text(document["conversation"])),
        size_bytes=document["size_bytes"],
        digest=document["digest"],
        after=document["after"],
        multipart_id=document["multipart_id"],
        stored=document["stored"],
        expires_at=document["expires_at"],
    )

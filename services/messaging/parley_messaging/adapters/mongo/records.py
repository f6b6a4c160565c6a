"""A person's sealed records: archive, history keys, account index.

Invariant: archive records and history keys are written once; the account index moves by one version at a time.
"""

from __future__ import annotations

from bson import ObjectId
from bson.errors import InvalidId
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.messaging_api import AccountIndex, ArchivePage, ArchiveRecord, HistoryKeyRecord
from parley_contracts.problems import Conflict, InvalidRequest, VersionStale
from parley_messaging.adapters.mongo.database import Collection, Document, id_bytes, id_text, unavailable_when_away


class MongoRecords:
    """`RecordStore` over the collections `archive`, `history_keys` and `account_indexes`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._archive = database["archive"]
        self._history_keys = database["history_keys"]
        self._indexes = database["account_indexes"]

    async def put_archive(self, user_id: UserId, record: ArchiveRecord) -> None:
        """Store a record; `Conflict` where other bytes stand there."""
        place = {
            "user": id_bytes(user_id),
            "conversation": id_bytes(record.conversation_id),
            "generation": record.generation,
            "epoch": record.epoch,
            "history_version": record.history_version,
        }
        await _put_once(self._archive, place, b64decode(record.sealed))

    async def archive(self, user_id: UserId, *, after: str | None, limit: int) -> ArchivePage:
        """A page of the person's records in the order in which they came."""
        query: Document = {"user": id_bytes(user_id)}
        if after is not None:
            try:
                query["_id"] = {"$gt": ObjectId(after)}
            except InvalidId as error:
                raise InvalidRequest("`after` is not a position of the archive", field="after") from error
        async with unavailable_when_away():
            cursor = self._archive.find(query, limit=limit + 1).sort("_id", 1)
            found = [document async for document in cursor]
        page = found[:limit]
        return ArchivePage(
            records=[
                ArchiveRecord(
                    conversation_id=ConversationId(id_text(document["conversation"])),
                    generation=int(document["generation"]),
                    epoch=int(document["epoch"]),
                    history_version=int(document["history_version"]),
                    sealed=b64encode(document["sealed"]),
                )
                for document in page
            ],
            next=str(page[-1]["_id"]) if len(found) > limit else None,
        )

    async def put_history_key(self, user_id: UserId, record: HistoryKeyRecord) -> None:
        """Store a sealed history key; `Conflict` where other bytes stand there."""
        place = {"user": id_bytes(user_id), "version": record.version}
        await _put_once(self._history_keys, place, b64decode(record.sealed))

    async def history_keys(self, user_id: UserId) -> list[HistoryKeyRecord]:
        """The person's sealed history keys, ascending."""
        async with unavailable_when_away():
            cursor = self._history_keys.find({"user": id_bytes(user_id)}).sort("version", 1)
            return [
                HistoryKeyRecord(int(document["version"]), b64encode(document["sealed"])) async for document in cursor
            ]

    async def put_account_index(self, user_id: UserId, index: AccountIndex) -> None:
        """Replace version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
        user, sealed = id_bytes(user_id), b64decode(index.sealed)
        async with unavailable_when_away():
            if index.version == 1:
                try:
                    await self._indexes.insert_one({"user": user, "version": 1, "sealed": sealed})
                except DuplicateKeyError:
                    pass
                else:
                    return
            else:
                changed = await self._indexes.update_one(
                    {"user": user, "version": index.version - 1},
                    {"$set": {"version": index.version, "sealed": sealed}},
                )
                if changed.matched_count:
                    return
        stored = await self.account_index(user_id)
        if stored != index:
            raise VersionStale(version=stored.version if stored else 0)

    async def account_index(self, user_id: UserId) -> AccountIndex | None:
        """The stored index."""
        async with unavailable_when_away():
            document = await self._indexes.find_one({"user": id_bytes(user_id)})
        return AccountIndex(int(document["version"]), b64encode(document["sealed"])) if document else None


async def _put_once(collection: Collection, place: Document, sealed: bytes) -> None:
    async with unavailable_when_away():
        try:
            await collection.insert_one(place | {"sealed": sealed})
        except DuplicateKeyError:
            stored = await collection.find_one(place)
            if stored is None or stored["sealed"] != sealed:
                raise Conflict("Something else is stored here.") from None

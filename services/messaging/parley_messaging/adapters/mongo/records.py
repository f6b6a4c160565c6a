"""A person's sealed records: archive, history keys, account index, settings.

Invariant: archive records and history keys are written once; the account index and the settings move by one version at a
time.
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
from parley_contracts.settings_api import SealedSettings
from parley_messaging.adapters.mongo.database import Collection, Document, id_bytes, id_text, unavailable_when_away


class MongoRecords:
    """`RecordStore` over the collections `archive`, `history_keys`, `account_indexes` and `settings`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._archive = database["archive"]
        self._history_keys = database["history_keys"]
        self._indexes = database["account_indexes"]
        self._settings = database["settings"]

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
        await _put_next(self._indexes, user_id, index.version, b64decode(index.sealed))

    async def account_index(self, user_id: UserId) -> AccountIndex | None:
        """The stored index."""
        found = await _newest(self._indexes, user_id)
        return AccountIndex(found[0], b64encode(found[1])) if found else None

    async def put_settings(self, user_id: UserId, settings: SealedSettings) -> None:
        """Replace version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
        await _put_next(self._settings, user_id, settings.version, b64decode(settings.sealed))

    async def settings(self, user_id: UserId) -> SealedSettings | None:
        """The stored settings."""
        found = await _newest(self._settings, user_id)
        return SealedSettings(found[0], b64encode(found[1])) if found else None


async def _put_next(collection: Collection, user_id: UserId, version: int, sealed: bytes) -> None:
    """Replace a person's one document of version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
    user = id_bytes(user_id)
    async with unavailable_when_away():
        if version == 1:
            try:
                await collection.insert_one({"user": user, "version": 1, "sealed": sealed})
            except DuplicateKeyError:
                pass
            else:
                return
        else:
            changed = await collection.update_one(
                {"user": user, "version": version - 1}, {"$set": {"version": version, "sealed": sealed}}
            )
            if changed.matched_count:
                return
    stored = await _newest(collection, user_id)
    if stored != (version, sealed):
        raise VersionStale(version=stored[0] if stored else 0)


async def _newest(collection: Collection, user_id: UserId) -> tuple[int, bytes] | None:
    async with unavailable_when_away():
        document = await collection.find_one({"user": id_bytes(user_id)})
    return (int(document["version"]), document["sealed"]) if document else None


async def _put_once(collection: Collection, place: Document, sealed: bytes) -> None:
    async with unavailable_when_away():
        try:
            await collection.insert_one(place | {"sealed": sealed})
        except DuplicateKeyError:
            stored = await collection.find_one(place)
            if stored is None or stored["sealed"] != sealed:
                raise Conflict("Something else is stored here.") from None

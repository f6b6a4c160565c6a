"""How far people have read and got, one document for each conversation and person; and their privacy settings.

Invariant: positions only rise. What others may see (`shared`, `delivered`) is raised apart from the person's own position,
only while the person sends receipts: what was read in private stays private when receipts are sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.problems import VersionStale
from parley_contracts.state_api import PrivacySettings, ReadState, Receipt
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.ports import Position, ReadMark

_SETTINGS = ("receipts", "typing", "presence", "strangers")


class MongoPositions:
    """`PositionStore` over the collection `read_positions`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._positions = database["read_positions"]

    async def mark(self, marks: Mapping[tuple[UserId, ConversationId], ReadMark]) -> None:
        """Raise positions; two nodes that first mark the same one at once are told apart by the index."""
        await self._raise(
            {
                place: {"sequence": mark.sequence, "ordinal": mark.ordinal}
                | ({"shared": mark.sequence} if mark.shared else {})
                for place, mark in marks.items()
            }
        )

    async def deliver(self, marks: Mapping[tuple[UserId, ConversationId], int]) -> None:
        """Raise delivered positions."""
        await self._raise({place: {"delivered": sequence} for place, sequence in marks.items()})

    async def _raise(self, risen: Mapping[tuple[UserId, ConversationId], Document]) -> None:
        updates = [
            UpdateOne(_place(user, conversation), {"$max": fields}, upsert=True)
            for (user, conversation), fields in risen.items()
        ]
        if updates:
            async with unavailable_when_away():
                await self._positions.bulk_write(updates, ordered=False)

    async def read(self, user_id: UserId, conversation_id: ConversationId, mark: ReadMark) -> ReadState:
        """Raise a position and clear the mark; what holds then."""
        marked = {"$gt": [{"$ifNull": ["$unread", 0]}, 0]}
        fields: Document = {
            "sequence": {"$max": ["$sequence", mark.sequence]},
            "ordinal": {"$max": ["$ordinal", mark.ordinal]},
            "version": {"$add": [{"$ifNull": ["$version", 0]}, {"$cond": [marked, 1, 0]}]},
            "unread": 0,
        }
        if mark.shared:
            fields["shared"] = {"$max": ["$shared", mark.sequence]}
        return await self._change(user_id, conversation_id, fields)

    async def mark_unread(self, user_id: UserId, conversation_id: ConversationId, sequence: int) -> ReadState:
        """Set the mark; what holds then."""
        fields = {"version": {"$add": [{"$ifNull": ["$version", 0]}, 1]}, "unread": sequence}
        return await self._change(user_id, conversation_id, fields)

    async def _change(self, user_id: UserId, conversation_id: ConversationId, fields: Document) -> ReadState:
        async with unavailable_when_away():
            for attempt in range(2):
                try:
                    found = await self._positions.find_one_and_update(
                        _place(user_id, conversation_id),
                        [{"$set": fields}],
                        upsert=True,
                        return_document=ReturnDocument.AFTER,
                    )
                except DuplicateKeyError:  # two first marks at once
                    if attempt:
                        raise
                else:
                    position = _position(found or {})
                    return ReadState(conversation_id, position.sequence, position.unread_sequence, position.version)
        raise AssertionError("the last attempt returns or raises")

    async def positions(
        self, user_id: UserId, conversation_ids: Sequence[ConversationId]
    ) -> dict[ConversationId, Position]:
        """The person's own positions by conversation."""
        query = {"user": id_bytes(user_id), "conversation": {"$in": [id_bytes(c) for c in conversation_ids]}}
        async with unavailable_when_away():
            return {
                ConversationId(id_text(found["conversation"])): _position(found)
                async for found in self._positions.find(query)
            }

    async def receipts(self, conversation_id: ConversationId) -> list[Receipt]:
        """What everybody lets others see, members or not."""
        async with unavailable_when_away():
            return [
                Receipt(
                    UserId(id_text(found["user"])),
                    found.get("shared") or 0,
                    max(found.get("delivered") or 0, found.get("shared") or 0),
                )
                async for found in self._positions.find({"conversation": id_bytes(conversation_id)})
            ]


class MongoPrivacy:
    """`PrivacyStore` over the collection `privacy`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._settings = database["privacy"]

    async def settings(self, user_ids: Sequence[UserId]) -> dict[UserId, PrivacySettings]:
        """The settings of those who have changed any."""
        async with unavailable_when_away():
            cursor = self._settings.find({"user": {"$in": [id_bytes(user_id) for user_id in user_ids]}})
            return {
                UserId(id_text(found["user"])): PrivacySettings(
                    found["version"], **{name: found.get(name, True) for name in _SETTINGS}
                )
                async for found in cursor
            }

    async def put(self, user_id: UserId, settings: PrivacySettings) -> None:
        """Replace version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
        fields = {"version": settings.version} | {name: getattr(settings, name) for name in _SETTINGS}
        async with unavailable_when_away():
            try:
                changed = await self._settings.update_one(
                    {"user": id_bytes(user_id), "version": settings.version - 1},
                    {"$set": fields},
                    upsert=settings.version == 1,
                )
            except DuplicateKeyError:
                changed = None
        if changed is not None and (changed.matched_count or changed.upserted_id is not None):
            return
        stored = (await self.settings([user_id])).get(user_id, PrivacySettings())
        if stored != settings:
            raise VersionStale(version=stored.version)


def _place(user_id: UserId, conversation_id: ConversationId) -> Document:
    return {"user": id_bytes(user_id), "conversation": id_bytes(conversation_id)}


def _position(found: Document) -> Position:
    return Position(
        found.get("sequence") or 0, found.get("ordinal") or 0, found.get("unread") or 0, found.get("version") or 0
    )

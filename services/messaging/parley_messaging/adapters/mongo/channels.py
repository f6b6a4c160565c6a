"""Open channels by name, and what is said in them by its words.

Invariant: both lead to candidates only. A name was written ahead of its entry and may be another by now, a word may have been
edited away: whoever asks looks into the log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bson import ObjectId
from bson.errors import InvalidId
from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.ids import ChannelId, ConversationId
from parley_contracts.problems import InvalidRequest
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.adapters.mongo.log import from_document
from parley_messaging.channel_ports import Candidate, Looked
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.domain.tokens import folded


class MongoChannels:
    """`ChannelStore` over the collections `channels` and `entries`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._channels = database["channels"]
        self._entries = database["entries"]

    async def name(self, channel_id: ChannelId, name: str) -> None:
        """Let a channel be found by this name."""
        async with unavailable_when_away():
            await self._channels.update_one(
                {"conversation": id_bytes(channel_id)}, {"$set": {"folded": folded(name)}}, upsert=True
            )

    async def page(self, query: str, *, after: tuple[str, ChannelId] | None, limit: int) -> list[tuple[str, ChannelId]]:
        """Folded names and ids, by these."""
        wanted: Document = {"folded": {"$regex": re.escape(folded(query))}} if query else {}
        if after is not None:
            name, channel_id = after
            further = {"folded": name, "conversation": {"$gt": id_bytes(channel_id)}}
            wanted = {"$and": [wanted, {"$or": [{"folded": {"$gt": name}}, further]}]}
        async with unavailable_when_away():
            cursor = self._channels.find(wanted).sort([("folded", 1), ("conversation", 1)]).limit(limit)
            return [
                (found["folded"], ChannelId(ConversationId(id_text(found["conversation"])))) async for found in cursor
            ]

    async def find(self, looked: Looked, *, limit: int) -> list[Candidate]:
        """Posts with every token, the newest first."""
        query: Document = {
            "conversation": {"$in": [id_bytes(channel_id) for channel_id in looked.channel_ids]},
            "tokens": {"$all": list(looked.tokens)},
        }
        if looked.sender is not None:
            query["user"] = id_bytes(looked.sender)
        times = {"$gte": looked.since, "$lt": looked.until}
        if stored_at := {name: value for name, value in times.items() if value is not None}:
            # An edit finds its message, which is older.
            query["$or"] = [{"stored_at": stored_at}, {"target": {"$exists": True}}]
        if looked.after is not None:
            query["_id"] = {"$lt": _position(looked.after)}
        async with unavailable_when_away():
            cursor = self._entries.find(query, {"tokens": 0}).sort("_id", -1).limit(limit)
            return [
                Candidate(str(found["_id"]), from_document(found), int(found.get("target") or 0))
                async for found in cursor
            ]

    async def about(self, channel_id: ChannelId, targets: Collection[int]) -> list[Candidate]:
        """What was said of these posts, in the order of the log."""
        query: Document = {"conversation": id_bytes(channel_id), "target": {"$in": sorted(targets)}}
        async with unavailable_when_away():
            cursor = self._entries.find(query, {"tokens": 0}).sort("sequence", 1)
            return [Candidate(str(found["_id"]), from_document(found), int(found["target"])) async for found in cursor]

    async def posts(self, channel_id: ChannelId, sequences: Collection[int]) -> Sequence[StoredEntry]:
        """The entries at these places, with their bodies."""
        query: Document = {"conversation": id_bytes(channel_id), "sequence": {"$in": sorted(sequences)}}
        async with unavailable_when_away():
            return [from_document(found) async for found in self._entries.find(query, {"tokens": 0, "standing": 0})]


def _position(unverified: str) -> ObjectId:
    try:
        return ObjectId(unverified)
    except InvalidId as error:
        raise InvalidRequest("`after` is not a place of the search", field="after") from error

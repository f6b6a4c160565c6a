"""What is kept of single persons beside the log, over all collections: how much it is, and its end.

Invariant: a log is of all who belong to its conversation and stays as it is, but for a note to self, which is of one; whatever else
is of a person stands in `_OWNED`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.encoding import b64encode
from parley_contracts.ids import UserId, self_conversation_id
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away

#: By collection, the field that says whose a document is.
_OWNED: Final = {
    "memberships": "user",
    "read_positions": "user",
    "privacy": "user",
    "archive": "user",
    "history_keys": "user",
    "scheduled": "user",
    "reports": "reporter",
    "account_indexes": "user",
    "settings": "user",
    "join_requests": "user",
}
_IDENTIFIERS: Final = frozenset({"user", "device", "client", "conversation", "link", "welcome_devices"})
_ID_SIZE_BYTES: Final = 16


class MongoPeople:
    """`PeopleStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    async def erase(self, user_id: UserId) -> None:
        """Erase what is kept of a person; again is harmless."""
        async with unavailable_when_away():
            for name, query in _owned(user_id).items():
                await self._database[name].delete_many(query)

    async def kept(self, user_id: UserId) -> AsyncIterator[dict[str, Any]]:
        """What is kept of a person, but for reports, whose words are sealed: documents as JSON, their collection as `kind`."""
        for name, query in _owned(user_id).items():
            if name != "reports":
                async with unavailable_when_away():
                    async for document in self._database[name].find(query).sort("_id", 1):
                        yield {"kind": name} | {key: _as_json(key, document[key]) for key in document if key != "_id"}

    async def left(self, user_id: UserId) -> dict[str, int]:
        """How many documents are kept of a person, by collection; nothing where there are none."""
        async with unavailable_when_away():
            counts = {
                name: await self._database[name].count_documents(query) for name, query in _owned(user_id).items()
            }
        return {name: count for name, count in counts.items() if count}


def _owned(user_id: UserId) -> dict[str, Document]:
    """What is of a person, by collection."""
    note_to_self = {"entries": {"conversation": id_bytes(self_conversation_id(user_id))}}
    return note_to_self | {name: {field: id_bytes(user_id)} for name, field in _OWNED.items()}


def _as_json(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return id_text(value) if name in _IDENTIFIERS and len(value) == _ID_SIZE_BYTES else b64encode(value)
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, list):
        return [_as_json(name, each) for each in value]
    if isinstance(value, dict):
        return {key: _as_json(key, each) for key, each in value.items()}
    return value


class MongoDeletionPositions:
    """`Positions` of deletions, in the collection `server`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._server = database["server"]

    async def position(self) -> int:
        """The last position passed, 0 before the first."""
        async with unavailable_when_away():
            found = await self._server.find_one({"_id": "deletions"})
        return int(found["position"]) if found else 0

    async def passed(self, position: int) -> None:
        """Everything up to here is done."""
        async with unavailable_when_away():
            await self._server.update_one({"_id": "deletions"}, {"$set": {"position": position}}, upsert=True)

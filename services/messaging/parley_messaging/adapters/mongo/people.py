"""What is kept of single persons beside the log, over all collections: how much it is, and its end.

Invariant: a log is of all who belong to its conversation and stays as it is, but for a note to self, which is of one; whatever else
is of a person stands in `_OWNED`.
"""

from __future__ import annotations

from typing import Final

from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.ids import UserId, self_conversation_id
from parley_messaging.adapters.mongo.database import Document, id_bytes, unavailable_when_away

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


class MongoPeople:
    """`PeopleStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    async def erase(self, user_id: UserId) -> None:
        """Erase what is kept of a person; again is harmless."""
        async with unavailable_when_away():
            for name, query in _owned(user_id).items():
                await self._database[name].delete_many(query)

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

"""The server generation: a word that is another after each restore of a backup, kept in the database itself.

A backup brings back the generation of its day, so whoever restores one renews it before the nodes start again.
"""

from __future__ import annotations

from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.ids import new_uuid7
from parley_messaging.adapters.mongo.database import Document, unavailable_when_away

#: Of a server that was never restored.
FIRST = "1"
_ID = {"_id": "generation"}


class MongoGeneration:
    """`GenerationStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._server = database["server"]

    async def read(self) -> str:
        """The generation in force."""
        async with unavailable_when_away():
            found = await self._server.find_one(_ID)
        return str(found["value"]) if found else FIRST


async def renew(database: AsyncDatabase[Document]) -> str:
    """Declare that a backup was restored; the new generation, which was never in force before."""
    value = new_uuid7()
    await database["server"].update_one(_ID, {"$set": {"value": value}}, upsert=True)
    return value

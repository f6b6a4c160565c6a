"""How much room is left where the database lies, as MongoDB itself sees it: wherever it runs."""

from __future__ import annotations

from pymongo.asynchronous.database import AsyncDatabase

from parley_messaging.adapters.mongo.database import Document, unavailable_when_away


class MongoSpace:
    """`SpaceStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    async def free_bytes(self) -> int | None:
        """Free bytes of the primary's disk; None where MongoDB does not tell."""
        async with unavailable_when_away():
            found = await self._database.command("dbStats")
        if "fsTotalSize" not in found:
            return None
        return int(found["fsTotalSize"] - found["fsUsedSize"])

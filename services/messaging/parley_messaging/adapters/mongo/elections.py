"""Reads that show everything that was acknowledged before, whoever is the primary by now.

A new primary has every acknowledged entry, but a majority read shows only what it knows a majority to have: until its own first write
is with a majority, that may be less than what its predecessor acknowledged. So the first reads after an election wait for a write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.problems import Unavailable
from parley_messaging.adapters.mongo.database import Document, unavailable_when_away

#: Elections may follow one another; a reader does not wait for more of them.
ATTEMPTS = 4
#: Behind a router of shards nobody sees elections: there a read may miss what was acknowledged a moment before one.
_UNSEEN = "unseen"
_Found = TypeVar("_Found")


class Elections:
    """By whom the members of MongoDB's set are led, as the driver knows it, and whether reads there show everything."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._client = database.client
        self._marks = database["elections"]
        self._confirmed = ""
        self._attempt: asyncio.Task[None] | None = None

    async def read(self, query: Callable[[], Awaitable[_Found]]) -> _Found:
        """What a query finds, asked again where it may have missed something; `Unavailable`."""
        async with unavailable_when_away():
            for _ in range(ATTEMPTS):
                before = self._current()
                found = await query()
                # The driver asks a second time by itself where the first primary went away.
                if before and before == self._confirmed == self._current():
                    return found
                await self._confirm()
        raise Unavailable("The message store changes its primary.", retry_after_s=1)

    def _current(self) -> str:
        """The election that made the present primary, empty where there is none."""
        topology = self._client.topology_description
        if topology.topology_type_name == "Sharded":
            return _UNSEEN
        primaries = (s for s in topology.server_descriptions().values() if s.server_type_name == "RSPrimary")
        return next((str(primary.election_id) for primary in primaries), "")

    async def _confirm(self) -> None:
        """Have the primary write something that a majority stores: from then on its reads show everything before.

        All who wait share one attempt, and its failure: one after the other they would wait for ever.
        """
        if self._attempt is None or self._attempt.done():
            self._attempt = asyncio.create_task(self._write())
            self._attempt.add_done_callback(lambda attempt: attempt.cancelled() or attempt.exception())
        await asyncio.shield(self._attempt)

    async def _write(self) -> None:
        before = self._current()
        async with unavailable_when_away():
            await self._marks.update_one({"_id": "newest"}, {"$inc": {"seen": 1}}, upsert=True)
        if before == self._current():
            self._confirmed = before

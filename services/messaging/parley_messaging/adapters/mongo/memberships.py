"""Who came into and went out of which conversation where.

Invariant: a fact is written before its entry and counts only when the entry confirms it, so a crash in between and two
nodes racing for one sequence are harmless. `settled` spares the look at an entry that was once confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pymongo import InsertOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from parley_contracts.ids import ConversationId, UserId
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.adapters.mongo.elections import Elections
from parley_messaging.domain.conversation import Span
from parley_messaging.ports import LogStore

_DUPLICATE_KEY = 11000


class MongoMemberships:
    """`MembershipStore` over the collection `memberships`."""

    def __init__(self, database: AsyncDatabase[Document], log: LogStore) -> None:
        self._facts = database["memberships"]
        self._log = log
        self._elections = Elections(database)

    async def announce(
        self, conversation_id: ConversationId, sequence: int, added: Iterable[UserId], removed: Iterable[UserId]
    ) -> None:
        """Write facts ahead of the entry; those that stand already are fine."""
        conversation = id_bytes(conversation_id)
        changes = [(user, True) for user in added] + [(user, False) for user in removed]
        inserts = [
            InsertOne({"user": id_bytes(user), "conversation": conversation, "sequence": sequence, "added": came})
            for user, came in changes
        ]
        async with unavailable_when_away():
            try:
                await self._facts.bulk_write(inserts, ordered=False)
            except BulkWriteError as error:
                details = error.details or {}
                codes = {item.get("code") for item in details.get("writeErrors", [])}
                if codes != {_DUPLICATE_KEY} or details.get("writeConcernErrors"):
                    raise

    async def spans(self, user_id: UserId) -> dict[ConversationId, Span]:
        """What the person may see, by conversation."""
        return await self._spans(user_id, {"user": id_bytes(user_id)})

    async def span(self, user_id: UserId, conversation_id: ConversationId) -> Span | None:
        """What the person may see of one conversation, None for nothing."""
        query = {"user": id_bytes(user_id), "conversation": id_bytes(conversation_id)}
        return (await self._spans(user_id, query)).get(conversation_id)

    async def _spans(self, user_id: UserId, query: Document) -> dict[ConversationId, Span]:
        async def found() -> list[Document]:
            return await self._facts.find(query).sort([("conversation", 1), ("sequence", 1)]).to_list()

        facts = await self._elections.read(found)
        settled = await self._settle(user_id, [fact for fact in facts if not fact.get("settled")])
        spans: dict[ConversationId, Span] = {}
        for fact in facts:
            if not fact.get("settled") and fact["_id"] not in settled:
                continue
            conversation_id = ConversationId(id_text(fact["conversation"]))
            if fact["added"]:
                spans[conversation_id] = Span.since(conversation_id, fact["sequence"])
            elif conversation_id in spans:
                spans[conversation_id] = Span(spans[conversation_id].first, fact["sequence"])
        return spans

    async def _settle(self, user_id: UserId, facts: Sequence[Document]) -> set[object]:
        """Which of the facts their entries confirm; those are marked, those that entries deny are ignored."""
        places = [(ConversationId(id_text(fact["conversation"])), fact["sequence"]) for fact in facts]
        entries = {(entry.conversation_id, entry.sequence): entry for entry in await self._log.at(places)}
        confirmed: set[object] = set()
        for fact, place in zip(facts, places, strict=True):
            entry = entries.get(place)
            if entry is not None and user_id in (entry.added if fact["added"] else entry.removed):
                confirmed.add(fact["_id"])
        if confirmed:
            async with unavailable_when_away():
                await self._facts.update_many(
                    {"user": id_bytes(user_id), "_id": {"$in": list(confirmed)}}, {"$set": {"settled": True}}
                )
        return confirmed

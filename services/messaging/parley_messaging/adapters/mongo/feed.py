"""The stored messages in the database's own order: a change stream, and a scan where its history is lost.

A position is the cluster time of the insert with an index among inserts of the same time; it orders events as the
database stored them, and a change stream begins at any of them that its log still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import msgspec
import structlog
from bson import ObjectId, Timestamp
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from parley_contracts.channels_api import POST
from parley_contracts.content_kinds import COUNTED_KINDS
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.events import MESSAGE_STORED, Event, MessageStored, parse_position, position_text
from parley_contracts.limits import PUSH_STRUCTURE_SIZE_BYTES_MAX
from parley_messaging.adapters.mongo.database import Document, unavailable_when_away
from parley_messaging.adapters.mongo.log import from_document
from parley_messaging.domain.entries import MESSAGE, StoredEntry
from parley_mls import DecodeError
from parley_serving.fastapi.background import end_tasks

BATCH = 200
#: How long an event waits for company: what handles them costs by the batch.
GATHERING_S = 0.2
#: How long what has gathered may take to come over.
DRAINING_S = 0.02
WAIT_MS = 500
#: How much is read twice after the history was lost: clocks of nodes differ, and readers are idempotent.
OVERLAP = timedelta(hours=1)
_HISTORY_LOST = frozenset({280, 286})  # ChangeStreamFatalError, ChangeStreamHistoryLost
_STORED = [{"$match": {"operationType": "insert", "fullDocument.type": {"$in": [MESSAGE, POST]}}}]
_log = structlog.get_logger("parley_messaging.feed")


class MongoFeed:
    """`Feed` of `service.feeding`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._entries = database["entries"]

    async def now(self) -> str:
        """The cluster time of the newest write that a majority has, as a position after all of that time."""
        async with unavailable_when_away():
            hello: Mapping[str, Any] = await self._database.command("hello")
        return _after(hello["operationTime"])

    async def after(self, position: str) -> AsyncGenerator[Sequence[Event]]:
        """Batches after a position, without an end."""
        async with unavailable_when_away():
            try:
                async for batch in self._watch(position):
                    yield batch
                    position = batch[-1].position if batch else position
            except OperationFailure as error:
                if error.code not in _HISTORY_LOST:
                    raise
        _log.warning("change_stream_history_lost", after=position)
        resumed = await self.now()
        async for batch in self._scan(position):
            position = batch[-1].position
            yield batch
        async with unavailable_when_away():
            async for batch in self._watch(resumed, previous=position):
                yield batch

    async def _watch(self, position: str, *, previous: str | None = None) -> AsyncIterator[Sequence[Event]]:
        clock, index = parse_position(position)
        known = (clock, index)
        previous = previous or position
        begin = Timestamp(clock >> 32, clock & 0xFFFFFFFF)
        async with (
            await self._entries.watch(
                _STORED, start_at_operation_time=begin, max_await_time_ms=WAIT_MS, batch_size=BATCH
            ) as changes,
            aclosing(_gathered(changes)) as gathered,
        ):
            time, count = 0, 0
            async for found in gathered:
                batch: list[Event] = []
                for change in found:
                    stored = _clock(change["clusterTime"])
                    time, count = stored, count + 1 if stored == time else 0
                    if (stored, count) > known:
                        batch.append(event_of(from_document(change["fullDocument"]), stored, count, previous))
                        previous = batch[-1].position
                yield batch

    async def _scan(self, position: str) -> AsyncIterator[Sequence[Event]]:
        """Messages by the time in their document ids, from some time before the position on, placed just after it."""
        clock, index = parse_position(position)
        since = datetime.fromtimestamp(clock >> 32, UTC) - OVERLAP
        query = {"_id": {"$gte": ObjectId.from_datetime(since)}, "type": {"$in": [MESSAGE, POST]}}
        previous, batch = position, list[Event]()
        async with unavailable_when_away():
            async for document in self._entries.find(query, {"group_info": 0}).sort("_id", 1):
                index += 1
                batch.append(event_of(from_document(document), clock, index, previous))
                previous = batch[-1].position
                if len(batch) >= BATCH:
                    yield batch
                    batch = []
        if batch:
            yield batch


async def _gathered(changes: AsyncChangeStream[Document]) -> AsyncGenerator[list[Mapping[str, Any]]]:
    """The changes of `GATHERING_S` together, for ever; none at all after a while without any.

    The database is left alone meanwhile: what it is asked for at once, it gives one by one. Only who is behind, because there was more, does not wait.
    """
    batch: list[Mapping[str, Any]] = []
    asking: asyncio.Task[Mapping[str, Any] | None] | None = None
    due, behind = 0.0, False
    try:
        while True:
            asking = asking or asyncio.create_task(changes.try_next())
            await asyncio.wait({asking}, timeout=DRAINING_S if batch else None)
            change = None
            if asking.done():
                change, asking = asking.result(), None
            if change is not None:
                batch.append(change)
            if change is None or len(batch) >= BATCH or (len(batch) > 1 and monotonic() >= due):
                behind = change is not None and (len(batch) >= BATCH or not behind)
                yield batch
                batch = []
            elif len(batch) == 1 and behind:
                due = monotonic() + GATHERING_S
            elif len(batch) == 1:
                await asyncio.sleep(GATHERING_S)
                due = monotonic() + DRAINING_S
    finally:
        if asking is not None:
            await end_tasks([asking])


def event_of(entry: StoredEntry, clock: int, index: int, previous: str) -> Event:
    """The event that tells of a stored message; of a post in an open channel only where it stands."""
    small = len(entry.header) + len(entry.ciphertext) + len(entry.signature) <= PUSH_STRUCTURE_SIZE_BYTES_MAX
    content = MessageStored(
        conversation_id=entry.conversation_id,
        sequence=entry.sequence,
        epoch_sequence=entry.epoch_sequence,
        policy_sequence=entry.policy_sequence,
        user_id=entry.user_id,
        device_id=entry.device_id,
        stored_at=entry.stored_at,
        push=_wants_push(entry),
        header=b64encode(entry.header) if small else "",
        ciphertext=b64encode(entry.ciphertext) if small else "",
        signature=b64encode(entry.signature) if small else "",
    )
    return Event(
        position=position_text(clock, index),
        previous=previous,
        type=MESSAGE_STORED,
        at=entry.stored_at,
        data=msgspec.json.encode(content),
    )


def _wants_push(entry: StoredEntry) -> bool:
    if entry.type == POST:
        return entry.content_kind in COUNTED_KINDS
    try:
        return MessageHeader.decode(entry.header).push
    except DecodeError:  # judged before it was stored, so this is an entry of another version
        return False


def _clock(time: Timestamp) -> int:
    return time.time << 32 | time.inc


def _after(time: Timestamp) -> str:
    return position_text(_clock(time), 10**9 - 1)

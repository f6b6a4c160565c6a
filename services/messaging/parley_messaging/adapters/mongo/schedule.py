"""Scheduled messages in the collection `scheduled`: a document is one, gone when it is sent."""

from __future__ import annotations

from datetime import datetime

from bson.codec_options import CodecOptions
from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.channels_api import POST
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.limits import SCHEDULED_PER_DEVICE_MAX
from parley_contracts.problems import TooMany
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.domain.entries import MESSAGE, Submission
from parley_messaging.domain.scheduled import Scheduled

_SEALED = ("header", "ciphertext", "signature")
_CLEAR = ("body",)


class MongoSchedule:
    """`ScheduleStore` over the collection `scheduled`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        options: CodecOptions[Document] = database.codec_options.with_options(tz_aware=True)
        self._scheduled = database.get_collection("scheduled", codec_options=options)

    async def put(self, scheduled: Scheduled) -> None:
        """Keep one, or replace it."""
        submission = scheduled.submission
        place = _place(submission.user_id, submission.device_id, submission.client_id)
        own = {"user": place["user"], "device": place["device"]}
        document = {
            "conversation": id_bytes(submission.conversation_id),
            "send_at": scheduled.send_at,
            "state": scheduled.state,
            "problem": scheduled.problem,
            **{name: getattr(submission, name) for name in _parts(submission)},
        }
        if submission.type == POST:
            document["content_kind"] = submission.content_kind
        async with unavailable_when_away():
            if await self._scheduled.count_documents(own, limit=SCHEDULED_PER_DEVICE_MAX) >= SCHEDULED_PER_DEVICE_MAX:
                replaced = await self._scheduled.replace_one(place, place | document)
                if not replaced.matched_count:
                    raise TooMany(limit=SCHEDULED_PER_DEVICE_MAX)
            else:
                await self._scheduled.replace_one(place, place | document, upsert=True)

    async def of_device(self, user_id: UserId, device_id: DeviceId) -> list[Scheduled]:
        """Those of a device, by their time."""
        return await self._find({"user": id_bytes(user_id), "device": id_bytes(device_id)}, limit=0)

    async def due(self, now: datetime, *, limit: int) -> list[Scheduled]:
        """Those whose time has come and that were not tried yet."""
        return await self._find({"state": "waiting", "send_at": {"$lte": now}}, limit=limit)

    async def give_back(self, scheduled: Scheduled) -> None:
        """Keep the outcome of one, unless it was replaced meanwhile."""
        submission = scheduled.submission
        place = _place(submission.user_id, submission.device_id, submission.client_id)
        outcome = {"state": scheduled.state, "problem": scheduled.problem}
        async with unavailable_when_away():
            same = {name: getattr(submission, name) for name in _parts(submission)[-1:]}
            await self._scheduled.update_one(place | same | {"send_at": scheduled.send_at}, {"$set": outcome})

    async def remove(self, user_id: UserId, device_id: DeviceId, client_id: ClientId) -> None:
        """Forget one."""
        async with unavailable_when_away():
            await self._scheduled.delete_one(_place(user_id, device_id, client_id))

    async def _find(self, query: Document, *, limit: int) -> list[Scheduled]:
        async with unavailable_when_away():
            cursor = self._scheduled.find(query, limit=limit).sort("send_at", 1)
            return [_from_document(document) async for document in cursor]


def _parts(submission: Submission) -> tuple[str, ...]:
    """The fields of what is said, by the kind of it; the last one tells it from what replaces it."""
    return _CLEAR if submission.type == POST else _SEALED


def _place(user_id: UserId, device_id: DeviceId, client_id: ClientId) -> Document:
    return {"user": id_bytes(user_id), "device": id_bytes(device_id), "client": id_bytes(client_id)}


def _from_document(document: Document) -> Scheduled:
    is_post = "body" in document
    submission = Submission(
        type=POST if is_post else MESSAGE,
        conversation_id=ConversationId(id_text(document["conversation"])),
        user_id=UserId(id_text(document["user"])),
        device_id=DeviceId(id_text(document["device"])),
        client_id=ClientId(id_text(document["client"])),
        content_kind=document.get("content_kind", 0),
        **{name: document[name] for name in (_CLEAR if is_post else _SEALED)},
    )
    return Scheduled(
        submission=submission, send_at=document["send_at"], state=document["state"], problem=document["problem"]
    )

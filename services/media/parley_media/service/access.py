"""The one place that decides who may fetch an object: everything that reads one comes through here (I6)."""

from __future__ import annotations

from parley_contracts.ids import ObjectId, UserId, is_uuid
from parley_contracts.problems import NotFound
from parley_media.domain.objects import MediaObject
from parley_media.ports import Conversations, ObjectIndex


async def access_object_by_id(
    index: ObjectIndex, conversations: Conversations, user_id: UserId, unverified_id: str
) -> MediaObject:
    """The stored object; `NotFound` where there is none, or the person may not see a message that could name it."""
    if not is_uuid(unverified_id):
        raise NotFound
    found = await index.get(ObjectId(unverified_id))
    if found is None or not found.stored:
        raise NotFound
    if not found.may_be_seen(await conversations.access(user_id, found.conversation_id)):
        raise NotFound
    return found

"""What the use cases need of the outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from parley_contracts.ids import ConversationId, ObjectId, UserId
from parley_contracts.media_api import Quota
from parley_contracts.messaging_api import ConversationAccess
from parley_media.domain.objects import MediaObject


class ObjectIndex(Protocol):
    """The index of objects with each person's use of space; every call may raise `Unavailable`."""

    async def add(self, found: MediaObject) -> MediaObject:
        """Store an announcement within the quota (`QuotaExceeded`); the one that stands there already, if one does."""
        ...

    async def get(self, object_id: ObjectId) -> MediaObject | None:
        """An object, or None."""
        ...

    async def mark_stored(self, object_id: ObjectId) -> None:
        """All of its bytes are there."""
        ...

    async def expired(self, before: dt.datetime, limit: int) -> list[MediaObject]:
        """Uploads that ended before then without being complete."""
        ...

    async def owned(self, user_id: UserId, limit: int, *, after: ObjectId | None = None) -> list[MediaObject]:
        """Objects of a person, complete or not, by their ids, from behind one on."""
        ...

    async def count_owned(self, user_id: UserId) -> int:
        """How many objects a person has."""
        ...

    async def remove(self, found: MediaObject) -> None:
        """Forget an object, whatever its state, and give its space back; again is harmless."""
        ...

    async def remove_open(self, found: MediaObject) -> None:
        """Forget an upload that is not complete, and give its space back; again is harmless."""
        ...


class QuotaStore(Protocol):
    """Each person's space; every call may raise `Unavailable`."""

    async def quota(self, user_id: UserId) -> Quota:
        """What a person takes and may take."""
        ...

    async def set_limit(self, user_id: UserId, limit_bytes: int | None) -> None:
        """A limit of the person's own; None: everybody's."""
        ...

    async def forget(self, user_id: UserId) -> None:
        """Forget what a person takes and may take; again is harmless."""
        ...

    async def knows(self, user_id: UserId) -> bool:
        """Whether there is anything about a person's space."""
        ...


@dataclass(frozen=True)
class StoredPart:
    """A part that came; `etag` is the store's name of these very bytes."""

    size_bytes: int
    etag: str


class ObjectStore(Protocol):
    """The bucket; every call but those that only sign may raise `Unavailable`."""

    async def begin_multipart(self, key: str) -> str:
        """Begin an upload in parts; its id."""
        ...

    async def parts(self, key: str, multipart_id: str) -> dict[int, StoredPart] | None:
        """The parts that are there, by number; None where the upload has ended."""
        ...

    async def finish_multipart(self, key: str, multipart_id: str, etags: Sequence[str]) -> bool:
        """Join the parts from 1 on; False where the upload has ended."""
        ...

    async def size(self, key: str) -> int | None:
        """The size of an object in bytes; None where there is none."""
        ...

    async def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Throw parts away; again is harmless."""
        ...

    async def delete(self, key: str) -> None:
        """Remove an object; again is harmless."""
        ...

    async def sign_parts(self, key: str, multipart_id: str | None, sizes: Sequence[int], lifetime_s: int) -> list[str]:
        """For each part the path to which exactly that many bytes may be put; without `multipart_id`, the whole object."""
        ...

    async def sign_get(self, key: str, lifetime_s: int) -> str:
        """The path from which the object may be fetched."""
        ...


class Conversations(Protocol):
    """Who may see what, as messaging says."""

    async def access(self, user_id: UserId, conversation_id: ConversationId) -> ConversationAccess:
        """What a person may see of a conversation; `NotFound` where that is nothing, `Unavailable`."""
        ...

"""A sealed object from its announcement on, and the rules about it.

Invariant: an open upload gives no path that outlives it, so what expired can be thrown away for good.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from parley_contracts.ids import ConversationId, ObjectId, UserId
from parley_contracts.limits import MEDIA_UPLOAD_URL_LIFETIME_S
from parley_contracts.media_api import OBJECTS_PATH, part_sizes
from parley_contracts.messaging_api import ConversationAccess


@dataclass(frozen=True)
class MediaObject:
    """An announced or stored object. `after` is the conversation's head when it was announced.

    `multipart_id` is the object store's name of the upload; None where the object is one part, which is put as a whole.
    """

    object_id: ObjectId
    user_id: UserId
    conversation_id: ConversationId
    size_bytes: int
    digest: bytes
    after: int
    multipart_id: str | None
    stored: bool
    expires_at: dt.datetime

    @property
    def key(self) -> str:
        """The name in the bucket: what the gateway's path says below the bucket's."""
        return key_of(self.object_id)

    @property
    def part_sizes(self) -> list[int]:
        """The sizes of the parts."""
        return part_sizes(self.size_bytes)

    def is_same(self, other: MediaObject) -> bool:
        """Whether another announcement means this object."""
        return (self.object_id, self.conversation_id, self.size_bytes, self.digest) == (
            other.object_id,
            other.conversation_id,
            other.size_bytes,
            other.digest,
        )

    def is_open(self, now: dt.datetime) -> bool:
        """Whether parts may still come."""
        return not self.stored and now < self.expires_at

    def path_lifetime_s(self, now: dt.datetime) -> int:
        """How long a path given now may last."""
        return max(1, min(MEDIA_UPLOAD_URL_LIFETIME_S, int((self.expires_at - now).total_seconds())))

    def may_be_seen(self, access: ConversationAccess) -> bool:
        """Whether the message that names the object can be one that the person may see: it came after `after`."""
        return access.last_sequence is None or access.last_sequence > self.after


def key_of(object_id: ObjectId) -> str:
    """The name of an object in the bucket."""
    return f"{OBJECTS_PATH.split('/', 2)[2]}{object_id}"

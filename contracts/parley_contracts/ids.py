"""Identifiers: UUIDv7 (RFC 9562) in their lower-case text form on the wire, 16 bytes in signed structures."""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from typing import NewType

UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)
SessionId = NewType("SessionId", str)
ConversationId = NewType("ConversationId", str)
ClientId = NewType("ClientId", str)
ApplicationId = NewType("ApplicationId", str)
UploadId = NewType("UploadId", str)
ObjectId = NewType("ObjectId", str)
LinkId = NewType("LinkId", str)
DeviceLinkId = NewType("DeviceLinkId", str)
#: A conversation that the server reads: only `as_channel` and `new_channel_id` make one.
ChannelId = NewType("ChannelId", ConversationId)

_SIZE_BYTES = 16
_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_uuid7() -> str:
    """A fresh UUIDv7: 48 bits of milliseconds, 74 random bits."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    return str(uuid.UUID(int=_with_version(value, 7)))


def is_uuid(unverified_text: str) -> bool:
    """Whether the text is a UUID in the one form that Parley writes."""
    return _CANONICAL.fullmatch(unverified_text) is not None


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of an identifier; `ValueError` where it is none."""
    if not is_uuid(text):
        raise ValueError("not a UUID in lower-case text form")
    return bytes.fromhex(text.replace("-", ""))


def uuid_text(data: bytes) -> str:
    """The text form of 16 bytes; `ValueError` where there are more or fewer."""
    if len(data) != _SIZE_BYTES:
        raise ValueError("a UUID has 16 bytes")
    text = data.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def direct_conversation_id(one: UserId, other: UserId) -> ConversationId:
    """The one conversation between two people: a UUIDv8 made of the hash of both ids, in either order.

    With the same person twice it is the person's note-to-self.
    """
    low, high = sorted((uuid_bytes(one), uuid_bytes(other)))
    digest = hashlib.sha256(b"parley direct conversation" + low + high).digest()
    return ConversationId(str(uuid.UUID(int=_with_version(int.from_bytes(digest[:16], "big"), 8))))


def self_conversation_id(user_id: UserId, later_root: bytes = b"") -> ConversationId:
    """The person's note-to-self; under a later root key than the account's first, that one's fingerprint tells it from the lost one."""
    if not later_root:
        return direct_conversation_id(user_id, user_id)
    digest = hashlib.sha256(b"parley note to self" + uuid_bytes(user_id) + later_root).digest()
    return ConversationId(str(uuid.UUID(int=_with_version(int.from_bytes(digest[:16], "big"), 8))))


def new_channel_id() -> ChannelId:
    """A fresh id of an open channel: a UUIDv4, which no private conversation has (decisions/0017)."""
    return ChannelId(ConversationId(str(uuid.uuid4())))


def as_channel(conversation_id: ConversationId) -> ChannelId | None:
    """The id as that of an open channel, None where it is a private conversation's: the id alone says which it is."""
    return ChannelId(conversation_id) if is_uuid(conversation_id) and conversation_id[14] == "4" else None


def media_object_id(user_id: UserId, upload_id: UploadId) -> ObjectId:
    """The sealed object that an upload of this person makes: a UUIDv8, known before its first byte is sent.

    Another person's upload under the same id makes another object, so nobody learns from it what exists.
    """
    digest = hashlib.sha256(b"parley media object" + uuid_bytes(user_id) + uuid_bytes(upload_id)).digest()
    return ObjectId(str(uuid.UUID(int=_with_version(int.from_bytes(digest[:16], "big"), 8))))


def _with_version(value: int, version: int) -> int:
    value &= ~(0xF << 76) & ~(0x3 << 62) & ((1 << 128) - 1)
    return value | version << 76 | 0x2 << 62

"""What nodes tell one another of a new entry: where the conversation stands, whom it concerns, and the ready frame."""

from __future__ import annotations

import zlib
from typing import Literal

import msgspec

from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.limits import FANOUT_BUCKETS
from parley_contracts.policy import Kind
from parley_messaging.domain.conversation import ConversationState
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.domain.frames import text_frame

_JSON = msgspec.json.Encoder()


#: Who gets a frame that is no entry: the person's own devices, all members, or others as far as both sides' settings allow.
Audience = Literal["own", "members", "receipts", "typing"]


class Hint(msgspec.Struct, frozen=True, array_like=True):
    """People of whom a node may know something that has changed."""

    presence: tuple[UserId, ...] = ()
    privacy: tuple[UserId, ...] = ()


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """An entry as sockets get it. `sequence` 0 is not an entry: a frame about `about`, for `audience`.

    It holds for those who belonged after entry `as_of`: nobody gets it before they have got that one.
    """

    conversation_id: ConversationId
    sequence: int
    frame: bytes
    kind: Kind = "group"
    ordinal: int = 0
    epoch: int = 0
    epoch_sequence: int = 0
    policy_sequence: int = 0
    added: tuple[UserId, ...] = ()
    removed: tuple[UserId, ...] = ()
    welcomed: tuple[DeviceId, ...] = ()
    audience: Audience = "own"
    about: UserId = UserId("")
    as_of: int = 0

    @property
    def changes_people(self) -> bool:
        """Whether it is more than a frame for those who are there."""
        return bool(self.added or self.removed or self.welcomed)

    def state(self) -> ConversationState:
        """Where the conversation stands after it."""
        return ConversationState(
            conversation_id=self.conversation_id,
            kind=self.kind,
            head=self.sequence,
            ordinal=self.ordinal,
            epoch=self.epoch,
            epoch_sequence=self.epoch_sequence,
            policy_sequence=self.policy_sequence,
        )


def publication_of(entry: StoredEntry) -> Publication:
    """An entry encoded once, for all sockets of all nodes."""
    return Publication(
        conversation_id=entry.conversation_id,
        sequence=entry.sequence,
        frame=json_frame(entry.to_wire()),
        kind=entry.kind,
        ordinal=entry.ordinal,
        epoch=entry.epoch,
        epoch_sequence=entry.epoch_sequence,
        policy_sequence=entry.policy_sequence,
        added=entry.added,
        removed=entry.removed,
        welcomed=entry.welcome_devices,
    )


def json_frame(value: object) -> bytes:
    """A wire type as a ready frame."""
    return text_frame(_JSON.encode(value))


def bucket_of(conversation_id: ConversationId) -> int:
    """The channel on which a conversation's entries are told."""
    return zlib.crc32(conversation_id.encode()) % FANOUT_BUCKETS

"""Wire types for the state around a conversation: positions, unread marks, privacy, typing, presence.

Positions and settings are kept; typing and presence are told to whoever is connected and never stored for good. The
rule of `messaging_api` holds: append-only, unknown fields and types are ignored.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import READ_STATE_BUCKETS
from parley_contracts.numbers import Uint63

#: What a device says of itself; a person is `online` while one of their devices is.
DeviceStatus = Literal["online", "away"]
PresenceStatus = Literal["online", "away", "offline"]


class ReadState(msgspec.Struct, frozen=True):
    """How far a person has read; for this person's own devices only.

    `unread_sequence` is where the person marked the conversation as unread from, 0 for no mark; `version` counts changes
    of the mark, so that the later of two is known. The position only rises; reading clears the mark.
    """

    conversation_id: ConversationId
    read_sequence: Uint63
    unread_sequence: Uint63 = 0
    version: Uint63 = 0


class Receipt(msgspec.Struct, frozen=True):
    """How far another person has read, and how far one of their devices has got; 0 where that is not known."""

    user_id: UserId
    read_sequence: Uint63
    delivered_sequence: Uint63


class Receipts(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}/receipts`: of present members other than the caller.

    Empty for whoever sends no receipts themselves, and for whoever was removed.
    """

    receipts: list[Receipt]


class UnreadUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/unread`: the first sequence that shall count as unread; answers `ReadState`."""

    unread_sequence: Uint63


class DeliveryUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/delivery`: the last entry that this device has applied; it only rises."""

    delivered_sequence: Uint63


class PrivacySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`GET` and `PUT settings/privacy`; a PUT gives the stored version + 1. Version 0 before the first.

    The first three are reciprocal: who does not send `receipts` (read and delivered), `typing` or `presence` (with last seen)
    does not get them of others either. Without `strangers`, nobody begins a conversation with the person or brings them into one
    who shares no private conversation with them.
    """

    version: Uint63 = 0
    receipts: bool = True
    typing: bool = True
    presence: bool = True
    strangers: bool = True


# --- commands


class DeliveryMark(msgspec.Struct, frozen=True, tag="delivery.mark"):
    """The socket's form of `PUT …/delivery`."""

    ref: str
    conversation_id: ConversationId
    delivered_sequence: Uint63


class TypingStart(msgspec.Struct, frozen=True, tag="typing.start"):
    """The person has begun to type, or still does: repeated each `TYPING_REPEAT_S`."""

    ref: str
    conversation_id: ConversationId


class TypingStop(msgspec.Struct, frozen=True, tag="typing.stop"):
    """The person types no more. A message says so, too, and needs no such command."""

    ref: str
    conversation_id: ConversationId


class PresenceSet(msgspec.Struct, frozen=True, tag="presence.set"):
    """This socket's device is in use (`online`, as it is at first) or lies about (`away`)."""

    ref: str
    status: DeviceStatus


class Watched(msgspec.Struct, frozen=True):
    """Somebody to watch, and a conversation that both belong to."""

    user_id: UserId
    conversation_id: ConversationId


class PresenceWatch(msgspec.Struct, frozen=True, tag="presence.watch"):
    """Watch these people on this socket, and nobody else any more. `presence.changed` tells each at once, then changes.

    Somebody unknown, somebody who may not be seen and somebody who is away for good look alike (I6).
    """

    ref: str
    people: list[Watched]


StateCommand = DeliveryMark | TypingStart | TypingStop | PresenceSet | PresenceWatch


# --- events


class ReadStateUpdated(msgspec.Struct, frozen=True, tag="read_state.updated"):
    """The person has read, or has marked as unread, by whichever device; to the person's own devices."""

    state: ReadState


class TypingStarted(msgspec.Struct, frozen=True, tag="typing.started"):
    """Somebody types; it holds for `TYPING_LIFETIME_S` unless it is repeated, or ended by a message or `typing.stopped`."""

    conversation_id: ConversationId
    user_id: UserId


class TypingStopped(msgspec.Struct, frozen=True, tag="typing.stopped"):
    """Somebody types no more."""

    conversation_id: ConversationId
    user_id: UserId


class PresenceChanged(msgspec.Struct, frozen=True, tag="presence.changed"):
    """How somebody watched stands. `last_seen_at` (RFC 3339) is when they went away or offline, None where unknown."""

    user_id: UserId
    status: PresenceStatus
    last_seen_at: str | None


class PrivacyChanged(msgspec.Struct, frozen=True, tag="privacy.changed"):
    """The person's settings were changed by one of their devices; to all of them."""

    settings: PrivacySettings


def read_states_digest(states: Iterable[ReadState]) -> list[int]:
    """What a device knows of its person's read states, in `READ_STATE_BUCKETS` checksums (CRC-32) by conversation.

    Conversations that were never read nor marked do not count. Where a checksum differs from the server's, `ready` tells
    the read states of that bucket: the cost follows what has changed, and no clock takes part.
    """
    buckets: list[list[str]] = [[] for _ in range(READ_STATE_BUCKETS)]
    for state in states:
        if state.read_sequence or state.unread_sequence:
            line = f"{state.conversation_id} {state.read_sequence} {state.unread_sequence}\n"
            buckets[read_state_bucket(state.conversation_id)].append(line)
    return [zlib.crc32("".join(sorted(lines)).encode()) for lines in buckets]


def read_state_bucket(conversation_id: ConversationId) -> int:
    """In which checksum a conversation counts."""
    return zlib.crc32(conversation_id.encode()) % READ_STATE_BUCKETS

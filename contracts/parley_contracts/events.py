"""Events between services on Redis Streams, and how a stream that was wiped is filled again.

An event of messaging has the position `CLUSTERTIME-INDEX` as its place in the stream, which orders it as the database
did, so that two publishers at once cannot double one. It names the event before it: a reader who holds another position
than that has missed something, writes its own position under `republish_key`, and the producer begins anew after it (I5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.numbers import Uint63

MESSAGING_STREAM = "events:messaging"
MESSAGE_STORED = "message.stored"
#: In place of a position: begin now.
FROM_NOW = "now"
_POSITION = re.compile(r"(0|[1-9][0-9]{0,19})-(0|[1-9][0-9]{0,17})")
_VERSION = 1
T = TypeVar("T")


class EventError(ValueError):
    """The fields are no event that this version understands."""


class MessageStored(msgspec.Struct, frozen=True, kw_only=True):
    """`message.stored`: a message of the log. Binary is base64url.

    `push` is the header's flag. `header`, `ciphertext` and `signature` are empty where they are too large for a push. The entries that made
    the epoch and the policy in force are named, because what somebody writes while both stand has the same recipients.
    """

    conversation_id: ConversationId
    sequence: Uint63
    epoch_sequence: Uint63
    policy_sequence: Uint63
    user_id: UserId
    device_id: DeviceId
    stored_at: str
    push: bool
    header: str = ""
    ciphertext: str = ""
    signature: str = ""


class Event(msgspec.Struct, frozen=True):
    """One event: its own position, that of the event before it, and its content as JSON."""

    position: str
    previous: str
    type: str
    at: str
    data: bytes

    def fields(self) -> dict[str, str | bytes | int]:
        """The fields of the stream's entry."""
        return {"previous": self.previous, "type": self.type, "version": _VERSION, "at": self.at, "data": self.data}

    @classmethod
    def from_entry(cls, position: bytes, fields: Mapping[bytes, bytes]) -> Event:
        """The event behind an entry of the stream; `EventError` where it is none."""
        try:
            event = cls(
                position.decode("ascii"),
                fields[b"previous"].decode("ascii"),
                fields[b"type"].decode("ascii"),
                fields[b"at"].decode("ascii"),
                fields[b"data"],
            )
        except (KeyError, UnicodeDecodeError) as error:
            raise EventError("an event lacks a field") from error
        parse_position(event.position)
        parse_position(event.previous)
        return event


def content_of(event: Event, kind: type[T]) -> T:
    """What an event says; `EventError` where it is another thing."""
    try:
        return msgspec.json.decode(event.data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EventError("an event's content does not have its form") from error


def republish_key(stream: str) -> str:
    """Where a reader writes the position after which it lacks events."""
    return f"{stream}:republish"


def dead_stream(stream: str) -> str:
    """Where a reader puts what it cannot understand."""
    return f"{stream}:dead"


def parse_position(unverified_text: str) -> tuple[int, int]:
    """The two numbers of a position, which compare as positions do; `EventError`."""
    found = _POSITION.fullmatch(unverified_text)
    if found is None or int(found[1]) >= 1 << 64:
        raise EventError("not a position")
    return int(found[1]), int(found[2])


def position_text(clock: int, index: int) -> str:
    """The text of a position."""
    return f"{clock}-{index}"

"""What the views draw. Values only: equal rows look equal, so a view may skip what did not change."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum, auto

HUES = 8


class SendState(Enum):
    """How far an own message has come; others' messages have `NONE`."""

    NONE = auto()
    SENDING = auto()
    SENT = auto()
    READ = auto()
    FAILED = auto()


class RoomKind(Enum):
    """People are round, rooms are squared."""

    PERSON = auto()
    SELF = auto()
    GROUP = auto()


@dataclass(frozen=True)
class Person:
    """Somebody; `hue` is the identity colour, the same on every device."""

    user_id: str
    name: str
    own: bool = False
    role: str = ""

    @property
    def hue(self) -> int:
        """An index into the identity colours."""
        return zlib.crc32(self.user_id.encode()) % HUES

    @property
    def initials(self) -> str:
        """One or two letters that stand for the name."""
        parts = self.name.replace("_", " ").replace(".", " ").split() or ["?"]
        return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


@dataclass(frozen=True)
class Picture:
    """An image of a message: `thumbnail` is shown until the whole is there."""

    key: str
    name: str
    width: int
    height: int
    thumbnail: bytes
    where: str = ""
    sequence: int = 0
    index: int = 0


@dataclass(frozen=True)
class File:
    """A file of a message; `size` in words."""

    key: str
    name: str
    size: str


Part = Picture | File


@dataclass(frozen=True)
class Message:
    """A bubble. `first` and `last` say where it stands in a run of one author."""

    key: str
    author: Person
    time: str
    text: str
    state: SendState = SendState.NONE
    parts: tuple[Part, ...] = ()
    failure: str = ""
    locked: bool = False
    first: bool = True
    last: bool = True
    named: bool = False


@dataclass(frozen=True)
class Day:
    """A day begins."""

    key: str
    label: str


@dataclass(frozen=True)
class NewMark:
    """Here reading stopped."""

    key: str
    count: int


@dataclass(frozen=True)
class Note:
    """Something that happened, in one quiet line."""

    key: str
    text: str


Entry = Message | Day | NewMark | Note


@dataclass(frozen=True)
class Room:
    """A row of the conversation list."""

    key: str
    title: str
    kind: RoomKind
    person: Person
    preview: str
    time: str
    sender: str = ""
    unread: int = 0
    draft: str = ""
    state: SendState = SendState.NONE
    active: bool = True

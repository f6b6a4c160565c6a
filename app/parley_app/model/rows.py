"""What the views draw. Values only: equal rows look equal, so a view may skip what did not change."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

HUES = 8


class SendState(Enum):
    """How far an own message has come; others' messages have `NONE`."""

    NONE = auto()
    SENDING = auto()
    SENT = auto()
    DELIVERED = auto()
    READ = auto()
    FAILED = auto()


class Presence(Enum):
    """How somebody stands; `UNKNOWN` where they do not say."""

    UNKNOWN = auto()
    HERE = auto()
    AWAY = auto()
    GONE = auto()


class RoomKind(Enum):
    """People are round, rooms are squared."""

    PERSON = auto()
    SELF = auto()
    GROUP = auto()
    CHANNEL = auto()


@dataclass(frozen=True)
class Person:
    """Somebody; `hue` is the identity colour, the same on every device. `muted` in the group whose row it is."""

    user_id: str
    name: str
    own: bool = False
    role: str = ""
    muted: bool = False

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
class Quote:
    """The message that another one answers; `gone` where it was deleted or is not readable here."""

    sequence: int
    author: Person
    text: str
    gone: bool = False


@dataclass(frozen=True)
class Reaction:
    """An emoji at a message; `people` says who gave it."""

    emoji: str
    count: int
    own: bool
    people: str


@dataclass(frozen=True)
class Answer:
    """An answer of a poll; `share` of all voters chose it, 0 to 1."""

    text: str
    votes: int
    share: float
    own: bool


@dataclass(frozen=True)
class Poll:
    """A poll as it stands."""

    answers: tuple[Answer, ...]
    several: bool
    closed: bool
    voters: int


@dataclass(frozen=True)
class ThreadMark:
    """What stands under a message: who wrote there, the last first."""

    replies: int
    last: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Message:
    """A bubble. `first` and `last` say where it stands in a run of one author.

    `fleeting`: it disappears, `until` says when once that is known. `sequence` is 0 until it is in the log; `mentions` are the stretches of `text` that name somebody; `marked` is where
    somebody has just jumped to.
    """

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
    sequence: int = 0
    deleted: bool = False
    edited: bool = False
    pinned: bool = False
    marked: bool = False
    fleeting: bool = False
    until: str = ""
    mentions: tuple[tuple[int, int], ...] = ()
    quote: Quote | None = None
    reactions: tuple[Reaction, ...] = ()
    poll: Poll | None = None
    thread: ThreadMark | None = None

    @property
    def actionable(self) -> bool:
        """Whether anything can be said of it: it stands in the log and can be read."""
        return self.sequence > 0 and not self.locked and not self.deleted


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
    """Something that happened, in one quiet line, and what it is about."""

    key: str
    text: str
    about: Literal["name", "people", "time", "picture"] = "name"


@dataclass(frozen=True)
class RepliesMark:
    """Below it stand the replies of a thread."""

    key: str
    count: int


Entry = Message | Day | NewMark | Note | RepliesMark


@dataclass(frozen=True)
class Pin:
    """A message that is pinned, in one line."""

    key: str
    sequence: int
    author: str
    text: str


@dataclass(frozen=True)
class Context:
    """What the text in the composer is to be: the answer to a message, or other words for it."""

    kind: Literal["reply", "edit"]
    sequence: int
    author: str
    text: str


@dataclass(frozen=True)
class Room:
    """A row of the conversation list.

    `typing` says who types there; `waits`: it is marked as unread; `picture` is a group's, empty where it has none.
    """

    key: str
    title: str
    kind: RoomKind
    person: Person
    preview: str
    time: str
    sender: str = ""
    typing: str = ""
    presence: Presence = Presence.UNKNOWN
    waits: bool = False
    muted: bool = False
    favourite: bool = False
    pinned: bool = False
    unread: int = 0
    mentions: int = 0
    draft: str = ""
    state: SendState = SendState.NONE
    active: bool = True
    picture: bytes = b""

"""The form of a history: plain values, which any recorder can make.

Times are seconds of the recorder's one monotonic clock. Sequences are those of the conversation. A history may begin in
the middle of a conversation: its `Stretch` says after which sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

#: `refused`: a clear problem, so it must not be there. `open`: no answer, so it may be there once or not at all.
Fate = Literal["acknowledged", "refused", "open"]


@dataclass(frozen=True)
class Acknowledgement:
    """What the server promised of a send, and when the device had that promise. `ordinal` where it was told."""

    sequence: int
    at_s: float = 0.0
    ordinal: int | None = None


@dataclass(frozen=True)
class Send:
    """One message that a device sent, however often it repeated it.

    `number` rises in the order in which the device sent to this conversation; sends with one number were made at once, in no
    order, and None is in no order with any.
    `payload` is whatever tells one content from another, empty where the recorder cannot tell. A repetition that was answered differently stands in `again`.
    """

    conversation: str
    device: str
    client_id: str
    number: int | None
    payload: str
    fate: Fate = "acknowledged"
    acknowledgement: Acknowledgement | None = None
    again: tuple[Acknowledgement, ...] = ()


@dataclass(frozen=True)
class Entry:
    """An entry as a reader got it. What is no message (a commit, the creation) has neither client id nor payload here.

    `shown` is False for a message that no person is shown as one, such as a group's name: only `whole` views owe it.
    """

    sequence: int
    device: str = ""
    client_id: str = ""
    payload: str = ""
    message: bool = True
    ordinal: int | None = None
    shown: bool = True


@dataclass(frozen=True)
class View:
    """What one reader saw of one conversation, in the order in which it saw it.

    It claims to hold everything visible with after < sequence <= until; `whole` where it holds entries of every type and not
    messages alone. `began_s` is when it was asked for, where it was a read (and not told as it happened). A `log` view is the
    truth that the others are measured by: read when all was over, by somebody who may see all.
    """

    reader: str
    conversation: str
    entries: Sequence[Entry]
    after: int
    until: int
    whole: bool = True
    began_s: float | None = None
    log: bool = False


@dataclass(frozen=True)
class Membership:
    """A reader may see first <= sequence <= last; `last` None while they belong. Several spans are several of these."""

    reader: str
    conversation: str
    first: int
    last: int | None = None


@dataclass(frozen=True)
class Count:
    """An unread count that a reader was shown: of messages with read < sequence <= head."""

    reader: str
    conversation: str
    read: int
    head: int
    unread: int


@dataclass(frozen=True)
class Stretch:
    """Where the history of a conversation begins: everything up to `after` lies before it, `ordinal` messages."""

    conversation: str
    after: int = 0
    ordinal: int = 0


@dataclass(frozen=True)
class History:
    """A run, as its devices tell it."""

    sends: Sequence[Send] = ()
    views: Sequence[View] = ()
    memberships: Sequence[Membership] = ()
    counts: Sequence[Count] = ()
    stretches: Sequence[Stretch] = field(default_factory=tuple)

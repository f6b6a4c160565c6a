"""The sentences about how long messages are kept, what one wants to be reminded of, reports, and pictures of groups.

The same rules hold as in `words`.
"""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
YEAR: Final = 365 * DAY
_UNITS: Final = ((YEAR, "year"), (WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))

# How long messages are kept.
KEPT: Final = "How long messages stay"
TIMER: Final = "Disappearing messages"
TIMER_LEAD: Final = "Everybody here is told that you changed it."
TIMER_OFF: Final = "Off"
TIMER_OFF_DETAIL: Final = "Messages stay until somebody deletes them"
TIMER_NOTE: Final = "From now on, for everybody here"
TIMER_TEXT: Final = (
    "The time starts when a message is sent. Then it is gone from all devices and from the server. "
    "People can still take a picture of their screen."
)
TIMER_TURN_OFF: Final = "Turn off"
RETENTION: Final = "Kept by the server"
RETENTION_LEAD: Final = "How long your server keeps the sealed messages of this conversation."
RETENTION_OFF: Final = "Any time"
RETENTION_OFF_DETAIL: Final = "New devices find everything"
RETENTION_NOTE: Final = "For all messages, old ones too"
RETENTION_TEXT: Final = "Devices keep what they have. A new device finds only what the server still holds."
RETENTION_TURN_OFF: Final = "Keep for any time"
KEPT_SAME: Final = "Nothing to change"
DISAPPEARS: Final = "disappears"


def span(seconds: int) -> str:
    """A length of time in the largest unit that divides it; days up to a year in days, except whole weeks below five."""
    for unit, name in _UNITS:
        if seconds % unit == 0 and seconds >= unit and not (name == "week" and seconds > 4 * WEEK):
            count = seconds // unit
            return f"1 {name}" if count == 1 else f"{count} {name}s"
    return f"{seconds} seconds"


def timer(seconds: int | None) -> str:
    """How the timer stands."""
    return TIMER_OFF if seconds is None else f"After {span(seconds)}"


def retention(seconds: int | None) -> str:
    """How long the server keeps messages."""
    return RETENTION_OFF if seconds is None else span(seconds)


def timer_on(seconds: int) -> str:
    """The accessible name of the mark beside a conversation's title."""
    return f"Messages disappear after {span(seconds)}"


def set_to(seconds: int) -> str:
    """The button that sets the timer or the retention."""
    return f"Set to {span(seconds)}"


def timer_told(who: str, seconds: int | None) -> str:
    """Somebody set the timer."""
    return (
        f"{who} turned disappearing messages off"
        if seconds is None
        else f"{who} set messages to disappear after {span(seconds)}"
    )


def retention_told(who: str, seconds: int | None) -> str:
    """Somebody said how long the server keeps messages."""
    return f"{who} set the server to keep messages for {'any time' if seconds is None else span(seconds)}"


def disappears(when: str) -> str:
    """What a screen reader says of a message that does not stay."""
    return f"{DISAPPEARS} {when}"


def topic_told(who: str) -> str:
    """Somebody said what the group is about."""
    return f"{who} changed what the group is about"


def picture_told(who: str, *, removed: bool) -> str:
    """Somebody gave the group a picture, or took it away."""
    return f"{who} removed the group’s picture" if removed else f"{who} changed the group’s picture"

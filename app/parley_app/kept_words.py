"""The sentences about how long messages are kept, what one wants to be reminded of, reports, and pictures of groups.

The same rules hold as in `words`.
"""

from __future__ import annotations

from typing import Final

from parley_app.room_words import TODAY, TOMORROW_DAY

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

# What one wants to be reminded of.
REMIND: Final = "Remind me"
REMIND_LEAD: Final = "Only you see it, on all your devices."
REMIND_NOT: Final = "Do not remind me"
IN_AN_HOUR: Final = "In an hour"
REMINDER: Final = "Reminder"
REMINDERS: Final = "Reminders"
REMINDERS_LEAD: Final = "Only you see them, on all your devices."
NO_REMINDERS: Final = "Nothing here. “Remind me” stands in the menu of each message."
DUE: Final = "Due"
PUT_AWAY: Final = "Put away"
SHOW_REMINDER: Final = "Show"

# Reports.
REPORT: Final = "Report"
REPORT_TITLE: Final = "Report this message?"
REPORT_WHAT: Final = "What is sent"
REPORT_WHOM: Final = "To whom"
REPORT_WHOM_TEXT: Final = "To whoever runs your server, with your name and your reason."
REPORT_WHO_KNOWS: Final = "Who learns of it"
REASON: Final = "Reason"
REASON_HELP: Final = "In your own words. You may leave it empty."
REASON_TOO_LONG: Final = "This is too long. Write at most 1,000 characters."
REPORTED: Final = "Reported"
REPORTED_TEXT: Final = "Whoever runs your server can read this message now."

# Pictures of groups.
PICTURE_OF_GROUP: Final = "The group’s picture"
SET_PICTURE: Final = "Give the group a picture"
CHANGE_PICTURE: Final = "Change the group’s picture"
ANOTHER_PICTURE: Final = "Choose another picture"
REMOVE_PICTURE: Final = "Remove the picture"
REMOVE_PICTURE_TITLE: Final = "Remove the group’s picture?"
REMOVE_PICTURE_TEXT: Final = "Everybody here sees the group’s letters again."


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


def remind_at(when: str) -> str:
    """The button that sets a reminder."""
    near = when.startswith((TODAY, TOMORROW_DAY))
    return f"Remind me {when[0].lower()}{when[1:]}" if near else f"Remind me on {when}"


def reminder(author: str, text: str, when: str, *, due: bool) -> str:
    """The accessible name of a reminder, which goes to its message."""
    said = f"{author}: {text}" if author else text
    return f"{said}, {DUE if due else when}"


def put_away(text: str) -> str:
    """The accessible name of the button that puts a reminder away."""
    return f"{PUT_AWAY}: {text}"


def due(count: int, author: str, text: str) -> str:
    """The notice of what is due."""
    if count > 1:
        return f"{count} reminders are due"
    return f"{REMINDER}: {author}: {text}" if author else f"{REMINDER}: {text}"


def report_what(author: str) -> str:
    """What a report shows."""
    return (
        f"This message as it was sent, with its pictures and files, and the proof that {author} wrote it. Nothing else."
    )


def report_who_knows(author: str) -> str:
    """Who is told of a report."""
    return f"Neither {author} nor anybody else here is told."

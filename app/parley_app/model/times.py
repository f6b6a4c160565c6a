"""Moments as people read them: the clock in a bubble, the day above it, the short form in a list."""

from __future__ import annotations

import datetime as dt

from parley_app import room_words, words

_WEEK = 7


def parse(moment: str) -> dt.datetime:
    """A moment of the server (RFC 3339, UTC) in this device's time; the beginning of time where it is malformed."""
    try:
        return dt.datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return dt.datetime.fromtimestamp(0, dt.UTC).astimezone()


def clock(moment: dt.datetime) -> str:
    """Hours and minutes."""
    return moment.strftime("%H:%M")


def day(moment: dt.datetime, now: dt.datetime) -> str:
    """The day, as a separator names it."""
    age = (now.date() - moment.date()).days
    if age == 0:
        return words.TODAY
    if age == 1:
        return words.YESTERDAY
    name = f"{words.WEEKDAYS[moment.weekday()]}, {moment.day} {words.MONTHS[moment.month - 1]}"
    return name if moment.year == now.year else f"{name} {moment.year}"


def short(moment: dt.datetime, now: dt.datetime) -> str:
    """For the list: the clock today, then the day, then the date."""
    age = (now.date() - moment.date()).days
    if age <= 0:
        return clock(moment)
    if age == 1:
        return words.YESTERDAY
    if age < _WEEK:
        return words.WEEKDAYS[moment.weekday()]
    date = f"{moment.day} {words.MONTHS[moment.month - 1][:3]}"
    return date if moment.year == now.year else f"{date} {moment.year}"


def ahead(moment: dt.datetime, now: dt.datetime) -> str:
    """A day and time to come."""
    days = (moment.date() - now.date()).days
    name = {0: room_words.TODAY, 1: room_words.TOMORROW_DAY}.get(days) or day(moment, now)
    return f"{name}, {clock(moment)}"

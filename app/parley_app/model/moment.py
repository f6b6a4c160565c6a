"""Choosing a moment to come: what people often mean, a day of a month, and the time of day."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from parley_app import room_words
from parley_app.model import times
from parley_app.model.forms import Form
from parley_contracts.limits import SCHEDULED_AHEAD_S_MAX

_CLOCK: Final = re.compile(r"\s*(\d{1,2})[:.](\d{2})\s*")
_MORNING, _EVENING = dt.time(9), dt.time(18)
_MONTHS: Final = 12


@dataclass(frozen=True)
class Preset:
    """A moment that people often mean."""

    label: str
    moment: dt.datetime


def presets(now: dt.datetime) -> tuple[Preset, ...]:
    """This evening while there is one, tomorrow morning, and the morning of the next Monday."""

    def at(days: int, clock: dt.time) -> dt.datetime:
        return dt.datetime.combine(now.date() + dt.timedelta(days=days), clock).astimezone()

    evening = at(0, _EVENING)
    monday = 7 - now.weekday()
    found = [Preset(room_words.THIS_EVENING, evening)] if evening - now > dt.timedelta(minutes=30) else []
    found.append(Preset(room_words.TOMORROW, at(1, _MORNING)))
    if monday > 1:
        found.append(Preset(room_words.NEXT_MONDAY, at(monday, _MORNING)))
    return tuple(found)


class Moment(Form):
    """The field is `time`; `day` and the `month` in sight are chosen."""

    def __init__(self) -> None:
        super().__init__(time="")
        self.day = self.month = dt.date(1970, 1, 1)

    def offer(self, moment: dt.datetime | None, now: dt.datetime) -> None:
        """Begin anew with a moment, by default tomorrow morning."""
        self.empty()
        self.choose(moment or dt.datetime.combine(now.date() + dt.timedelta(days=1), _MORNING))

    def choose(self, moment: dt.datetime) -> None:
        """Take a moment over into the fields."""
        self.values["time"] = times.clock(moment)
        self.turn += 1
        self.pick(moment.date())

    def type_time(self, value: str) -> None:
        """Somebody types the time: the button says what it would do."""
        self.fill("time", value)
        self.changed()

    def pick(self, day: dt.date) -> None:
        """Choose a day."""
        self.day, self.month = day, day.replace(day=1)
        self.faults, self.fault = {}, ""
        self.changed()

    def turn_month(self, step: int) -> None:
        """Show the next month or the one before."""
        count = self.month.year * _MONTHS + self.month.month - 1 + step
        self.month = dt.date(count // _MONTHS, count % _MONTHS + 1, 1)
        self.changed()

    def weeks(self, now: dt.datetime) -> list[list[dt.date | None]]:
        """The month in sight by weeks from Monday; None for days of other months and weeks that are over."""
        found = calendar.Calendar().monthdatescalendar(self.month.year, self.month.month)
        kept = [week for week in found if week[-1] >= now.date()]
        return [[day if day.month == self.month.month else None for day in week] for week in kept]

    def moment(self) -> dt.datetime | None:
        """The moment of the fields, None where the time is none."""
        match = _CLOCK.fullmatch(self["time"])
        if match is None or int(match[1]) > 23 or int(match[2]) > 59:
            return None
        return dt.datetime.combine(self.day, dt.time(int(match[1]), int(match[2]))).astimezone()

    def reachable(self, now: dt.datetime) -> dt.datetime | None:
        """The moment of the fields; None, and a complaint, where it is none, over, or too far."""
        moment = self.moment()
        if moment is None:
            self.complain("time", room_words.NO_TIME)
        elif not dt.timedelta(0) < moment - now < dt.timedelta(seconds=SCHEDULED_AHEAD_S_MAX):
            self.complain("time", room_words.TIME_OUT_OF_REACH)
        else:
            return moment
        return None

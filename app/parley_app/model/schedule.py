"""What is sent later: choosing the moment, and the messages that wait for theirs.

Invariant: a text leaves the composer only once the device keeps it; moving a message to another moment keeps the new one
before the old one is given up.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from parley_app import room_words
from parley_app.engine import Engine, EngineError, Json
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


@dataclass(frozen=True)
class Waiting:
    """A message that waits for its moment; `held`: the server has it, so this device may be away."""

    client_id: str
    text: str
    when: str
    held: bool


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


class Schedule(Form):
    """The form of a moment, and what waits. The field is `time`; `day` and the `month` in sight are chosen."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(time="")
        self._engine = engine
        self.waiting: list[Json] = []
        self.day = self.month = dt.date(1970, 1, 1)

    async def load(self) -> None:
        """Ask the device what waits; what cannot be read now is asked for with the next change."""
        try:
            found = await self._engine.call("schedule.list")
        except EngineError:
            return
        if found != self.waiting:
            self.waiting = found
            self.changed()

    def of(self, conversation_id: str, now: dt.datetime) -> tuple[Waiting, ...]:
        """What waits in a conversation, the next first."""
        return tuple(
            Waiting(each["client_id"], each["text"], times.ahead(times.parse(each["send_at"]), now), each["held"])
            for each in self.waiting
            if each["conversation_id"] == conversation_id
        )

    def text_of(self, client_id: str) -> str:
        """The words of a message that waits."""
        return next((str(each["text"]) for each in self.waiting if each["client_id"] == client_id), "")

    # --- the moment

    def begin(self, now: dt.datetime, client_id: str = "") -> None:
        """Offer tomorrow morning, or the moment of a message that waits already."""
        known = next((each["send_at"] for each in self.waiting if each["client_id"] == client_id), None)
        self.empty()
        self.choose(times.parse(known) if known else dt.datetime.combine(now.date() + dt.timedelta(days=1), _MORNING))

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

    def sentence(self, now: dt.datetime) -> str:
        """What the button says."""
        moment = self.moment()
        return room_words.SEND_LATER if moment is None else room_words.send_on(times.ahead(moment, now))

    # --- deeds

    async def send(self, conversation_id: str, text: str, now: dt.datetime, instead_of: str = "") -> bool:
        """Keep a text until the moment of the fields, in place of a message that waits already."""
        moment = self.moment()
        if moment is None:
            self.complain("time", room_words.NO_TIME)
            return False
        if not dt.timedelta(0) < moment - now < dt.timedelta(seconds=SCHEDULED_AHEAD_S_MAX):
            self.complain("time", room_words.TIME_OUT_OF_REACH)
            return False

        async def work() -> None:
            wanted = {"to": conversation_id, "text": text, "send_at": moment.isoformat()}
            await self._engine.call("schedule.create", wanted)

        done = await self.submit(work)
        if done and instead_of:
            await self.cancel(instead_of)
        await self.load()
        return done

    async def cancel(self, client_id: str) -> bool:
        """Do not send it; whether it was still here."""

        async def work() -> None:
            await self._engine.call("schedule.cancel", {"client_id": client_id})

        done = await self.submit(work)
        await self.load()
        return done

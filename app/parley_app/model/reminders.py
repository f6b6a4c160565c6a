"""What this person wants to be reminded of: choosing the moment, what stands, and what is due.

Invariant: a reminder stays until it is put away, here or on another device; that its notice was closed changes nothing of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from parley_app import kept_words, words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults, marks, times
from parley_app.model.moment import Moment, Preset, presets
from parley_app.model.observing import Spawn
from parley_app.model.rows import Person

Place = tuple[str, int]
#: When the device may know more.
_NEWS: Final = {"reminder.due", "settings.changed", "connection.changed"}


@dataclass(frozen=True)
class Reminder:
    """A row: of which message, in whose words, and when; `due`: its time has come."""

    place: Place
    author: str
    text: str
    when: str
    due: bool

    @property
    def key(self) -> str:
        """What tells its row from others."""
        return f"{self.place[0]} {self.place[1]}"


def moments(now: dt.datetime) -> tuple[Preset, ...]:
    """What people often mean, from near to far."""
    hour = (now + dt.timedelta(hours=1)).replace(second=0, microsecond=0)
    return (Preset(kept_words.IN_AN_HOUR, hour), *presets(now))


class Reminders(Moment):
    """All of them, the next first. `loaded` is False until the device has answered once; `seen` are notices closed here."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self._found: list[Json] = []
        self._messages: dict[Place, Json | None] = {}
        self._seen: set[tuple[Place, str]] = set()
        self._turn: object = None
        self.loaded = False

    async def load(self, *, anew: bool = False) -> None:
        """Ask the device; with `anew`, also what the messages say by now. Of several at once, the last one counts."""
        turn = self._turn = object()
        try:
            found = await self._engine.call("reminders")
        except EngineError as error:
            self.fault = faults.sentence(error)
            self.changed()
            return
        if anew:
            self._messages = {}
        for place in map(_place, found):
            if place not in self._messages:
                self._messages[place] = await self._message(place)
        same = self.loaded and not self.fault and not anew and found == self._found
        if self._turn is turn and not same:
            self._found, self.fault, self.loaded = found, "", True
            self.changed()

    def heard(self, name: str) -> None:
        """An event of the device."""
        if name in _NEWS:
            self._spawn(self.load())

    def rows(self, me: Person, now: dt.datetime) -> tuple[Reminder, ...]:
        """What stands, the next first."""
        return tuple(self._row(each, me, now) for each in self._found)

    def notices(self, me: Person, now: dt.datetime) -> tuple[Reminder, ...]:
        """What is due and was not closed."""
        return tuple(self._row(each, me, now) for each in self._found if each["due"] and _told(each) not in self._seen)

    def stands(self, conversation_id: str, sequence: int) -> bool:
        """Whether this person is to be reminded of that message."""
        return any(_place(each) == (conversation_id, sequence) for each in self._found)

    def close_notices(self) -> None:
        """Somebody has seen what is due."""
        self._seen |= {_told(each) for each in self._found if each["due"]}
        self.changed()

    def clear(self) -> None:
        """Forget them: somebody else signs in."""
        self._found, self._messages, self._seen, self.loaded = [], {}, set(), False
        self.empty()

    # --- deeds

    def begin(self, place: Place, now: dt.datetime) -> None:
        """Offer tomorrow morning, or the moment that was chosen before."""
        known = next((times.parse(each["at"]) for each in self._found if _place(each) == place), None)
        self.offer(known if known is not None and known > now else None, now)

    def sentence(self, now: dt.datetime) -> str:
        """What the button says."""
        moment = self.moment()
        return kept_words.REMIND if moment is None else kept_words.remind_at(times.ahead(moment, now))

    async def remind(self, place: Place, now: dt.datetime) -> bool:
        """Be reminded at the moment of the fields."""
        moment = self.reachable(now)
        if moment is None:
            return False
        return await self._do("remind", place, at=moment.isoformat())

    async def forget(self, place: Place) -> bool:
        """Put a reminder away, on all devices."""
        return await self._do("reminder.forget", place)

    async def _do(self, method: str, place: Place, **more: str) -> bool:
        async def work() -> None:
            await self._engine.call(method, {"conversation_id": place[0], "sequence": place[1], **more})

        done = await self.submit(work)
        fault = self.fault
        await self.load()
        self.fault = self.fault or fault
        self.changed()
        return done

    async def _message(self, place: Place) -> Json | None:
        try:
            found = await self._engine.call("message", {"conversation_id": place[0], "sequence": place[1]})
        except EngineError:
            return None
        return found["message"]

    def _row(self, found: Json, me: Person, now: dt.datetime) -> Reminder:
        place, item = _place(found), self._messages.get(_place(found))
        when = times.ahead(times.parse(found["at"]), now)
        if item is None or item["kind"] == "deleted":
            return Reminder(place, "", words.GONE, when, found["due"])
        author = marks.name_of({"user_id": item["user_id"], "username": item["sender"]}, me)
        return Reminder(place, author, marks.preview(item), when, found["due"])


def _place(found: Json) -> Place:
    return found["conversation_id"], found["sequence"]


def _told(found: Json) -> tuple[Place, str]:
    return _place(found), found["at"]

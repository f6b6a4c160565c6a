"""What moderators did in the open group: pages of the device's list, as one line each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from parley_app import audit_words, room_words, words
from parley_app.engine import Engine, EngineError, Json
from parley_app.icons import Glyph
from parley_app.model import faults, marks, times
from parley_app.model.observing import Observed
from parley_app.model.rows import Person

_GLYPHS: Final = {
    "role_given": Glyph.USER_GEAR,
    "removed": Glyph.USER_MINUS,
    "banned": Glyph.PROHIBIT,
    "unbanned": Glyph.USER_PLUS,
    "muted": Glyph.PAUSE,
    "unmuted": Glyph.PLAY,
    "link_made": Glyph.LINK,
    "link_revoked": Glyph.LINK,
    "permission_changed": Glyph.LIST_CHECKS,
    "timer_set": Glyph.TIMER,
    "retention_set": Glyph.DATABASE,
    "history_set": Glyph.EYE,
    "message_removed": Glyph.TRASH,
}
_PERMISSIONS: Final = room_words.PERMISSIONS | {"history": room_words.HISTORY}
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class DeedLine:
    """One deed."""

    key: str
    glyph: Glyph
    text: str
    when: str


class Audit(Observed):
    """The newest deeds first. `loaded` is False until the device has answered once; `more` says whether there are earlier ones."""

    def __init__(self, engine: Engine, conversation_id: str) -> None:
        super().__init__()
        self._engine, self._conversation_id = engine, conversation_id
        self._deeds: list[Json] = []
        self._next: int | None = None
        self.loaded = False
        self.fault = ""

    @property
    def more(self) -> bool:
        """Whether there are earlier deeds."""
        return self._next is not None

    async def load(self) -> None:
        """Ask for the newest."""
        await self._ask([])

    async def load_earlier(self) -> None:
        """Ask for those before the ones that are shown."""
        if self._next is not None:
            await self._ask(self._deeds, before=self._next)

    def rows(self, me: Person, now: dt.datetime) -> tuple[DeedLine, ...]:
        """One line for each deed."""
        return tuple(_line(number, deed, me, now) for number, deed in enumerate(self._deeds))

    async def _ask(self, known: list[Json], **where: Any) -> None:
        try:
            page = await self._engine.call("group.audit", {"conversation_id": self._conversation_id, **where})
        except EngineError as error:
            self.fault = faults.sentence(error)
        else:
            self._deeds, self._next = [*known, *page["deeds"]], page["next"]
            self.fault, self.loaded = "", True
        self.changed()


def _line(number: int, deed: Json, me: Person, now: dt.datetime) -> DeedLine:
    moment = times.parse(deed["at"])
    when = f"{times.day(moment, now)}, {times.clock(moment)}"
    return DeedLine(f"deed-{deed['sequence']}-{number}", _GLYPHS[deed["kind"]], _sentence(deed, me, now), when)


def _sentence(deed: Json, me: Person, now: dt.datetime) -> str:
    who = marks.name_of(deed["by"], me)
    whom = marks.name_of(deed["person"], me) if deed["person"] is not None else ""
    match deed["kind"]:
        case "role_given":
            said = audit_words.role_given(who, whom, deed["role"])
        case "muted":
            said = audit_words.muted(who, whom, _until(deed["until"], now))
        case "permission_changed":
            what = _PERMISSIONS.get(deed["permission"], deed["permission"])
            said = audit_words.permission(who, what, room_words.FROM_ROLE[deed["role"]])
        case "timer_set":
            said = audit_words.timer(who, _span(deed["seconds"]))
        case "retention_set":
            said = audit_words.retention(who, _span(deed["seconds"]))
        case "history_set":
            said = audit_words.history(who, on=deed["on"])
        case "link_made":
            said = audit_words.link_made(who)
        case kind:
            said = _OF_PEOPLE[kind](who, whom)
    return said


_OF_PEOPLE: Final = {
    "removed": words.removed,
    "banned": audit_words.banned,
    "unbanned": audit_words.unbanned,
    "unmuted": audit_words.unmuted,
    "link_revoked": audit_words.link_revoked,
    "message_removed": audit_words.message_removed,
}


def _until(until: str | None, now: dt.datetime) -> str:
    if until is None:
        return ""
    moment = times.parse(until)
    return times.clock(moment) if moment.date() == now.date() else f"{times.day(moment, now)}, {times.clock(moment)}"


def _span(seconds: int | None) -> str:
    """The length of time in the largest unit that fits without a rest."""
    if seconds is None:
        return ""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return audit_words.span(seconds // size, unit)

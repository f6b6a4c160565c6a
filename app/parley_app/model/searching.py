"""Search in open channels, where the server looks: words, and filters that narrow them down.

Invariant: only what somebody asked for is sent: words go out with the button or Enter, never while they are typed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from parley_app import channel_words, rights_words, words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import chats, times
from parley_app.model.forms import Form
from parley_app.model.rows import Person
from parley_contracts.limits import SEARCH_QUERY_LENGTH_MAX

#: Days back of each span; the rest are no count of days.
_DAYS_BACK: Final = {"day": 0, "week": 7, "month": 30, "year": 365}
#: Whose messages are looked for: anybody's, or those of the user name in the field.
ANYBODY, SOMEBODY = "", "?"
_EXCERPT: Final = 160


@dataclass(frozen=True)
class Found:
    """A message that was found; `parts` is its text around the words, each with whether it is one of them."""

    conversation_id: str
    sequence: int
    author: Person
    channel: str
    when: str
    parts: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """What is shown of it."""
        return "".join(part for part, _ in self.parts)


class Searching(Form):
    """One search. `scope` is the channel that it stays in, empty for all; `where` the one that is chosen among all.

    `sender` is a user name, ANYBODY, or SOMEBODY for the one in the field; `span` a key of `channel_words.SPANS`.
    """

    def __init__(self, engine: Engine, scope: str = "") -> None:
        super().__init__(query="", someone="", since="", until="")
        self._engine = engine
        self.scope = self.where = scope
        self.sender = ANYBODY
        self.span = "any"
        self.with_files = False
        self.hits: list[Json] = []
        self.next: str | None = None
        #: The words of what is shown, empty before the first search.
        self.asked = ""
        self._last: tuple[str, str | None, str | None] = ("", None, None)
        self._again = False

    async def choose(self, now: dt.datetime, **filters: Any) -> None:
        """Another filter; what is shown is looked for again, unless a field has to be filled in first."""
        for name, value in filters.items():
            setattr(self, name, value)
        self.faults, self.fault = {}, ""
        self.changed()
        waits = (self.sender == SOMEBODY and not self["someone"]) or (
            self.span == "days" and not (self["since"] or self["until"])
        )
        if self.asked and not waits:
            await self.run(now)

    async def run(self, now: dt.datetime) -> None:
        """Look for the words of the field; asked again meanwhile, once more when the answer is there."""
        if self.busy:
            self._again = True
            return
        query = self["query"].strip()[:SEARCH_QUERY_LENGTH_MAX]
        self.faults, self.fault = {}, ""
        if not re.search(r"\w", query):
            self.faults["query"] = channel_words.NEEDS_WORDS
        since, until = self._moments(now)
        if self.faults:
            self.changed()
            return
        page: list[Json] = []

        async def work() -> None:
            page.append(await self._engine.call("search", self._wanted(query, since, until)))

        if await self._looked(work):
            self.hits, self.next, self.asked = page[0]["hits"], page[0]["next"], query
            self._last = (query, since, until)
            self.changed()
        again, self._again = self._again, False
        if again:
            await self.run(now)

    async def more(self) -> None:
        """Look for older ones. A page may be empty before the end: then the next is asked for at once."""
        page: list[Json] = []

        async def work() -> None:
            page.append(await self._engine.call("search", {**self._wanted(*self._last), "after": self.next}))

        while self.next is not None and await self._looked(work):
            self.hits, self.next = self.hits + page[-1]["hits"], page[-1]["next"]
            self.changed()
            if page[-1]["hits"]:
                return

    def found(self, summaries: Mapping[str, Json], me: Person, now: dt.datetime) -> list[Found]:
        """What is shown, as rows."""
        return [_found(hit, summaries, me, now, self.asked) for hit in self.hits]

    async def _looked(self, work: Callable[[], Awaitable[None]]) -> bool:
        async def asked() -> None:
            try:
                await work()
            except EngineError as error:
                if error.slug != "not_found" or self.sender != SOMEBODY:
                    raise
                self.faults["someone"] = words.nobody_called(self._name())

        return await self.submit(asked) and not self.faults

    def _name(self) -> str:
        return self["someone"].strip().removeprefix("@")

    def _wanted(self, query: str, since: str | None, until: str | None) -> Json:
        sender = self._name() if self.sender == SOMEBODY else self.sender
        wanted: Json = {"query": query, "with_files": self.with_files}
        more = {"conversation": self.where, "sender": sender, "since": since, "until": until}
        return wanted | {name: value for name, value in more.items() if value}

    def _moments(self, now: dt.datetime) -> tuple[str | None, str | None]:
        """From when and until when, by the filter."""
        if self.sender == SOMEBODY and not self._name():
            self.faults["someone"] = words.MISSING
        if self.span in _DAYS_BACK:
            return _midnight(now.date() - dt.timedelta(days=_DAYS_BACK[self.span])), None
        if self.span == "any":
            return None, None
        days: dict[str, dt.date | None] = {}
        for name in ("since", "until"):
            try:
                days[name] = dt.date.fromisoformat(self[name].strip()) if self[name].strip() else None
            except ValueError:
                self.faults[name] = channel_words.NO_DAY
                days[name] = None
        first, last = days["since"], days["until"]
        if first and last and last < first:
            self.faults["until"] = channel_words.DAYS_TURNED
        return (_midnight(first) if first else None), (_midnight(last, days=1) if last else None)


def _midnight(day: dt.date, days: int = 0) -> str:
    """The beginning of a day here, `days` later, as the server takes it."""
    moment = dt.datetime.combine(day + dt.timedelta(days=days), dt.time()).astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _found(hit: Json, summaries: Mapping[str, Json], me: Person, now: dt.datetime, query: str) -> Found:
    summary = summaries.get(hit["conversation_id"])
    members = summary["members"] if summary is not None else []
    name = rights_words.name(next((m["username"] for m in members if m["user_id"] == hit["user_id"]), ""))
    own = hit["user_id"] == me.user_id
    moment = times.parse(hit["stored_at"])
    day = words.TODAY if moment.date() == now.date() else times.short(moment, now)
    when = f"{day}, {times.clock(moment)}"
    return Found(
        hit["conversation_id"],
        hit["sequence"],
        Person(hit["user_id"], words.YOU if own else name, own=own),
        chats.title(summary, me) if summary is not None else "",
        when,
        excerpt(hit["text"], query),
    )


def excerpt(text: str, query: str) -> tuple[tuple[str, bool], ...]:
    """The text around the first of the words, in one line, in parts of which some are the words."""
    line = " ".join(text.split())
    looked_for = sorted({re.escape(word) for word in re.findall(r"\w+", query)}, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(" + "|".join(looked_for or [r"(?!)"]) + r")(?!\w)", re.IGNORECASE)
    first = pattern.search(line)
    begin = max(0, min(first.start() - _EXCERPT // 3, len(line) - _EXCERPT)) if first else 0
    shown = line[begin : begin + _EXCERPT]
    if begin:
        shown = "…" + (shown.partition(" ")[2] or shown)
    if begin + _EXCERPT < len(line):
        shown = (shown.rpartition(" ")[0] or shown) + "…"
    parts = pattern.split(shown)
    return tuple((part, index % 2 == 1) for index, part in enumerate(parts) if part)

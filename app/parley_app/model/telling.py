"""What the server tells its people: announcements, which can be put away, and terms, which stand before everything else.

Invariant: what was put away stays so on this device, and nobody is asked twice for terms that they agreed to.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Final

from parley_app.engine import Engine, EngineError, Json
from parley_app.model import times
from parley_app.model.forms import Form
from parley_app.model.preferences import Preferences

#: What is new is asked for at most so often.
LOAD_PAUSE_S: Final = 900.0


class Telling(Form):
    """As a form it agrees to terms."""

    def __init__(self, engine: Engine, preferences: Preferences) -> None:
        super().__init__()
        self._engine, self._preferences = engine, preferences
        self._announcements: list[Json] = []
        self._loaded_at: float | None = None
        #: The terms that this person is asked to agree to.
        self.due: Json | None = None
        #: Whether they agreed to earlier ones.
        self.agreed_before = False

    @property
    def announcement(self) -> Json | None:
        """The newest that was not put away and has not ended."""
        gone, now = self._preferences.put_away, dt.datetime.now(dt.UTC)
        standing = (each for each in self._announcements if times.parse(each["ends_at"]) > now)
        return next((each for each in standing if each["announcement_id"] not in gone), None)

    async def load(self) -> None:
        """Ask the server, unless it was asked a while ago; where it is away, the next occasion asks again."""
        now = time.monotonic()
        if self._loaded_at is not None and now - self._loaded_at < LOAD_PAUSE_S:
            return
        self._loaded_at = now
        try:
            announcements = await self._engine.call("announcements")
            terms = await self._engine.call("account.terms")
        except EngineError:
            self._loaded_at = None
            return
        if (announcements, terms["due"]) != (self._announcements, self.due):
            self._announcements, self.due = announcements, terms["due"]
            self.agreed_before = bool(terms["version"])
            self.changed()

    async def put_away(self, announcement_id: str) -> None:
        """Show it no more on this device."""
        await self._preferences.put_announcement_away(announcement_id)
        self.changed()

    async def agree(self) -> None:
        """Agree to what is shown; where there are newer terms by now, those are shown instead."""
        shown = self.due
        if shown is None:
            return

        async def work() -> None:
            try:
                self.due = (await self._engine.call("account.agree", {"version": shown["version"]}))["due"]
            except EngineError as error:
                if error.slug not in {"version_stale", "not_found"}:
                    raise
                self.due = (await self._engine.call("account.terms"))["due"]

        await self.submit(work)

    def clear(self) -> None:
        """Forget it all: somebody else signs in."""
        self._announcements, self.due, self._loaded_at = [], None, None
        self.empty()

"""How long the messages of a conversation are kept: what is offered, what is chosen, and setting it.

Invariant: what holds now is among the choices, wherever it was set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from parley_app import kept_words
from parley_app.engine import Engine, Json
from parley_app.kept_words import DAY, HOUR, WEEK, YEAR
from parley_app.model.forms import Form

Lifetime = Literal["timer", "retention"]
#: In seconds, from short to long; None for any time.
SPANS: Final[Mapping[Lifetime, tuple[int | None, ...]]] = {
    "timer": (None, HOUR, DAY, WEEK, 4 * WEEK),
    "retention": (None, 30 * DAY, 90 * DAY, YEAR),
}


def current(summary: Json, lifetime: Lifetime) -> int | None:
    """What holds in a conversation now, in seconds."""
    found: int | None = summary[f"{lifetime}_s"]
    return found


def value(lifetime: Lifetime, seconds: int | None) -> str:
    """What holds, in words."""
    return kept_words.timer(seconds) if lifetime == "timer" else kept_words.retention(seconds)


class Lifetimes(Form):
    """The form of one of the two; `chosen` is in seconds, None for any time."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.chosen: int | None = None

    def begin(self, seconds: int | None) -> None:
        """Offer what holds now."""
        self.chosen, self.fault = seconds, ""
        self.changed()

    def choose(self, seconds: int | None) -> None:
        """Take another one."""
        self.chosen, self.fault = seconds, ""
        self.changed()

    def choices(self, lifetime: Lifetime, holds: int | None) -> tuple[int | None, ...]:
        """What is offered, from short to long after none."""
        spans = {each for each in (*SPANS[lifetime], holds) if each is not None}
        return (None, *sorted(spans))

    async def save(self, conversation_id: str, lifetime: Lifetime) -> bool:
        """Let it hold from now on; what fails is said in the form."""

        async def work() -> None:
            await self._engine.call(f"group.{lifetime}", {"conversation_id": conversation_id, "seconds": self.chosen})

        return await self.submit(work)

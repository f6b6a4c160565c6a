"""What is pinned in the open conversation, the last pinned first."""

from __future__ import annotations

from parley_app import words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import marks
from parley_app.model.observing import Observed
from parley_app.model.rows import Person, Pin


class Pins(Observed):
    """The pinned messages. `loaded` is False until the device has answered once."""

    def __init__(self, engine: Engine, me: Person, conversation_id: str) -> None:
        super().__init__()
        self._engine, self._me, self._conversation_id = engine, me, conversation_id
        self.items: list[Json] = []
        self.loaded = False
        self.fault = ""

    async def load(self) -> None:
        """Ask the device."""
        try:
            items = await self._engine.call("pins", {"conversation_id": self._conversation_id})
        except EngineError:
            self.fault = words.PINS_FAILED
        else:
            if self.loaded and not self.fault and items == self.items:
                return
            self.items, self.fault, self.loaded = items, "", True
        self.changed()

    def rows(self) -> tuple[Pin, ...]:
        """One line each."""
        return tuple(
            Pin(
                f"pin-{item['sequence']}",
                item["sequence"],
                marks.name_of({"user_id": item["user_id"], "username": item["sender"]}, self._me),
                marks.preview(item),
            )
            for item in self.items
        )

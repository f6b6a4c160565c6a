"""The draft of a conversation as the device keeps it, for all of the person's devices.

Invariant: what is being written here is never replaced by what another device wrote.
"""

from __future__ import annotations

from parley_app.engine import Engine, EngineError
from parley_app.model import faults


class StoredDraft:
    """What is kept; `text` is the last that is known of it."""

    def __init__(self, engine: Engine, conversation_id: str, text: str) -> None:
        self._engine, self._conversation_id = engine, conversation_id
        self.text = text
        #: What answers from before a change that is being kept would still say.
        self._old: list[str] = []

    async def save(self, text: str) -> str:
        """Keep a text; a sentence where that failed."""
        if text == self.text:
            return ""
        old, self.text = self.text, text
        self._old.append(old)
        try:
            await self._engine.call("draft.save", {"conversation_id": self._conversation_id, "text": text})
        except EngineError as error:
            return faults.sentence(error)
        finally:
            self._old.remove(old)
        return ""

    def told(self, text: str, written: str, *, writing: bool) -> bool:
        """The device has this draft now; whether it takes the place of what is `written` here: not where one writes."""
        if text == self.text or text in self._old or written != self.text or (writing and written):
            return False
        self.text = text
        return True

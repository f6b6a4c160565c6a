"""Recovery words: having six drawn. They go with the recovery key that they stand for (`new_recovery_key`).

Invariant: the recovery key stays in its field only until it was used; the words are here only until they are known.
"""

from __future__ import annotations

from parley_app.engine import Engine
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain


class RecoveryWords(Form):
    """Whether there are words (`there` is None until the server has said), and what was drawn."""

    def __init__(self, engine: Engine, again: SigningAgain) -> None:
        super().__init__(recovery_key="")
        self._engine, self._again = engine, again
        self.there: bool | None = None
        self.drawn = ""

    async def load(self) -> None:
        """Ask the server."""
        await self.submit(self._load)

    async def draw(self) -> None:
        """Have words drawn for the recovery key of the form."""
        if not self.require("recovery_key"):
            return

        async def work() -> None:
            given = {"recovery_key": self["recovery_key"].strip()}
            self.drawn = (await self._engine.call("recovery_words.draw", given))["words"]
            self.there = True
            self.empty()

        await self._again.submit_for(self, work)

    def leave(self) -> None:
        """Forget what was typed and drawn."""
        self.drawn = ""
        self.empty()

    async def _load(self) -> None:
        self.there = (await self._engine.call("account"))["has_recovery_words"]

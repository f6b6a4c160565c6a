"""Reporting a message to who runs the server: the reason, and whether it was sent."""

from __future__ import annotations

from parley_app import kept_words
from parley_app.engine import Engine
from parley_app.model.forms import Form
from parley_contracts.limits import REPORT_REASON_LENGTH_MAX


class Reporting(Form):
    """The form of a report; its field is `reason`. `sent`: the server has it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(reason="")
        self._engine = engine
        self.sent = False

    def begin(self) -> None:
        """A new report."""
        self.sent = False
        self.empty()

    async def send(self, conversation_id: str, sequence: int) -> bool:
        """Show the message to who runs the server; what fails is said in the form."""
        reason = self["reason"].strip()
        if len(reason) > REPORT_REASON_LENGTH_MAX:
            self.complain("reason", kept_words.REASON_TOO_LONG)
            return False

        async def work() -> None:
            where = {"conversation_id": conversation_id, "sequence": sequence}
            await self._engine.call("message.report", {**where, "reason": reason})

        self.sent = await self.submit(work)
        self.changed()
        return self.sent

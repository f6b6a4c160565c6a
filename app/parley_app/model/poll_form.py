"""The form of a new poll."""

from __future__ import annotations

from parley_app import words
from parley_app.engine import Engine
from parley_app.model.forms import Form
from parley_contracts.limits import POLL_OPTION_LENGTH_MAX, POLL_OPTIONS_MAX

ANSWERS_MIN = 2


class PollForm(Form):
    """A question with its answers, whose fields are named answer-0 and so on."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(question="")
        self._engine = engine
        self.count = ANSWERS_MIN
        self.several = False

    @property
    def answers(self) -> list[str]:
        """What was filled in, without what is empty."""
        found = [self[f"answer-{number}"].strip() for number in range(self.count)]
        return [answer[:POLL_OPTION_LENGTH_MAX] for answer in found if answer]

    @property
    def full(self) -> bool:
        """Whether no further answer may be added."""
        return self.count >= POLL_OPTIONS_MAX

    def add(self) -> None:
        """Offer one more field."""
        if not self.full:
            self.count += 1
            self.changed()

    def choose(self, *, several: bool) -> None:
        """Whether one person may choose more than one answer."""
        self.several = several
        self.changed()

    def begin(self) -> None:
        """Begin anew."""
        self.values = {}
        self.count, self.several = ANSWERS_MIN, False
        self.empty()

    async def send(self, conversation_id: str) -> bool:
        """Send the poll; whether it is on its way. It answers as soon as the server has stored it."""
        self.faults, self.fault = {}, ""
        if not self["question"].strip():
            self.complain("question", words.POLL_NEEDS_QUESTION)
        if len(set(self.answers)) < max(ANSWERS_MIN, len(self.answers)):
            self.complain(f"answer-{ANSWERS_MIN - 1}", words.POLL_NEEDS_ANSWERS)
        if self.faults:
            return False

        async def work() -> None:
            asked = {"question": self["question"].strip(), "options": self.answers, "several": self.several}
            await self._engine.call("poll.create", {"to": conversation_id, **asked})

        return await self.submit(work)

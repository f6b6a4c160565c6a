"""Coming into a group by a link: asking, waiting to be let in, and asking no more."""

from __future__ import annotations

from typing import Final

from parley_app import room_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults
from parley_app.model.forms import Form

MARK: Final = "#join="


class Joining(Form):
    """The field for a link; `asked` is where this person has asked and nobody has answered."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(link="")
        self._engine = engine
        self.asked: tuple[str, ...] = ()
        self.loaded = False

    async def load(self) -> None:
        """Ask the server where this person waits."""
        try:
            joins = await self._engine.call("group.joins")
        except EngineError as error:
            self.fault = faults.sentence(error)
        else:
            self.asked, self.loaded = tuple(each["conversation_id"] for each in joins), True
        self.changed()

    async def ask(self) -> str:
        """Ask by the link of the field; the conversation's id where this person belongs to it already."""
        if not self.require("link"):
            return ""
        if MARK not in self["link"]:
            self.complain("link", room_words.NO_LINK)
            return ""
        found: list[Json] = []

        async def work() -> None:
            try:
                found.append(await self._engine.call("group.join", {"link": self["link"].strip()}))
            except EngineError as error:
                self.faults["link"] = room_words.DEAD_LINK if error.slug == "not_found" else faults.sentence(error)

        await self.submit(work)
        if not found:
            return ""
        self.empty()
        if found[0]["state"] == "member":
            return str(found[0]["conversation_id"])
        self.asked = tuple(dict.fromkeys((*self.asked, found[0]["conversation_id"])))
        self.changed()
        return ""

    async def withdraw(self, conversation_id: str) -> None:
        """Ask no more."""

        async def work() -> None:
            await self._engine.call("group.withdraw", {"conversation_id": conversation_id})

        if await self.submit(work):
            self.asked = tuple(each for each in self.asked if each != conversation_id)
            self.changed()

    def heard(self, conversation_id: str) -> None:
        """A conversation is there: whoever asked to come in has come."""
        if conversation_id in self.asked:
            self.asked = tuple(each for each in self.asked if each != conversation_id)
            self.changed()

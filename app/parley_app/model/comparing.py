"""Comparing a safety number with somebody: the digits or a code, whether they were compared, and saying so or taking it back."""

from __future__ import annotations

from typing import Final

from parley_app import room_words
from parley_app.engine import Engine
from parley_app.model.forms import Form

_GROUP, _ROW = 5, 3
#: Refusals of what was scanned.
_OF_THE_TEXT: Final = {"safety_number_differs", "usage"}


class Comparing(Form):
    """The number that this person shares with `username`, and the text of its code; empty until they are known. `coded` shows the code.

    `renewed`: they have new keys, about which this person has said nothing yet.
    """

    sentences = {"usage": room_words.SAFETY_NO_NUMBER}  # noqa: RUF012 - a constant of the class

    def __init__(self, engine: Engine) -> None:
        super().__init__(scanned="")
        self._engine = engine
        self.username = ""
        self.number = self.code = ""
        self.verified = self.renewed = self.coded = False

    async def begin(self, username: str) -> None:
        """Ask for the number; what fails is said in the form."""
        self.username, self.number, self.code = username, "", ""
        self.verified = self.renewed = self.coded = False
        self.empty()
        await self.submit(self._load)

    def turn_over(self) -> None:
        """Show the code in place of the digits, or the digits again."""
        self.coded = not self.coded
        self.empty()

    async def match(self) -> None:
        """Say that both show this number, where the text that was scanned is that of its code."""
        if not self.require("scanned"):
            return

        async def work() -> None:
            await self._engine.call("safety_number.verify", {"username": self.username, "number": self["scanned"]})
            await self._load()

        if await self.submit(work):
            self.turn_over()
        elif self.refusal in _OF_THE_TEXT:
            sentence, self.fault = self.fault, ""
            self.complain("scanned", sentence)

    async def settle(self, *, same: bool) -> bool:
        """Say that both show this number, or take back that they did."""

        async def work() -> None:
            who = {"username": self.username}
            if same:
                await self._engine.call("safety_number.verify", {**who, "number": self.number})
            else:
                await self._engine.call("safety_number.forget", who)
            await self._load()

        return await self.submit(work)

    async def believe(self, group: str = "") -> bool:
        """Say that the person with this number is who they were; they are let in again in the direct conversation, and in a group that is named."""

        async def work() -> None:
            who = {"username": self.username}
            await self._engine.call("identity.accept", {**who, "number": self.number})
            if group:
                await self._engine.call("person.let_in_again", {**who, "conversation_id": group})

        return await self.submit(work)

    @property
    def rows(self) -> list[str]:
        """The digits as people read them aloud: groups of five, three in a row."""
        groups = [self.number[at : at + _GROUP] for at in range(0, len(self.number), _GROUP)]
        return [" ".join(groups[at : at + _ROW]) for at in range(0, len(groups), _ROW)]

    async def _load(self) -> None:
        found = await self._engine.call("safety_number", {"username": self.username})
        self.number, self.code = found["number"], found["code"]
        self.verified, self.renewed = found["verified"], found["changed"]

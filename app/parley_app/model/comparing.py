"""Comparing a safety number with somebody: the digits, whether they were compared, and saying so or taking it back."""

from __future__ import annotations

from parley_app.engine import Engine
from parley_app.model.forms import Form

_GROUP, _ROW = 5, 3


class Comparing(Form):
    """The number that this person shares with `username`; empty until it is known."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.username = ""
        self.number = ""
        self.verified = False

    async def begin(self, username: str) -> None:
        """Ask for the number; what fails is said in the form."""
        self.username, self.number, self.verified, self.fault = username, "", False, ""
        self.changed()
        await self.submit(self._load)

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
        self.number, self.verified = found["number"], found["verified"]

"""One's own e-mail address: how it stands, confirming it, and taking another."""

from __future__ import annotations

from parley_app.engine import Engine, Json
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain


class OwnEmail(Form):
    """The address as the server has it, empty until it has answered; `letter_to` while a code is waited for."""

    def __init__(self, engine: Engine, again: SigningAgain) -> None:
        super().__init__(email="", code="")
        self._engine, self._again = engine, again
        self.address = ""
        self.confirmed = False
        self.letter_to = ""
        self.done = False

    @property
    def loaded(self) -> bool:
        """Whether the server has answered once."""
        return bool(self.address)

    async def load(self) -> None:
        """Ask the server."""

        async def work() -> None:
            self._take(await self._engine.call("account"))

        await self.submit(work)

    async def send_code(self) -> None:
        """Have a letter sent to the present address."""

        async def work() -> None:
            await self._engine.call("account.send_code")
            self.letter_to, self.done = self.address, False

        await self.submit(work)

    async def change(self) -> None:
        """Have a letter sent to the new address of the form."""
        self.done = False
        if not self.require("email"):
            return
        new = self["email"].strip()

        async def work() -> None:
            await self._engine.call("account.email", {"email": new})
            self.letter_to = new

        await self._again.submit_for(self, work)

    async def confirm(self) -> None:
        """Confirm the address to which the letter went, by its code."""
        if not self.require("code"):
            return

        async def work() -> None:
            self._take(await self._engine.call("account.verify", {"code": "".join(self["code"].split())}))
            self.letter_to, self.done = "", True
            self.empty()

        await self.submit(work)

    def _take(self, profile: Json) -> None:
        self.address, self.confirmed = profile["email"], bool(profile["email_verified"])

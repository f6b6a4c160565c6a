"""A forgotten password: a letter with a code, and a new password by that code. It opens no history."""

from __future__ import annotations

from parley_app import account_words, words
from parley_app.bridge import Bridge
from parley_app.engine import Engine
from parley_app.model.forms import FIELDS, Form, server_address
from parley_app.model.passwords import PASSWORD_LENGTH_MIN


class Forgotten(Form):
    """The way back in. `letter_to` once a letter was asked for, `done` once the password is another.

    The server answers alike whether anybody has the address, so nothing here says that a letter went.
    """

    fields = {**FIELDS, "weak_password": "new"}  # noqa: RUF012 - a constant of the class
    sentences = {"wrong_code": account_words.LETTER_CODE_WRONG}  # noqa: RUF012

    def __init__(self, engine: Engine, bridge: Bridge) -> None:
        super().__init__(server=bridge.server, email="", code="", new="")
        self._engine, self._bridge = engine, bridge
        self.letter_to = ""
        self.done = False

    async def ask(self) -> bool:
        """Have a letter written to the address; whether the server took it."""
        if not self.require("server", "email"):
            return False
        email = self["email"].strip()

        async def work() -> None:
            await self._engine.call("account.forgot", {**self._server(), "email": email})
            self.letter_to = email

        return await self.submit(work)

    async def reset(self) -> bool:
        """Set the new password; every device of the account is signed out."""
        self.done = False
        if not self.require("server", "code", "new"):
            return False
        if len(self["new"]) < PASSWORD_LENGTH_MIN:
            self.complain("new", words.PASSWORD_SHORT)
            return False

        async def work() -> None:
            given = {"code": "".join(self["code"].split()), "new": self["new"]}
            await self._engine.call("account.reset", {**self._server(), **given})
            self.letter_to, self.done = "", True

        return await self.submit(work)

    def forget_typed(self) -> None:
        """Forget the secrets that were typed, once their fields have left the screen."""
        for name in ("code", "new"):
            self.values[name] = ""

    def _server(self) -> dict[str, str | None]:
        return {"server": server_address(self["server"]), "ca_file": self._bridge.ca_file}

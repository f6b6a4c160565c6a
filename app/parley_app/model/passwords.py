"""Passwords: how hard one is to guess, and changing one's own."""

from __future__ import annotations

from typing import Final

from parley_app import account_words, words
from parley_app.engine import Engine
from parley_app.model.forms import FIELDS, Form

PASSWORD_LENGTH_MIN: Final = 10


class PasswordForm(Form):
    """The present password as `password`, and another as `new`; `done` once it was taken."""

    fields = {**FIELDS, "weak_password": "new"}  # noqa: RUF012 - a constant of the class
    sentences = {"wrong_credentials": account_words.NOT_YOUR_PASSWORD}  # noqa: RUF012

    def __init__(self, engine: Engine) -> None:
        super().__init__(password="", new="")
        self._engine = engine
        self.done = False

    async def change(self) -> None:
        """Take the new one; other sessions end."""
        self.done = False
        if not self.require("password", "new"):
            return
        if len(self["new"]) < PASSWORD_LENGTH_MIN:
            self.complain("new", words.PASSWORD_SHORT)
            return

        async def work() -> None:
            await self._engine.call("account.password", {"current": self["password"], "new": self["new"]})
            self.done = True
            self.empty()

        await self.submit(work)


def strength(password: str) -> int:
    """How hard a password is to guess, 0 to 4: a rough guide by length and variety; the server has the last word."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return 0
    variety = len(set(password.casefold()))
    return min(4, 1 + (variety >= 8) + (len(password) >= 14) + (len(password) >= 20))

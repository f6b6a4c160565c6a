"""The password again, for what asks for a recent sign-in; then what was meant goes on by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from parley_app import account_words
from parley_app.engine import Engine, EngineError
from parley_app.model.forms import Form


class SigningAgain(Form):
    """The password, and a code where the account has a second step. `asked` while the server waits for them."""

    sentences = {  # noqa: RUF012 - a constant of the class
        "wrong_credentials": account_words.NOT_YOUR_PASSWORD,
        "wrong_code": account_words.CODE_WRONG,
    }

    def __init__(self, engine: Engine) -> None:
        super().__init__(password="", code="")
        self._engine = engine
        self.asked = False
        self.takes_code = False
        self._meant: Callable[[], Awaitable[bool]] | None = None

    async def submit_for(self, form: Form, work: Callable[[], Awaitable[None]]) -> None:
        """Submit a form's work; where the server wants the password first, ask for it and do the work after it."""

        async def try_first() -> None:
            try:
                await work()
            except EngineError as error:
                if error.slug != "sign_in_again":
                    raise
                await self._ask(partial(form.submit, work))

        await form.submit(try_first)

    async def give(self) -> None:
        """Sign in again by what was typed, then do what was meant."""
        if not self.require("password", *(["code"] if self.takes_code else [])):
            return

        async def work() -> None:
            given = {"password": self["password"], "code": "".join(self["code"].split())}
            await self._engine.call("account.reauthenticate", given)

        if not await self.submit(work):
            return
        meant = self._meant
        self.leave()
        if meant is not None:
            await meant()

    def leave(self) -> None:
        """Ask for nothing any more."""
        self.asked, self._meant = False, None
        self.empty()

    async def _ask(self, meant: Callable[[], Awaitable[bool]]) -> None:
        factors = await self._engine.call("account.factors")
        self.takes_code = bool(factors["totp_since"] or factors["passkeys"])
        self.asked, self._meant = True, meant
        self.changed()

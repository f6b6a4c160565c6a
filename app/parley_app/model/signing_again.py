"""The password again, or a passkey, for what asks for a recent sign-in; then what was meant goes on by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from parley_app import account_words
from parley_app.bridge import Bridge
from parley_app.engine import Engine, EngineError
from parley_app.model.forms import Form


class SigningAgain(Form):
    """The password, and a code where the account has a second step, or a passkey. `asked` while the server waits for them."""

    sentences = {  # noqa: RUF012 - a constant of the class
        "wrong_credentials": account_words.NOT_YOUR_PASSWORD,
        "wrong_code": account_words.CODE_WRONG,
    }

    def __init__(self, engine: Engine, bridge: Bridge) -> None:
        super().__init__(password="", code="")
        self._engine, self._bridge = engine, bridge
        self.asked = False
        self.takes_code = self.takes_passkey = False
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

        await self._go_on(work)

    async def give_passkey(self) -> None:
        """Sign in again by a passkey, then do what was meant."""

        async def work() -> None:
            asked = await self._engine.call("account.passkey.check")
            signed = await self._bridge.use_passkey(asked["options"])
            try:
                given = {"challenge": asked["challenge"], "credential": signed}
                await self._engine.call("account.passkey.prove", given)
            except EngineError as error:
                if error.slug != "wrong_code":
                    raise
                raise EngineError("passkey_wrong", error.sentence) from error

        await self._go_on(work)

    def leave(self) -> None:
        """Ask for nothing any more."""
        self.asked, self._meant = False, None
        self.empty()

    async def _go_on(self, work: Callable[[], Awaitable[None]]) -> None:
        if not await self.submit(work):
            return
        meant = self._meant
        self.leave()
        if meant is not None:
            await meant()

    async def _ask(self, meant: Callable[[], Awaitable[bool]]) -> None:
        factors = await self._engine.call("account.factors")
        self.takes_code = bool(factors["totp_since"] or factors["passkeys"])
        self.takes_passkey = bool(factors["passkeys"]) and await self._bridge.passkeys()
        self.asked, self._meant = True, meant
        self.changed()

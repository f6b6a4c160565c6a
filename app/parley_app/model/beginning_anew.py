"""Beginning an account anew, for who has lost everything: signed in by what was typed before, or by a provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from parley_app import account_words, renewal_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form


class BeginningAnew(Form):
    """`takes_code`: the account has asked for its second step. `by_provider`: somebody came back from one."""

    sentences = {  # noqa: RUF012 - a constant of the class
        "wrong_code": account_words.CODE_WRONG,
        "unauthenticated": account_words.SIGN_IN_ENDED,
        "already_signed_in": renewal_words.ANEW_HERE,
    }

    def __init__(
        self,
        engine: Engine,
        account: Callable[[], Json],
        ask_passkey: Callable[[Json], Awaitable[Json]],
        came_in: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(code="")
        self._engine, self._account = engine, account
        self._ask_passkey, self._came_in = ask_passkey, came_in
        self.takes_code = self.by_provider = False

    async def begin(self, *, passkey: bool = False) -> bool:
        """Begin anew; whether it is done. Where the second step is missing, nothing is wrong yet: `takes_code` says so."""
        asked = False

        async def work() -> None:
            nonlocal asked
            try:
                await self._begin(passkey=passkey)
            except EngineError as error:
                asked = error.slug == "second_factor_required"
                self.takes_code = self.takes_code or asked
                if not asked:
                    raise

        if self.takes_code and not passkey and not self.require("code"):
            return False
        return await self.submit(work) and not asked

    async def _begin(self, *, passkey: bool) -> None:
        if self.by_provider:
            await self._engine.call("provider.begin_anew")
        else:
            account = self._account()
            given = account | {"code": "".join(self["code"].split()) or None}
            if passkey:
                given["passkey"] = await self._ask_passkey(account)
            await self._engine.call("account.begin_anew", given)
        await self._came_in()

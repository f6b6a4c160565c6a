"""The new device's side of a link: this device becomes one of the person's by another one.

Invariant: what was begun ends with its first mistake; then one begins again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Literal

from parley_app import account_words, device_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form

Stage = Literal["begin", "waiting", "digits"]


class LinkHere(Form):
    """`stage` says how far it is; `digits` are what the other device has to be told."""

    sentences = {  # noqa: RUF012 - a constant of the class
        "wrong_code": account_words.CODE_WRONG,
        "link_over": device_words.LINK_OVER,
        "link_refused": device_words.LINK_REFUSED,
    }

    def __init__(self, engine: Engine, account: Callable[[], Json], came_in: Callable[[], Awaitable[None]]) -> None:
        super().__init__(text="", code="", answer="")
        self._engine, self._account, self._came_in = engine, account, came_in
        self.stage: Stage = "begin"
        self.digits = ""
        #: Whether the account has asked for a code of its second step.
        self.takes_code = False

    async def begin(self) -> None:
        """Sign in and wait for the other device, until its answer lets this one show its digits."""

        async def ask() -> None:
            await self._engine.call("link.ask", self._signing_in())
            self.stage = "waiting"

        async def answered() -> None:
            self.digits = (await self._engine.call("link.digits"))["digits"]
            self.stage = "digits"

        if await self._try(ask):
            await self._try(answered)

    async def scan(self) -> bool:
        """Sign in by the text of a code that the other device shows."""
        if not self.require("text"):
            return False

        async def work() -> None:
            await self._engine.call("link.scan", self._signing_in() | {"text": self["text"]})
            await self._came_in()

        return await self._try(work)

    async def finish(self) -> bool:
        """Be a device of the account, by the digits that the other one shows."""
        if not self.require("answer"):
            return False

        async def work() -> None:
            await self._engine.call("link.finish", {"digits": self["answer"]})
            await self._came_in()

        return await self._try(work)

    async def leave(self) -> None:
        """End what was begun."""
        begun = self.stage != "begin"
        self._begin_again()
        if begun:
            with contextlib.suppress(EngineError):
                await self._engine.call("link.cancel")

    async def _try(self, work: Callable[[], Awaitable[None]]) -> bool:
        asked = False

        async def tried() -> None:
            nonlocal asked
            try:
                await work()
            except EngineError as error:
                asked = error.slug == "second_factor_required"
                self.takes_code = self.takes_code or asked
                if not asked:
                    self._begin_again()
                    raise

        return await self.submit(tried) and not asked

    def _begin_again(self) -> None:
        if self.stage != "begin":  # where nothing was begun yet, what was typed can be corrected
            self.stage, self.digits = "begin", ""
            self.empty()

    def _signing_in(self) -> Json:
        return self._account() | {"code": "".join(self["code"].split()) or None}

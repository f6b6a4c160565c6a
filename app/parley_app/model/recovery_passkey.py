"""A passkey that stands for the recovery key on a new device. It goes with the recovery key (`new_recovery_key`).

Invariant: the recovery key stays in its field, and on the device, only until the passkey is kept or the page is left.
"""

from __future__ import annotations

import contextlib

from parley_app.bridge import Bridge
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.passkey_secrets import make_with_secret
from parley_app.model.signing_again import SigningAgain


class RecoveryPasskey(Form):
    """Whether there is one (`there` is None until the server has said), whether this system makes them, and whether one was just kept."""

    def __init__(self, engine: Engine, bridge: Bridge, again: SigningAgain) -> None:
        super().__init__(recovery_key="")
        self._engine, self._bridge, self._again = engine, bridge, again
        self.there: bool | None = None
        self.possible = self.done = False
        #: Credential and secret of one that was made and is not kept yet: the server may want the password first.
        self._made: tuple[str, str] | None = None

    async def load(self) -> None:
        """Ask the system and the server."""

        async def work() -> None:
            self.possible = await self._bridge.passkeys()
            self.there = (await self._engine.call("account"))["has_recovery_passkey"]

        await self.submit(work)

    async def keep(self) -> None:
        """Have a passkey made, and stand for the recovery key of the form."""
        if not self.require("recovery_key"):
            return
        self.done = False
        await self._again.submit_for(self, self._keep)

    async def leave(self) -> None:
        """Forget what was typed and made; the device forgets the key."""
        self._made, self.done = None, False
        self.empty()
        with contextlib.suppress(EngineError):
            await self._engine.call("recovery_passkey.leave")

    async def _keep(self) -> None:
        if self._made is None:
            given = {"recovery_key": self["recovery_key"].strip()}
            begun = await self._engine.call("recovery_passkey.begin", given)
            self._made = await make_with_secret(self._bridge, begun["options"], self._question)
        credential, secret = self._made
        try:
            await self._engine.call("recovery_passkey.keep", {"credential": credential, "secret": secret})
        except EngineError as error:
            if error.slug == "usage":  # another tab has taken over, which knows nothing of it
                self._made = None
            raise
        self._made, self.there, self.done = None, True, True
        self.empty()

    async def _question(self, credential: str) -> Json:
        return (await self._engine.call("recovery_passkey.question", {"credential": credential}))["options"]

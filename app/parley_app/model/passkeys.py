"""One's own passkeys: those that there are, making another, taking one away."""

from __future__ import annotations

from parley_app.bridge import Bridge
from parley_app.engine import Engine, Json
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain


class Passkeys(Form):
    """The passkeys as the server lists them, none before `loaded`; `codes` until they were kept.

    `possible` is whether the system that the app runs on can make one.
    """

    def __init__(self, engine: Engine, bridge: Bridge, again: SigningAgain) -> None:
        super().__init__(name="")
        self._engine, self._bridge, self._again = engine, bridge, again
        self.loaded = self.possible = False
        self.keys: list[Json] = []
        self.codes: list[str] = []

    async def load(self) -> None:
        """Ask the system and the server."""

        async def work() -> None:
            self.possible = await self._bridge.passkeys()
            await self._load()

        await self.submit(work)

    async def add(self) -> None:
        """Make one under the name of the form; recovery codes come with the first."""
        if not self.require("name"):
            return
        name = self["name"].strip()

        async def work() -> None:
            begun = await self._engine.call("account.passkey.begin")
            made = await self._bridge.make_passkey(begun["options"])
            given = {"setup": begun["setup"], "name": name, "credential": made}
            added = await self._engine.call("account.passkey.confirm", given)
            self.codes = list(added["recovery_codes"])
            self.empty()
            await self._load()

        await self._again.submit_for(self, work)

    async def remove(self, number: int) -> None:
        """Take one away, by its number."""

        async def work() -> None:
            await self._engine.call("account.passkey.remove", {"number": number})
            await self._load()

        await self._again.submit_for(self, work)

    def forget_secrets(self) -> None:
        """The codes were kept, or the page was left."""
        self.codes = []
        self.changed()

    async def _load(self) -> None:
        self.keys = (await self._engine.call("account.factors"))["passkeys"]
        self.loaded = True

"""Another recovery key in place of the present one."""

from __future__ import annotations

from parley_app.engine import Engine
from parley_app.model.forms import Form


class NewRecoveryKey(Form):
    """The present key, or the words for it, which are forgotten as soon as they were used."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(recovery_key="")
        self._engine = engine

    async def replace(self) -> bool:
        """Replace the key; whether the device holds another one now, which is to be shown."""
        if not self.require("recovery_key"):
            return False

        async def work() -> None:
            await self._engine.call("recovery_key.replace", {"recovery_key": self["recovery_key"].strip()})

        came_through = await self.submit(work)
        if came_through:
            self.empty()
        return came_through

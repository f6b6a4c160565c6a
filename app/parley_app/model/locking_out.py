"""Locking a lost device out, by the recovery key."""

from __future__ import annotations

from parley_app.engine import Engine
from parley_app.model.forms import Form


class LockingOut(Form):
    """The recovery key, which is forgotten as soon as it was used. `done` names the device that was locked out last."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(recovery_key="")
        self._engine = engine
        self.done = ""

    async def lock_out(self, device_id: str) -> bool:
        """Lock a device out for good."""
        if not self.require("recovery_key"):
            return False

        async def work() -> None:
            given = {"device_id": device_id, "recovery_key": self["recovery_key"].strip()}
            await self._engine.call("device.lock_out", given)
            self.done = device_id

        came_through = await self.submit(work)
        if came_through:
            self.empty()
        return came_through

    def leave(self) -> None:
        """Forget what was typed."""
        self.done = ""
        self.empty()

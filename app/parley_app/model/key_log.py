"""The log of everybody's keys, as this device has followed it."""

from __future__ import annotations

from parley_app.engine import Engine, Json
from parley_app.model.forms import Form


class KeyLog(Form):
    """How the log stands; None until it is known."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.status: Json | None = None

    async def load(self) -> None:
        """Follow the log now; what this device knows shows meanwhile, and where the server is away."""
        await self.submit(self._load)

    async def start_anew(self) -> None:
        """Forget the log and what was wrong with it: the operator has explained it."""
        await self.submit(self._start_anew)

    async def _start_anew(self) -> None:
        self.status = await self._engine.call("key_log.start_anew")

    async def _load(self) -> None:
        self.status = await self._engine.call("key_log")
        self.changed()
        self.status = await self._engine.call("key_log.follow")

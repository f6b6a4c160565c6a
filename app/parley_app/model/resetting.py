"""The person's word for a conversation whose keys were begun anew, where the device could not check that."""

from __future__ import annotations

from parley_app.engine import Engine
from parley_app.model.forms import Form


class Resetting(Form):
    """The question of one conversation; `busy` while the device goes on, `fault` where it could not."""

    def __init__(self, engine: Engine, conversation_id: str) -> None:
        super().__init__()
        self._engine = engine
        self._conversation_id = conversation_id

    async def confirm(self) -> None:
        """Go on."""

        async def work() -> None:
            await self._engine.call("conversation.reset.confirm", {"conversation_id": self._conversation_id})

        await self.submit(work)

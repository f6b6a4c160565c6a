"""What this person does to messages that stand already. What fails is said by the composer; the device repeats the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults


class Deeds:
    """Edit, delete, react, pin, vote: each in one conversation, on a message named by its item or sequence.

    The device shows each at once and sends it when the server can be reached, so nothing here waits to be shown.
    """

    def __init__(self, engine: Engine, conversation_id: str, complain: Callable[[str], None]) -> None:
        self._engine, self._conversation_id, self._complain = engine, conversation_id, complain

    async def react(self, item: Json, emoji: str) -> bool:
        """Give the emoji, or take the own one back; whether it was given."""
        removed = any(found["emoji"] == emoji and found["own"] for found in item["reactions"])
        return await self._do("message.react", item, emoji=emoji, removed=removed) and not removed

    async def pin(self, item: Json) -> bool:
        """Pin it for everybody, or unpin it."""
        return await self._do("message.pin", item, removed=item["pinned"])

    async def delete(self, item: Json) -> bool:
        """Take it back for everybody."""
        return await self._do("message.delete", item)

    async def edit(self, sequence: int, text: str) -> bool:
        """Put other words in its place."""
        return await self._do("message.edit", {"sequence": sequence}, text=text)

    async def vote(self, item: Json, index: int) -> bool:
        """Choose an answer, or take the choice back."""
        poll = item["poll"]
        chosen = {number for number, option in enumerate(poll["options"]) if option["own"]}
        choices = chosen ^ {index} if poll["several"] else {index} - chosen
        return await self._do("poll.vote", item, choices=sorted(choices))

    async def close_poll(self, item: Json) -> bool:
        """Let nobody vote any more."""
        return await self._do("poll.close", item)

    async def _do(self, method: str, item: Json, **more: Any) -> bool:
        where = {"conversation_id": self._conversation_id, "sequence": item["sequence"]}
        try:
            await self._engine.call(method, {**where, **more})
        except EngineError as error:
            self._complain(faults.sentence(error))
            return False
        return True

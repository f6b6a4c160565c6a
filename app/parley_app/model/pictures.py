"""Pictures: those of groups, known by their version and set by who may; and whole ones of messages.

Invariant: a group's picture is asked for once for each version, and the one before is shown until the next is there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from parley_app import words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.observing import Spawn
from parley_app.model.rows import Picture

SIZE_BYTES_MAX: Final = 10 * 1024 * 1024


class Pictures(Form):
    """All pictures of groups; as a form it sets one, and `about` says whose."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self._known: dict[str, tuple[str, bytes]] = {}
        self._wanted: dict[str, str] = {}
        self._loading = False
        self.about = ""

    def of(self, summary: Json) -> bytes:
        """A conversation's picture, empty where it has none or it is not here yet."""
        _, data = self._known.get(summary["conversation_id"], ("", b""))
        return data if summary["picture"] else b""

    def follow(self, summaries: Iterable[Json]) -> None:
        """Ask for what is new."""
        for summary in summaries:
            where, version = summary["conversation_id"], summary["picture"]
            if version and version != self._known.get(where, ("", b""))[0]:
                self._wanted[where] = version
        if self._wanted and not self._loading:
            self._loading = True
            self._spawn(self._load())

    def clear(self) -> None:
        """Forget them: somebody else signs in."""
        self._known, self._wanted, self.about = {}, {}, ""
        self.empty()

    async def whole(self, picture: Picture) -> bytes:
        """The whole picture of a message; raises `EngineError`."""
        where = {"conversation_id": picture.where, "sequence": picture.sequence, "index": picture.index}
        return _bytes((await self._engine.call("attachment.read", where | {"picture": True}))["data"])

    async def set(self, conversation_id: str, data: bytes | None) -> bool:
        """Give a group a picture, or take it away; what fails is said in its details."""
        self.about = conversation_id
        if data is not None and len(data) > SIZE_BYTES_MAX:
            self.fault = words.PICTURE_TOO_LARGE
            self.changed()
            return False
        text = base64.urlsafe_b64encode(data).decode().rstrip("=") if data is not None else None

        async def work() -> None:
            await self._engine.call("group.picture", {"conversation_id": conversation_id, "data": text})

        return await self.submit(work)

    def fault_of(self, conversation_id: str) -> str:
        """What could not be done with a group's picture."""
        return self.fault if self.about == conversation_id else ""

    async def _load(self) -> None:
        """One after the other; the views are told once all are there."""
        try:
            while self._wanted:
                where, version = self._wanted.popitem()
                try:
                    data = (await self._engine.call("group.picture.read", {"conversation_id": where}))["data"]
                except EngineError:
                    continue  # asked for again with the next news of the conversation
                self._known[where] = (version, _bytes(data or ""))
        finally:
            self._loading = False
        self.changed()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""One's account as a whole: taking all of it along, and letting it go."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from parley_app import rights_words
from parley_app.bridge import Bridge
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain
from parley_contracts.encoding import b64decode
from parley_contracts.limits import EXPORT_PART_SIZE_BYTES

LOOK_INTERVAL_S = 2.0
ARCHIVE_NAME: Final = "parley-account.zip"
HISTORY_NAME: Final = "parley-messages.jsonl"


class OwnData(Form):
    """What can be asked of the account as a whole. `archive` is the newest one of what the server keeps, None where there is none.

    `saved` says what was saved last, and where.
    """

    sentences = {  # noqa: RUF012 - a constant of the class
        "conflict": rights_words.EXPORT_BEING_MADE,
        "too_many": rights_words.EXPORT_ENOUGH,
        "not_saved": rights_words.NOT_SAVED,
    }

    def __init__(self, engine: Engine, bridge: Bridge, again: SigningAgain) -> None:
        super().__init__()
        self._engine, self._bridge, self._again = engine, bridge, again
        self.archive: Json = None
        self.saved = ""
        #: Of who looks: whoever began last.
        self._turn = 0
        self._asked = asyncio.Event()

    @property
    def being_made(self) -> bool:
        """Whether an archive is on its way."""
        return self.archive is not None and self.archive["state"] in {"waiting", "working"}

    async def look(self) -> None:
        """Ask how far the archive is, again and again while one is being made, until nobody looks any more."""
        self._turn += 1
        turn = self._turn
        while self._turn == turn:
            await self._load()
            self._asked.clear()
            if not self.being_made:
                await self._asked.wait()
            await asyncio.sleep(LOOK_INTERVAL_S)

    def look_away(self) -> None:
        """Nobody looks any more."""
        self._turn += 1
        self._asked.set()

    async def ask(self) -> None:
        """Have an archive made of what the server keeps."""

        async def work() -> None:
            self.archive = await self._engine.call("account.export")
            self._asked.set()

        self.saved = ""
        await self._again.submit_for(self, work)

    async def take_archive(self) -> None:
        """Save the archive that is ready."""

        async def work() -> None:
            place = await self._bridge.save(ARCHIVE_NAME, "application/zip", self._parts(self.archive))
            self.saved = rights_words.saved(ARCHIVE_NAME, place)

        self.saved = ""
        await self._again.submit_for(self, work)

    async def take_history(self) -> None:
        """Save what this device can open."""

        async def work() -> None:
            place = await self._bridge.save(HISTORY_NAME, "application/x-ndjson", self._history())
            self.saved = rights_words.saved(HISTORY_NAME, place)

        self.saved = ""
        await self.submit(work)

    async def delete(self) -> None:
        """Let the account go; the device tells that it is signed out, and until when it can come back."""

        async def work() -> None:
            await self._engine.call("account.delete")

        await self._again.submit_for(self, work)

    async def _load(self) -> None:
        """Beside what the person does, which it must not keep from being done; a failure is made good by the next look."""
        with contextlib.suppress(EngineError):
            found = await self._engine.call("account.exports")
            self.archive = found[0] if found else None
            self.changed()

    async def _parts(self, archive: Json) -> AsyncIterator[bytes]:
        for part in range(-(-archive["size_bytes"] // EXPORT_PART_SIZE_BYTES)):
            found = await self._engine.call("account.export.part", {"export_id": archive["export_id"], "part": part})
            yield b64decode(found["data"])

    async def _history(self) -> AsyncIterator[bytes]:
        position: str | None = ""
        while position is not None:
            page = await self._engine.call("history.export", {"position": position})
            position = page["next"]
            yield page["lines"].encode()

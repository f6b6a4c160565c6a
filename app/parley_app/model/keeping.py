"""How a person keeps conversations: read or unread, pinned, favourite, mute, in a folder, in the archive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from parley_app import room_words
from parley_app.engine import Engine, EngineError
from parley_app.model import faults
from parley_app.model.chats import Chats
from parley_app.model.forms import Form
from parley_app.model.reading import last_heard
from parley_contracts.limits import FOLDER_NAME_LENGTH_MAX

#: A mute that only the person ends.
ALWAYS = "always"
_PAGE = 60


class Keeping(Form):
    """The marks, each set at once on this device; what fails is said above the list. `folder` is the field of a new one."""

    def __init__(self, engine: Engine, chats: Chats) -> None:
        super().__init__(folder="")
        self._engine, self._chats = engine, chats

    async def change(self, conversation_id: str, **marks: Any) -> bool:
        """Set marks (`pinned`, `favourite`, `archived`, `folder`); what is not given stays."""
        return await self._do("settings.change", conversation_id, **marks)

    async def mute(self, conversation_id: str, span: dt.timedelta | None = None) -> bool:
        """Let a conversation call nobody for so long, or with None until that is taken back."""
        until = ALWAYS if span is None else (dt.datetime.now(dt.UTC) + span).isoformat(timespec="seconds")
        return await self._do("settings.change", conversation_id, muted_until=until)

    async def unmute(self, conversation_id: str) -> bool:
        """Let it call again."""
        return await self._do("settings.change", conversation_id, muted_until=None)

    async def mark_unread(self, conversation_id: str, sequence: int | None = None) -> bool:
        """Find it unread later, from this message on; by default from the newest of others."""
        where = {} if sequence is None else {"sequence": sequence}
        return await self._do("mark_unread", conversation_id, **where)

    async def mark_read(self, conversation_id: str) -> bool:
        """Nothing of it waits any more."""
        try:
            page = await self._engine.call("history.page", {"conversation_id": conversation_id, "limit": _PAGE})
        except EngineError as error:
            self._chats.complain(faults.sentence(error))
            return False
        return await self._do("mark_read", conversation_id, sequence=max(last_heard(page["items"]), 1))

    async def put_into_new_folder(self, conversation_id: str) -> bool:
        """Put it into the folder of the form; a complaint stays in its field."""
        name = self["folder"].strip()
        if not self.require("folder"):
            return False
        if len(name) > FOLDER_NAME_LENGTH_MAX:
            self.complain("folder", room_words.FOLDER_TOO_LONG)
            return False
        if not await self.change(conversation_id, folder=name):
            return False
        self.empty()
        return True

    async def _do(self, method: str, conversation_id: str, **params: Any) -> bool:
        try:
            await self._engine.call(method, {"conversation_id": conversation_id, **params})
        except EngineError as error:
            self._chats.complain(faults.sentence(error))
            return False
        if self._chats.note:
            self._chats.complain("")
        await self._chats.refresh(conversation_id)
        return True

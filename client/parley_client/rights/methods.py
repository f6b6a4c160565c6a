"""What `Client` offers of the account as a whole."""

from __future__ import annotations

from parley_client.api import rights as api
from parley_client.events import Event
from parley_client.parts import ClientPart
from parley_client.rights.exporting import HistoryPage, history_page
from parley_contracts.rights_api import DeletionAsked, ExportInfo


class RightsMethods(ClientPart):
    """A part of `Client`."""

    async def delete_account(self) -> DeletionAsked:
        """Let the account go for good after a while; it is signed out everywhere now. `SignInAgain`.

        This profile stays as it is, so that signing in on it takes the account back with all that it has.
        """
        events = self.session.events
        asked = await api.post_deletion(self.session.api)
        await self._stop()
        events.tell(Event("signed_out", {"going_at": asked.due_at}))
        return asked

    async def ask_export(self) -> ExportInfo:
        """Have the server make an archive of everything that it keeps of one; `SignInAgain`, `Conflict`, `TooMany`."""
        return await api.post_export(self.session.api)

    async def exports(self) -> list[ExportInfo]:
        """One's archives and how far they are, the newest first."""
        return (await api.get_exports(self.session.api)).exports

    async def export_part(self, export_id: str, part: int) -> bytes:
        """A part of an archive that is ready, from 0 on; `NotFound`, `SignInAgain`."""
        return await api.get_export_part(self.session.api, export_id, part)

    def export_history(self, position: str = "") -> HistoryPage:
        """A page of what this device can open of the history, from its store; `next` of one leads to the following."""
        return history_page(self.session, position)

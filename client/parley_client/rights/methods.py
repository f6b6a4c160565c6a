"""What `Client` offers of the account as a whole."""

from __future__ import annotations

from parley_client.api import rights as api
from parley_client.events import Event
from parley_client.parts import ClientPart
from parley_contracts.rights_api import DeletionAsked


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

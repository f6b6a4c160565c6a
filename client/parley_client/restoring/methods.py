"""What `Client` offers after a restore of the server."""

from __future__ import annotations

from parley_client import outbox
from parley_client.parts import ClientPart
from parley_client.restoring import returning
from parley_client.restoring.generation import waiting_generation
from parley_client.restoring.offering import offer_held
from parley_client.restoring.returning import Returned
from parley_client.settings import syncing
from parley_client.state.privacy import offer_privacy
from parley_client.store.restoring import LostRow, list_lost
from parley_client.sync.heads import sync_all


class RestoreMethods(ClientPart):
    """A part of `Client`."""

    def hasten(self) -> None:
        """Try to connect now."""
        raise NotImplementedError

    def restore_waiting(self) -> str | None:
        """The server generation about which this device's person is to be asked, None where there is no question."""
        return waiting_generation(self.session.store)

    async def accept_restore(self) -> list[Returned]:
        """The person knew of the restore: go back to what the server has, and offer it again what it lacks."""
        done = await returning.accept_restore(self.session)
        await self._go_on()
        return done

    async def accept_strangers(self, conversation: str) -> Returned:
        """Go on in a conversation although devices are in it again that it had lost."""
        done = await returning.accept_strangers(self.session, self.conversation_id(conversation))
        await self._go_on()
        return done

    def lost(self) -> list[LostRow]:
        """Messages that the server lost with the restore and that have not come back; no network."""
        return list_lost(self.session.store)

    async def _go_on(self) -> None:
        if self.restore_waiting() is None:
            await syncing.begin_anew(self.session)
            await offer_privacy(self.session)
            await sync_all(self.session)
            await offer_held(self.session)
            self.session.spawn(outbox.pump_all(self.session))
        self.hasten()

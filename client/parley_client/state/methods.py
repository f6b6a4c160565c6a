"""What `Client` offers for the state around conversations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec

from parley_client.errors import UnknownConversation
from parley_client.events import Event
from parley_client.parts import ClientPart
from parley_client.session import Session
from parley_client.state import privacy, reading
from parley_client.state.presence import Presence
from parley_client.state.typing import Typist
from parley_client.store.conversations import load_conversation
from parley_client.store.reading import delivered_positions, read_positions
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.state_api import DeviceStatus, PrivacySettings


class Positions(msgspec.Struct, frozen=True):
    """The last sequence that each other person has read, and that one of their devices has got, as far as it is known."""

    read: dict[UserId, int]
    delivered: dict[UserId, int]


class StateMethods(ClientPart):
    """A part of `Client`. Conversations are given by their ids; `UnknownConversation`."""

    async def mark_read(self, conversation_id: ConversationId, sequence: int) -> None:
        """This person has read up to a sequence; no mark holds any more."""
        self._check(conversation_id)
        await reading.mark_read(self.session, conversation_id, sequence)

    async def mark_unread(self, conversation_id: ConversationId, sequence: int | None = None) -> None:
        """Let a sequence (by default the newest text of others) and what follows count as unread."""
        self._check(conversation_id)
        await reading.mark_unread(self.session, conversation_id, sequence)

    async def receipts(self, conversation_id: ConversationId) -> Positions:
        """How far the others have got, asked of the server."""
        self._check(conversation_id)
        await self.session.signals.receipts.fetch(conversation_id)
        return positions(self.session, conversation_id)

    def start_typing(self, conversation_id: ConversationId) -> None:
        """The person types: to be called at every stroke."""
        self._check(conversation_id)
        self.session.signals.typing.start(conversation_id)

    def stop_typing(self, conversation_id: ConversationId) -> None:
        """The person types no more, and has not sent anything."""
        self.session.signals.typing.stop(conversation_id)

    def typing(self, conversation_id: ConversationId) -> list[Typist]:
        """Who else types there now."""
        return self.session.signals.typing.people(conversation_id)

    def set_presence(self, status: DeviceStatus) -> None:
        """This device is in use, or lies about."""
        self.session.signals.presences.set(status)

    def watch_presence(self, user_ids: Sequence[UserId]) -> None:
        """Hear how these people stand, and of nobody else any more."""
        self.session.signals.presences.watch(user_ids)

    def presences(self) -> list[Presence]:
        """How those watched stand, as far as it is known."""
        return self.session.signals.presences.known()

    async def look_for(self, user_ids: Sequence[UserId], *, timeout_s: float) -> list[Presence]:
        """Watch these people and wait until all are known, or the time is over. To be connected is the caller's."""
        known = asyncio.Event()

        def heard(event: Event) -> None:
            if event.name == "presence.changed" and len(self.presences()) == len(set(user_ids)):
                known.set()

        unsubscribe = self.session.events.subscribe(heard)
        try:
            self.watch_presence(user_ids)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    if len(self.presences()) < len(set(user_ids)):
                        await known.wait()
        finally:
            unsubscribe()
        return self.presences()

    async def privacy(self) -> PrivacySettings:
        """What this person lets others see, asked of the server."""
        return await privacy.fetch_privacy(self.session)

    async def change_privacy(
        self,
        *,
        receipts: bool | None = None,
        typing: bool | None = None,
        presence: bool | None = None,
        strangers: bool | None = None,
    ) -> PrivacySettings:
        """Change what is given and leave the rest."""
        return await privacy.change_privacy(
            self.session, receipts=receipts, typing=typing, presence=presence, strangers=strangers
        )

    def _check(self, conversation_id: ConversationId) -> None:
        if load_conversation(self.session.store, conversation_id) is None:
            raise UnknownConversation("there is no such conversation on this device")


def positions(session: Session, conversation_id: ConversationId) -> Positions:
    """How far the others have got, as far as this device knows."""
    own = session.device.user_id
    read, delivered = (
        read_positions(session.store, conversation_id),
        delivered_positions(session.store, conversation_id),
    )
    return Positions(
        {user_id: sequence for user_id, sequence in read.items() if user_id != own},
        {user_id: sequence for user_id, sequence in delivered.items() if user_id != own},
    )

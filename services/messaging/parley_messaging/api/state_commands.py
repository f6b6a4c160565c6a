"""The socket's commands for state: delivered positions, typing, presence. Bounded for each device, whatever it asks."""

from __future__ import annotations

from parley_contracts.ids import is_uuid
from parley_contracts.limits import (
    PRESENCE_COMMANDS_BURST,
    PRESENCE_COMMANDS_PER_S,
    PRESENCE_WATCH_MAX,
    TYPING_BURST,
    TYPING_PER_S,
)
from parley_contracts.messaging_api import Ack
from parley_contracts.problems import InvalidRequest, NotFound, RateLimited
from parley_contracts.state_api import (
    DeliveryMark,
    PresenceSet,
    PresenceWatch,
    StateCommand,
    TypingStart,
    TypingStarted,
    TypingStop,
    TypingStopped,
)
from parley_messaging.domain.publications import Publication, json_frame
from parley_messaging.domain.rates import Rates
from parley_messaging.service.fanout import Connection, Hub
from parley_messaging.service.presence import Presence
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.receipts import Receipts


class StateCommands:
    """Carries them out. What belongs to a conversation is looked up among the rooms of this node, not in the store."""

    def __init__(self, hub: Hub, receipts: Receipts, presence: Presence, privacy: Privacy) -> None:
        self._hub = hub
        self._receipts = receipts
        self._presence = presence
        self._privacy = privacy
        self._typing = Rates(burst=TYPING_BURST, per_s=TYPING_PER_S)
        self._presences = Rates(burst=PRESENCE_COMMANDS_BURST, per_s=PRESENCE_COMMANDS_PER_S)

    async def carry_out(self, socket: Connection, command: StateCommand) -> Ack:
        """Do it; `NotFound`, `InvalidRequest`, `RateLimited`."""
        match command:
            case DeliveryMark():
                self._deliver(socket, command)
            case TypingStart() | TypingStop():
                self._type(socket, command)
            case PresenceSet():
                self._spend(self._presences, socket)
                self._presence.set(socket, command.status)
            case PresenceWatch():
                self._spend(self._presences, socket)
                await self._watch(socket, command)
        return Ack(command.ref)

    def _deliver(self, socket: Connection, command: DeliveryMark) -> None:
        head = self._hub.place(socket, command.conversation_id)
        if head is None:
            raise NotFound
        if not 0 <= command.delivered_sequence <= head:
            raise InvalidRequest("there is no such sequence", field="delivered_sequence")
        settings = self._privacy.known(socket.user_id)
        if settings is not None and settings.receipts:
            self._receipts.delivered(socket.user_id, command.conversation_id, command.delivered_sequence, as_of=head)

    def _type(self, socket: Connection, command: TypingStart | TypingStop) -> None:
        self._spend(self._typing, socket)
        head = self._hub.place(socket, command.conversation_id)
        if head is None:
            raise NotFound
        settings = self._privacy.known(socket.user_id)
        if settings is None or not settings.typing:
            return
        event = TypingStarted if isinstance(command, TypingStart) else TypingStopped
        frame = json_frame(event(command.conversation_id, socket.user_id))
        self._hub.tell(
            Publication(command.conversation_id, 0, frame, audience="typing", about=socket.user_id, as_of=head)
        )

    async def _watch(self, socket: Connection, command: PresenceWatch) -> None:
        if len(command.people) > PRESENCE_WATCH_MAX:
            raise InvalidRequest(f"at most {PRESENCE_WATCH_MAX} people are watched at once", field="people")
        if not all(is_uuid(watched.user_id) and is_uuid(watched.conversation_id) for watched in command.people):
            raise InvalidRequest("somebody to watch is no identifier", field="people")
        await self._presence.watch(socket, command.people)

    @staticmethod
    def _spend(rates: Rates, socket: Connection) -> None:
        if not rates.take(socket.device_id):
            raise RateLimited(retry_after_s=1)

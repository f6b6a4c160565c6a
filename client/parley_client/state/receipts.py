"""How far others have read and got, and telling others how far this device has got.

Receipts come live while the socket is up; what was missed before is asked for when somebody opens the conversation, once
for each connection. This device's own progress is told once a second at most, whatever arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from parley_client.api import messaging
from parley_client.errors import ClientError
from parley_client.people.requests import waits
from parley_client.state.privacy import load_privacy
from parley_client.store import messages
from parley_client.store.conversations import load_conversation
from parley_client.store.reading import delivery_told, raise_delivered, save_receipt, undelivered
from parley_contracts.ids import ConversationId
from parley_contracts.limits import DELIVERY_INTERVAL_S, DELIVERY_MEMBERS_MAX
from parley_contracts.messaging_api import ReceiptUpdated
from parley_contracts.policy import decode_policy
from parley_contracts.problems import Problem
from parley_contracts.state_api import DeliveryMark, DeliveryUpload, Receipt

if TYPE_CHECKING:
    from parley_client.session import Session

#: Conversations opened last, which are asked for again after a reconnection.
OPEN_MAX = 4
#: Deliveries told in one second: a new device has thousands of conversations that all were delivered before.
DELIVERIES_AT_ONCE_MAX = 50
_REF = "delivered"
#: More would be no integer of SQLite.
_DIGITS_MAX = 18


class OthersReceipts:
    """What others let this person see."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fresh: set[ConversationId] = set()
        self._open: list[ConversationId] = []

    def attached(self) -> None:
        """The socket is up: what is open may have moved meanwhile."""
        self._fresh.clear()
        for conversation_id in list(self._open):
            self.opened(conversation_id)

    def opened(self, conversation_id: ConversationId) -> None:
        """Somebody looks at a conversation: ask for its receipts in the background where they may be old."""
        self._open = [*(where for where in self._open if where != conversation_id), conversation_id][-OPEN_MAX:]
        if self._session.signals.connected and conversation_id not in self._fresh:
            self._fresh.add(conversation_id)
            self._session.spawn(self._fetch_quietly(conversation_id))

    async def _fetch_quietly(self, conversation_id: ConversationId) -> None:
        try:
            await self.fetch(conversation_id)
        except (ClientError, Problem):
            self._fresh.discard(conversation_id)

    async def fetch(self, conversation_id: ConversationId) -> None:
        """Ask now."""
        answer = await messaging.get_receipts(self._session.api, conversation_id)
        new = [save_receipt(self._session.store, conversation_id, receipt) for receipt in answer.receipts]
        if any(new):
            self._session.announce(conversation_id)

    def updated(self, event: ReceiptUpdated) -> None:
        """Somebody has read, or got, something."""
        delivered = max(event.delivered_sequence, event.read_sequence)
        receipt = Receipt(event.user_id, event.read_sequence, delivered)
        if save_receipt(self._session.store, event.conversation_id, receipt):
            self._session.announce(event.conversation_id)


class Deliveries:
    """How far this device has got, told to the others of conversations that are small enough."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dirty: dict[ConversationId, None] = {}
        self._telling: asyncio.Task[None] | None = None

    def attached(self) -> None:
        """The socket is up: tell what was not told before."""
        for conversation_id, _ in undelivered(self._session.store, self._session.device.user_id):
            self.changed(conversation_id)

    def changed(self, conversation_id: ConversationId) -> None:
        """Something may have been applied."""
        if not self._session.signals.connected:
            return
        self._dirty[conversation_id] = None
        if self._telling is None or self._telling.done():
            self._telling = self._session.spawn(self._tell())

    async def _tell(self) -> None:
        while self._dirty:
            await asyncio.sleep(DELIVERY_INTERVAL_S)
            for conversation_id in list(self._dirty)[:DELIVERIES_AT_ONCE_MAX]:
                del self._dirty[conversation_id]
                sequence = self._due(conversation_id)
                if sequence:
                    ref = f"{_REF} {conversation_id} {sequence}"
                    self._session.signals.say(DeliveryMark(ref, conversation_id, sequence))

    def acknowledged(self, ref: str) -> None:
        """The server has heard it."""
        word, _, rest = ref.partition(" ")
        conversation_id, _, sequence = rest.partition(" ")
        if word == _REF and sequence.isdecimal() and len(sequence) <= _DIGITS_MAX:
            where = ConversationId(conversation_id)
            if load_conversation(self._session.store, where) is not None:
                raise_delivered(self._session.store, where, self._session.device.user_id, int(sequence))

    async def tell_by_http(self) -> None:
        """Where there is no socket: tell what was not told; what fails is told another time."""
        if self._session.signals.connected:
            return
        own = self._session.device.user_id
        with contextlib.suppress(ClientError, Problem):
            for conversation_id, _ in undelivered(self._session.store, own)[:DELIVERIES_AT_ONCE_MAX]:
                sequence = self._due(conversation_id)
                if sequence:
                    await messaging.put_delivery(self._session.api, conversation_id, DeliveryUpload(sequence))
                    raise_delivered(self._session.store, conversation_id, own, sequence)

    def _due(self, conversation_id: ConversationId) -> int:
        """What is to be told of a conversation, 0 for nothing: only what others have written is delivered."""
        store, own = self._session.store, self._session.device.user_id
        row = load_conversation(store, conversation_id)
        told = delivery_told(store, conversation_id, own)
        if row is None or row.status != "member" or row.cursor <= told or not load_privacy(store).receipts:
            return 0
        if len(decode_policy(row.policy).roster) > DELIVERY_MEMBERS_MAX or waits(store, own, conversation_id):
            return 0
        if not messages.of_others_after(store, conversation_id, told, but_of=own):
            raise_delivered(store, conversation_id, own, row.cursor)
            return 0
        return row.cursor

"""What goes over the socket beside the log: said while there is one, heard as it comes.

Invariant: nothing here is needed for the truth of the store; what cannot be said now is dropped or said after the next
connection, and what cannot be understood is ignored.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

import msgspec

from parley_client.api.network import Connection, SocketClosed
from parley_client.state import reading
from parley_client.state.presence import Presences
from parley_client.state.privacy import take_privacy
from parley_client.state.receipts import Deliveries, OthersReceipts
from parley_client.state.typing import Typing
from parley_client.store.reading import own_read_states
from parley_contracts.ids import ConversationId
from parley_contracts.messaging_api import Ack, Entry, Ready, ReceiptUpdated
from parley_contracts.state_api import (
    PresenceChanged,
    PrivacyChanged,
    ReadState,
    ReadStateUpdated,
    StateCommand,
    TypingStarted,
    TypingStopped,
    read_states_digest,
)

if TYPE_CHECKING:
    from parley_client.session import Session

T = TypeVar("T")


class Signals:
    """The part of a session that speaks beside the log. `telling` is held while read states are told."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._connection: Connection | None = None
        self.telling = asyncio.Lock()
        self.receipts = OthersReceipts(session)
        self.deliveries = Deliveries(session)
        self.typing = Typing(session)
        self.presences = Presences(session)

    @property
    def connected(self) -> bool:
        """Whether anything that is said goes out."""
        return self._connection is not None

    def digest(self) -> list[int]:
        """What this device knows of its person's read states, for `identify`."""
        return read_states_digest(own_read_states(self._session.store, self._session.device.user_id))

    def attached(self, connection: Connection, ready: Ready) -> None:
        """The socket is ready."""
        self._connection = connection
        if ready.privacy is not None:
            take_privacy(self._session, ready.privacy)
        for state in ready.read_states:
            self._adopt(state, complete=True)
        self.receipts.attached()
        self.deliveries.attached()
        self.presences.attached()
        self._session.spawn(reading.tell_read_states(self._session))

    def detached(self) -> None:
        """The socket is gone."""
        self._connection = None
        self.typing.detached()
        self.presences.detached()

    def say(self, command: StateCommand) -> None:
        """Send a command in the background; without a socket it is dropped."""
        if self._connection is not None:
            self._session.spawn(_send(self._connection, command))

    def changed(self, conversation_id: ConversationId) -> None:
        """The store has something new of a conversation."""
        self.deliveries.changed(conversation_id)
        self.presences.changed(conversation_id)

    def heard(self, entry: Entry) -> None:
        """An entry has come live: whoever sent it types no more."""
        self.typing.stopped(entry.conversation_id, entry.user_id)

    def sent(self, conversation_id: ConversationId) -> None:
        """A message of this device was acknowledged: who writes has read."""
        self.typing.sent(conversation_id)
        if reading.clear_mark(self._session, conversation_id):
            self._session.announce(conversation_id)
            self._session.spawn(reading.tell_read_states(self._session))

    def handle(self, kind: str, frame: bytes) -> None:
        """Take in a frame that is no entry and no head."""
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            match kind:
                case "ack":
                    self.deliveries.acknowledged(_decode(frame, Ack).ref)
                case "receipt.updated":
                    self._receipt(_decode(frame, ReceiptUpdated))
                case "read_state.updated":
                    self._adopt(_decode(frame, ReadStateUpdated).state, complete=False)
                case "typing.started":
                    started = _decode(frame, TypingStarted)
                    self.typing.started(started.conversation_id, started.user_id)
                case "typing.stopped":
                    stopped = _decode(frame, TypingStopped)
                    self.typing.stopped(stopped.conversation_id, stopped.user_id)
                case "presence.changed":
                    self.presences.told(_decode(frame, PresenceChanged))
                case "privacy.changed":
                    take_privacy(self._session, _decode(frame, PrivacyChanged).settings)

    def _receipt(self, event: ReceiptUpdated) -> None:
        if event.user_id == self._session.device.user_id:
            self._adopt(ReadState(event.conversation_id, event.read_sequence), complete=False)
        else:
            self.receipts.updated(event)

    def _adopt(self, state: ReadState, *, complete: bool) -> None:
        if reading.adopt(self._session, state, complete=complete):
            self._session.announce(state.conversation_id)


async def _send(connection: Connection, command: StateCommand) -> None:
    with contextlib.suppress(SocketClosed, OSError):
        await connection.send(msgspec.json.encode(command))


def _decode(frame: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(frame, type=kind)

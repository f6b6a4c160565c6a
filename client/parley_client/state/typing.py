"""Who types where. Nothing of it is stored, and what is heard fades by itself."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from parley_client.events import Event
from parley_client.people.requests import waits
from parley_client.state.privacy import load_privacy
from parley_client.store.conversations import load_conversation
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import TYPING_LIFETIME_S, TYPING_REPEAT_S
from parley_contracts.policy import decode_policy
from parley_contracts.state_api import TypingStart, TypingStop

if TYPE_CHECKING:
    from parley_client.session import Session


class Typist(msgspec.Struct, frozen=True):
    """Somebody who types."""

    user_id: UserId
    username: str


class Typing:
    """What this device says, and what it hears."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._said_at: dict[ConversationId, float] = {}
        self._heard: dict[ConversationId, dict[UserId, asyncio.TimerHandle]] = {}

    def start(self, conversation_id: ConversationId) -> None:
        """The person types: call it at every stroke, it is told now and then."""
        said_at = self._said_at.get(conversation_id)
        due = said_at is None or time.monotonic() - said_at >= TYPING_REPEAT_S
        store, own = self._session.store, self._session.device.user_id
        if due and load_privacy(store).typing and not waits(store, own, conversation_id):
            self._said_at[conversation_id] = time.monotonic()
            self._session.signals.say(TypingStart("typing", conversation_id))

    def stop(self, conversation_id: ConversationId) -> None:
        """The person types no more."""
        if self._said_at.pop(conversation_id, None) is not None:
            self._session.signals.say(TypingStop("typing", conversation_id))

    def sent(self, conversation_id: ConversationId) -> None:
        """A message has gone: it says so itself."""
        self._said_at.pop(conversation_id, None)

    def started(self, conversation_id: ConversationId, user_id: UserId) -> None:
        """Somebody types, if they belong there."""
        if user_id == self._session.device.user_id or not load_privacy(self._session.store).typing:
            return
        row = load_conversation(self._session.store, conversation_id)
        if row is None or row.status == "removed" or user_id not in decode_policy(row.policy).user_ids:
            return
        people = self._heard.setdefault(conversation_id, {})
        before = people.get(user_id)
        loop = asyncio.get_running_loop()
        people[user_id] = loop.call_later(TYPING_LIFETIME_S, self.stopped, conversation_id, user_id)
        if before is None:
            self._tell(conversation_id)
        else:
            before.cancel()

    def stopped(self, conversation_id: ConversationId, user_id: UserId) -> None:
        """Somebody types no more: they said so, have sent something, or were not heard of for a while."""
        people = self._heard.get(conversation_id, {})
        timer = people.pop(user_id, None)
        if timer is None:
            return
        timer.cancel()
        if not people:
            del self._heard[conversation_id]
        self._tell(conversation_id)

    def detached(self) -> None:
        """The socket is gone: nobody is known to type."""
        self._said_at.clear()
        for conversation_id, people in list(self._heard.items()):
            for user_id in list(people):
                self.stopped(conversation_id, user_id)

    def people(self, conversation_id: ConversationId) -> list[Typist]:
        """Who types there now, in the order in which they began."""
        directory = self._session.directory
        return [Typist(user_id, directory.known_name(user_id)) for user_id in self._heard.get(conversation_id, ())]

    def _tell(self, conversation_id: ConversationId) -> None:
        params = {"conversation_id": conversation_id, "people": self.people(conversation_id)}
        self._session.events.tell(Event("typing.changed", params))

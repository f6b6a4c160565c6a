"""Who is there: the people whom a screen shows, watched by conversations that this person shares with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from parley_client.errors import UsageError
from parley_client.events import Event
from parley_client.store.conversations import list_conversations, load_conversation
from parley_contracts.ids import ConversationId, UserId, direct_conversation_id, is_uuid
from parley_contracts.limits import PRESENCE_WATCH_MAX
from parley_contracts.policy import RANKED, decode_policy
from parley_contracts.state_api import (
    DeviceStatus,
    PresenceChanged,
    PresenceSet,
    PresenceStatus,
    PresenceWatch,
    Watched,
)

if TYPE_CHECKING:
    from parley_client.session import Session


class Presence(msgspec.Struct, frozen=True):
    """How somebody stands; `last_seen_at` (RFC 3339) is when they went away or offline, None where that is not told."""

    user_id: UserId
    status: PresenceStatus
    last_seen_at: str | None


class Presences:
    """The people watched, and how they stand as far as the server says; nobody is known while there is no socket."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watched: dict[UserId, ConversationId | None] = {}
        self._known: dict[UserId, Presence] = {}
        self._policies: dict[ConversationId, bytes] = {}
        self._status: DeviceStatus = "online"

    def set(self, status: DeviceStatus) -> None:
        """This device is in use, or lies about."""
        if status != self._status:
            self._status = status
            self._session.signals.say(PresenceSet("presence", status))

    def watch(self, user_ids: Sequence[UserId]) -> None:
        """Watch these people and nobody else any more; `UsageError` for too many."""
        if len(user_ids) > PRESENCE_WATCH_MAX or not all(map(is_uuid, user_ids)):
            raise UsageError(f"at most {PRESENCE_WATCH_MAX} people are watched, by their ids")
        self._watched = self._shared(user_ids)
        self._known.clear()
        self._say()

    def known(self) -> list[Presence]:
        """How those watched stand, as far as it is known."""
        return list(self._known.values())

    def attached(self) -> None:
        """The socket is up: watch on."""
        if self._status == "away":
            self._session.signals.say(PresenceSet("presence", "away"))
        if self._watched:
            self._say()

    def detached(self) -> None:
        """The socket is gone: nothing is known."""
        self._known.clear()

    def changed(self, conversation_id: ConversationId) -> None:
        """Somebody may have come or gone: watch by another conversation where one is needed."""
        if not self._watched:
            return
        row = load_conversation(self._session.store, conversation_id)
        if row is None or self._policies.get(conversation_id) == row.policy:
            return
        self._policies[conversation_id] = row.policy
        shared = self._shared(list(self._watched))
        if shared != self._watched:
            self._watched = shared
            self._say()

    def told(self, event: PresenceChanged) -> None:
        """The server says how somebody stands."""
        if event.user_id in self._watched:
            self._take(Presence(event.user_id, event.status, event.last_seen_at))

    def _take(self, presence: Presence) -> None:
        if self._known.get(presence.user_id) != presence:
            self._known[presence.user_id] = presence
            self._session.events.tell(Event("presence.changed", presence))

    def _say(self) -> None:
        people = [Watched(user_id, where) for user_id, where in self._watched.items() if where is not None]
        self._session.signals.say(PresenceWatch("presence", people))
        for user_id, where in self._watched.items():
            if where is None:
                self._take(Presence(user_id, "offline", None))

    def _shared(self, user_ids: Sequence[UserId]) -> dict[UserId, ConversationId | None]:
        """A conversation shared with each of these people, None for none: the direct one first."""
        shared: dict[UserId, ConversationId | None] = dict.fromkeys(user_ids)
        for user_id in shared:
            direct = load_conversation(
                self._session.store, direct_conversation_id(self._session.device.user_id, user_id)
            )
            if direct is not None and direct.status == "member":
                shared[user_id] = direct.conversation_id
                self._policies[direct.conversation_id] = direct.policy
        missing = {user_id for user_id, where in shared.items() if where is None}
        if not missing:
            return shared
        for row in list_conversations(self._session.store):
            if row.status != "member" or row.kind not in RANKED:
                continue
            self._policies[row.conversation_id] = row.policy
            found = missing & decode_policy(row.policy).user_ids
            shared |= dict.fromkeys(found, row.conversation_id)
            missing -= found
            if not missing:
                break
        return shared

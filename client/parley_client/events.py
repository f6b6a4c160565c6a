"""What happens on a device, told as it happens: for screens, programs and tests.

Invariant: an event only says where to look; the truth stands in the store, so a missed one costs freshness, never data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

EventName = Literal[
    "message",
    "conversation.changed",
    "outbox.changed",
    "connection.changed",
    "typing.changed",
    "presence.changed",
    "privacy.changed",
    "join_requests.changed",
    "settings.changed",
    "reminder.due",
    "push.changed",
    "server.restored",
    "key_log.changed",
    "lock.changed",
    "blocks.changed",
    "profile.changed",
    "signed_out",
]
#: `offline` stays until the socket is ready again, however often that is tried in between.
ConnectionState = Literal["offline", "connecting", "online"]
OutboxState = Literal["queued", "sent", "failed"]


class Event(msgspec.Struct, frozen=True):
    """One event, with JSON-able `params`.

    `message` a `Message`; `conversation.changed` `conversation_id`; `outbox.changed` `conversation_id`, `client_id`,
    `state` (`OutboxState`) and, once sent, `sequence`; `connection.changed` `state` (`ConnectionState`);
    `typing.changed` `conversation_id` and `people` (all who type there now, each `user_id` and `username`);
    `presence.changed` a `Presence` of somebody watched; `privacy.changed` the `PrivacySettings`;
    `join_requests.changed` `conversation_id`; `settings.changed` `conversation_ids` (those marked otherwise, if any);
    `reminder.due` a `Reminder`; `server.restored` `generation` (the person is to be asked); `blocks.changed` (whom this person has blocked) nothing; `key_log.changed` (an alarm about the log of people's keys) nothing; `lock.changed` `locked`; `profile.changed` (of oneself) `user_id`; `push.changed` (what `push.secrets` answered last does not hold any more) nothing; `signed_out` nothing, or `going_at` where this device let the account go.
    """

    name: EventName
    params: object = msgspec.field(default_factory=dict)


Listener = Callable[[Event], None]


class Listeners:
    """Who wants to hear."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; the answer ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def tell(self, event: Event) -> None:
        """Tell everybody."""
        for listener in list(self._listeners):
            listener(event)

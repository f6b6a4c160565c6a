"""Reading messaging's events: they become deliveries, many in one transaction, which also moves the position.

Invariant: an event is passed only when what follows from it is stored; an event that comes twice changes nothing; one that
the stream lacks is asked for (I5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import transaction
from redis.exceptions import ResponseError

from parley_contracts.events import (
    FROM_NOW,
    MESSAGE_STORED,
    MESSAGING_STREAM,
    Event,
    EventError,
    MessageStored,
    content_of,
    dead_stream,
    parse_position,
    republish_key,
)
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.messaging_api import Recipients
from parley_contracts.problems import NotFound
from parley_notification import neighbours
from parley_notification.deliveries.deciding import decide
from parley_notification.deliveries.models import Delivery, FeedPosition
from parley_notification.web.rates import RedisClient

BATCH = 100
#: Deliveries, each with its payload.
STORED_AT_ONCE = 500
BLOCK_MS = 1500
DEAD_MAX = 1000
_ASKED = republish_key(MESSAGING_STREAM)
#: By conversation, the entries that made epoch and policy, and author.
_Known = dict[tuple[ConversationId, int, int, UserId], Recipients]
_log = structlog.get_logger("parley_notification.consumer")


class Consumer:
    """The one reader of `events:messaging` in this service."""

    def __init__(self, client: RedisClient) -> None:
        self._redis = client

    def read_once(self) -> int:
        """Read what is there, waiting a moment for the first; the number of events passed. Raises what stores raise."""
        position = self._position()
        if position is None:
            return 0
        answer: Any = self._redis.xread({MESSAGING_STREAM: position}, count=BATCH, block=BLOCK_MS)
        entries = answer[0][1] if answer else []
        taken = _Taken(position)
        try:
            for place, fields in entries:
                if not self._take(taken, place, fields):
                    break
                if len(taken.deliveries) >= STORED_AT_ONCE:
                    taken.store()
        finally:
            # Where somebody does not answer, what came before is passed all the same.
            taken.store()
        if taken.events:
            self._redis.xtrim(MESSAGING_STREAM, minid=taken.position, approximate=False)
        return taken.events

    def _position(self) -> str | None:
        """Where to read on; None where the stream must first be filled from there."""
        stored = FeedPosition.objects.filter(stream=MESSAGING_STREAM).values_list("position", flat=True).first()
        last = self._last()
        if stored is None and last is not None and not self._redis.exists(_ASKED):
            # Asked for below, and answered: from its beginning on, everything is for us.
            _save_position(last)
            return last
        if stored is None or last is None:
            self._ask(stored or FROM_NOW)
            return None
        return stored

    def _last(self) -> str | None:
        try:
            information: dict[str, Any] = self._redis.xinfo_stream(MESSAGING_STREAM)
        except ResponseError:  # no such stream: never made, or wiped
            return None
        last: bytes = information["last-generated-id"]
        return last.decode()

    def _ask(self, position: str) -> None:
        if self._redis.set(_ASKED, position, nx=True, ex=30):
            _log.warning("events_asked_for", after=position)

    def _take(self, taken: _Taken, place: bytes, fields: dict[bytes, bytes]) -> bool:
        """Pass one event; False where something before it is missing."""
        deliveries: list[Delivery] = []
        try:
            event = Event.from_entry(place, fields)
            if parse_position(event.previous) > parse_position(taken.position):
                self._ask(taken.position)
                return False
            deliveries = self._deliveries(event, taken.recipients)
        except EventError as error:
            _log.exception("poison_event", position=place.decode(errors="replace"), cause=str(error))
            dead: dict[Any, Any] = dict(fields)
            self._redis.xadd(dead_stream(MESSAGING_STREAM), dead, maxlen=DEAD_MAX, approximate=True)
        taken.add(place.decode(), deliveries)
        return True

    def _deliveries(self, event: Event, known: _Known) -> list[Delivery]:
        if event.type != MESSAGE_STORED:
            return []
        message = content_of(event, MessageStored)
        if not message.push:
            return []
        key = (message.conversation_id, message.epoch_sequence, message.policy_sequence, message.user_id)
        try:
            if key not in known:
                known[key] = neighbours.recipients(message.conversation_id, message.sequence)
            return decide(message, known[key])
        except NotFound:  # messaging was restored to a time before this event
            _log.warning("event_of_no_entry", position=event.position)
            return []
        except ValueError as error:
            raise EventError("the event holds what is not base64url or no identifier") from error


@dataclass
class _Taken:
    """What was read in one go. Its `recipients` are asked for once for all that somebody wrote in the same epoch under the same policy."""

    position: str
    events: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    recipients: _Known = field(default_factory=dict)
    _stored: int = 0

    def add(self, position: str, deliveries: list[Delivery]) -> None:
        """An event that is passed, once `store` was called, and what follows from it."""
        self.position = position
        self.events += 1
        self.deliveries += deliveries

    def store(self) -> None:
        """Store what was added since the last time."""
        if self._stored == self.events:
            return
        with transaction.atomic():
            Delivery.objects.bulk_create(self.deliveries, ignore_conflicts=True)
            _save_position(self.position)
        self._stored, self.deliveries = self.events, []


def _save_position(position: str) -> None:
    FeedPosition.objects.update_or_create(stream=MESSAGING_STREAM, defaults={"position": position})

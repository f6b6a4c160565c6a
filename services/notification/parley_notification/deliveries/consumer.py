"""Reading messaging's events: they become deliveries, many in one transaction, which also moves the position.

Invariant: an event is passed only when what follows from it is stored; an event that comes twice changes nothing; one that
the stream lacks is asked for (I5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from parley_contracts.ids import is_uuid
from parley_contracts.limits import RECIPIENTS_PLACES_MAX
from parley_notification.deliveries.audiences import Audience, AudienceKey, find_audiences, key_of
from parley_notification.deliveries.deciding import decide
from parley_notification.deliveries.models import Delivery, FeedPosition
from parley_notification.web.rates import RedisClient

BATCH = RECIPIENTS_PLACES_MAX
#: Deliveries, each with its payload.
STORED_AT_ONCE = 500
BLOCK_MS = 1500
DEAD_MAX = 1000
_ASKED = republish_key(MESSAGING_STREAM)
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
        events = self._in_order(position, answer[0][1] if answer else [])
        audiences = find_audiences(event.message for event in events if event.message is not None)
        deliveries: list[Delivery] = []
        for number, event in enumerate(events, 1):
            deliveries += self._deliveries(event, audiences)
            if len(deliveries) >= STORED_AT_ONCE or number == len(events):
                _store(deliveries, event.position)
                deliveries = []
        if events:
            self._redis.xtrim(MESSAGING_STREAM, minid=events[-1].position, approximate=False)
        return len(events)

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

    def _in_order(self, position: str, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[_Read]:
        """What was read, up to where something before it is missing."""
        events: list[_Read] = []
        for place, fields in entries:
            message, cause = None, ""
            try:
                event = Event.from_entry(place, fields)
                if parse_position(event.previous) > parse_position(position):
                    self._ask(position)
                    break
                message = _message_of(event)
            except EventError as error:
                cause = str(error)
            position = place.decode()
            events.append(_Read(position, fields, message, cause))
        return events

    def _deliveries(self, event: _Read, audiences: Mapping[AudienceKey, Audience]) -> list[Delivery]:
        if event.message is None:
            if event.cause:
                self._put_aside(event, event.cause)
            return []
        audience = audiences.get(key_of(event.message))
        if audience is None:  # messaging was restored to a time before this event
            _log.warning("event_of_no_entry", position=event.position)
            return []
        try:
            return decide(event.message, audience)
        except ValueError:
            self._put_aside(event, "the event holds what is not base64url or no identifier")
            return []

    def _put_aside(self, event: _Read, cause: str) -> None:
        _log.error("poison_event", position=event.position, cause=cause)
        dead: dict[Any, Any] = dict(event.fields)
        self._redis.xadd(dead_stream(MESSAGING_STREAM), dead, maxlen=DEAD_MAX, approximate=True)


@dataclass(frozen=True)
class _Read:
    """An event as it was read: the message where somebody may have to be told of one, or why it is none that this version understands."""

    position: str
    fields: Mapping[bytes, bytes]
    message: MessageStored | None
    cause: str


def _message_of(event: Event) -> MessageStored | None:
    if event.type != MESSAGE_STORED:
        return None
    message = content_of(event, MessageStored)
    if not is_uuid(message.conversation_id):
        raise EventError("the event names no conversation")
    return message if message.push else None


def _store(deliveries: Sequence[Delivery], position: str) -> None:
    with transaction.atomic():
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        _save_position(position)


def _save_position(position: str) -> None:
    FeedPosition.objects.update_or_create(stream=MESSAGING_STREAM, defaults={"position": position})

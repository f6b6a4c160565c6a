"""How far the notification service is: by its own records, not by a guess at its speed."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
import redis
from e2e_devices import Stack

from parley_contracts.events import MESSAGING_STREAM, parse_position

_EVENTS_MAX = 2000


def wait_until_decided(stack: Stack, *messages: dict[str, Any]) -> None:
    """Wait until it is settled who is told of these messages, given as `send` answers them or as they arrive."""
    wanted = {(message["conversation_id"], message["sequence"]) for message in messages}
    with redis.Redis.from_url(stack.engines["PARLEY_REDIS_URL"]) as server, _records(stack) as records:

        def decided() -> bool:
            stored = records.execute(
                "SELECT position FROM notification.deliveries_feedposition WHERE stream = %s", (MESSAGING_STREAM,)
            ).fetchone()
            reached = parse_position(stored[0]) if stored is not None else (0, 0)
            events = server.xrevrange(MESSAGING_STREAM, count=_EVENTS_MAX)
            passed = {_place(fields) for position, fields in events if parse_position(position.decode()) <= reached}
            return wanted <= passed

        wait_until(decided)


def wait_until_unsubscribed(stack: Stack, device_id: str) -> None:
    """Wait until nothing is pushed to this device any more."""
    with _records(stack) as records:
        query = "SELECT 1 FROM notification.subscriptions_subscription WHERE device_id = %s"
        wait_until(lambda: records.execute(query, (device_id,)).fetchone() is None)


def wait_until(found: Callable[[], bool], timeout_s: float = 60) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _place(fields: dict[bytes, bytes]) -> tuple[str, int]:
    event = msgspec.json.decode(fields[b"data"])
    return event.get("conversation_id", ""), event.get("sequence", 0)


def _records(stack: Stack) -> psycopg.Connection[tuple[str]]:
    address = urlsplit(stack.engines["PARLEY_POSTGRES_URL"])
    return psycopg.connect(urlunsplit(address._replace(path="/notification")), autocommit=True)

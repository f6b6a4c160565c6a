"""How far the notification service is: by its own records, not by a guess at its speed. And where it pushes to."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
import redis
from e2e_devices import Device, Stack
from push_receiver import PushReceiver

from parley_contracts.events import MESSAGING_STREAM, parse_position

_EVENTS_MAX = 2000
_NOTES_MAX = 5


@contextlib.contextmanager
def push_service(stack: Stack, folder: Path) -> Iterator[PushReceiver]:
    """A push service that the stack reaches, under the stack's own authority; faulty pushes fail at the end."""
    started = PushReceiver(stack.home / "tls" / "ca.crt", stack.home / "tls" / "ca.key", folder)
    yield started
    started.stop()
    assert started.faults == []


def wait_until_decided(witness: Device) -> None:
    """Wait until it is settled who is told of everything that was sent before now.

    Events are decided one after the other: a note of the witness comes after them. One that was passed may be gone from
    the stream by the next event, hence again.
    """
    stack = witness.stack
    with redis.Redis.from_url(stack.engines["PARLEY_REDIS_URL"]) as server, _records(stack) as records:
        for _ in range(_NOTES_MAX):
            note = witness("send", to=f"@{witness.username}", text="so far")
            with contextlib.suppress(TimeoutError):
                wait_until(
                    lambda place=(note["conversation_id"], note["sequence"]): place in _decided(server, records), 20
                )
                return
    raise AssertionError("the notification service does not keep up")


def wait_until_unsubscribed(stack: Stack, device_id: str) -> None:
    """Wait until nothing is pushed to this device any more."""
    with _records(stack) as records:
        query = "SELECT 1 FROM notification.subscriptions_subscription WHERE device_id = %s"
        wait_until(lambda: records.execute(query, (device_id,)).fetchone() is None)


def wait_until(found: Callable[[], bool], timeout_s: float = 60) -> None:
    """Look again and again until it is so; `TimeoutError`."""
    deadline = time.monotonic() + timeout_s
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {timeout_s:g} s")
        time.sleep(0.1)


def _decided(server: redis.Redis, records: psycopg.Connection[tuple[str]]) -> set[tuple[str, int]]:
    """Conversation and sequence of what the stream still has of what was passed."""
    query = "SELECT position FROM notification.deliveries_feedposition WHERE stream = %s"
    stored = records.execute(query, (MESSAGING_STREAM,)).fetchone()
    reached = parse_position(stored[0]) if stored is not None else (0, 0)
    events = server.xrevrange(MESSAGING_STREAM, count=_EVENTS_MAX)
    return {_place(fields) for position, fields in events if parse_position(position.decode()) <= reached}


def _place(fields: dict[bytes, bytes]) -> tuple[str, int]:
    event = msgspec.json.decode(fields[b"data"])
    return event.get("conversation_id", ""), event.get("sequence", 0)


def _records(stack: Stack) -> psycopg.Connection[tuple[str]]:
    address = urlsplit(stack.engines["PARLEY_POSTGRES_URL"])
    return psycopg.connect(urlunsplit(address._replace(path="/notification")), autocommit=True)

"""Messages that disappear: when, by the timer in force at their place in the log, and letting them.

Invariant: a server that lies about times makes a message disappear early, never late: the timer runs from when it was stored or
from when this device read it, whichever was first.
"""

from __future__ import annotations

from datetime import datetime

from parley_client.session import Session
from parley_client.store import disappearing
from parley_contracts.policy import PolicyDocument


def expiry_of(unverified_stored_at: str, policy: PolicyDocument, now: float) -> int | None:
    """When a message that is read now disappears, None for never."""
    if policy.timer_s is None:
        return None
    try:
        stored_at = datetime.fromisoformat(unverified_stored_at).timestamp()
    except (ValueError, OverflowError, OSError):
        stored_at = now
    return int(min(stored_at, now)) + policy.timer_s


def let_disappear(session: Session) -> None:
    """Erase what is due, and tell the screens."""
    for conversation_id in disappearing.let_disappear(session.store, int(session.clock())):
        session.announce(conversation_id)


def wait_s(session: Session, at_most_s: float) -> float:
    """How long nothing disappears, up to `at_most_s`."""
    at = disappearing.next_expiry(session.store)
    return at_most_s if at is None else min(at_most_s, max(0.05, at - session.clock()))

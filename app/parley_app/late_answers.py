"""Answers of the client to calls on controls that are gone by then.

Flet 1.0's session raises for them inside the loop that hears the client, which ends it: the app would stand still for good because
somebody left a screen while one of its fields was given the focus. Nobody waits for such an answer.
"""

from __future__ import annotations

from typing import Any

from flet.messaging.session import Session

_hear = Session.handle_invoke_method_results


def _hear_or_let_go(self: Session, control_id: int, call_id: str, result: Any, error: str | None) -> None:
    try:
        _hear(self, control_id, call_id, result, error)
    except RuntimeError as fault:
        if "is not registered" not in str(fault):
            raise


def let_late_answers_go() -> None:
    """From here on they are ignored; safe to repeat."""
    Session.handle_invoke_method_results = _hear_or_let_go  # type: ignore[method-assign]

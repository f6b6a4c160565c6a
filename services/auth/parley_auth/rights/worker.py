"""The work behind deletions and archives, beside letters and events: each in a thread of its own, so that neither waits for the other."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import DatabaseError, close_old_connections

from parley_auth.rights.erasing import erase_next
from parley_auth.rights.exporting import let_go_next, make_next
from parley_auth.rights.verifying import verify_next
from parley_contracts.problems import Unavailable
from parley_serving.django.problems import say_bug

LOOK_INTERVAL_S = 2.0
_log = structlog.get_logger("parley_auth.rights")


def delete_until(stopped: threading.Event) -> None:
    """Erase accounts whose time has come, and look after those that are gone, until `stopped`."""
    _work_until(stopped, lambda: erase_next() or verify_next())


def export_until(stopped: threading.Event) -> None:
    """Make archives, and delete those whose time is over, until `stopped`."""
    _work_until(stopped, lambda: make_next() or let_go_next())


def _work_until(stopped: threading.Event, once: Callable[[], bool]) -> None:
    while not stopped.is_set():
        try:
            while not stopped.is_set() and once():
                pass
        except (DatabaseError, Unavailable) as error:
            _log.warning("work on accounts pauses", cause=type(error).__name__)
            close_old_connections()
        except Exception as error:  # noqa: BLE001 - logged as what it is; letters and events go on
            say_bug(error)
        stopped.wait(LOOK_INTERVAL_S)

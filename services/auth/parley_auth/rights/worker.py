"""The work behind deletions, beside letters and events."""

from __future__ import annotations

import threading

import structlog
from django.db import DatabaseError, close_old_connections

from parley_auth.rights.erasing import erase_next
from parley_auth.rights.verifying import verify_next
from parley_serving.django.problems import say_bug

LOOK_INTERVAL_S = 2.0
_log = structlog.get_logger("parley_auth.rights")


def work_until(stopped: threading.Event) -> None:
    """Erase accounts whose time has come, and look after those that are gone, until `stopped`."""
    while not stopped.is_set():
        try:
            while not stopped.is_set() and (erase_next() or verify_next()):
                pass
        except DatabaseError as error:
            _log.warning("deletions pause", cause=type(error).__name__)
            close_old_connections()
        except Exception as error:  # noqa: BLE001 - logged as what it is; letters and events go on
            say_bug(error)
        stopped.wait(LOOK_INTERVAL_S)

"""The commands of a Django service. Each loads only what it needs: the server's arbiter goes without Django."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable


def migrate(_config: object) -> None:
    """Bring the database up to the models."""
    set_up_django()
    from django.core.management import call_command  # noqa: PLC0415 - see above

    call_command("migrate", interactive=False, verbosity=1)


def set_up_django() -> None:
    """Load the settings that `DJANGO_SETTINGS_MODULE` names, and the models."""
    import django  # noqa: PLC0415 - see above

    django.setup()


def run_until_signal(work_until: Callable[[threading.Event], None]) -> None:
    """Work until SIGTERM or SIGINT, upon which the event that the work was given is set."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    work_until(stopped)

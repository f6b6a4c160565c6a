"""`python -m parley_auth {migrate,serve,publish-outbox}`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from parley_auth.config import read_config
from parley_serving.environment import ConfigError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 2 where the environment or the command line is wrong."""
    parser = argparse.ArgumentParser(prog="python -m parley_auth", description="Parley's auth service.")
    parser.add_argument("command", choices=["migrate", "serve", "publish-outbox"])
    command = parser.parse_args(arguments).command
    os.environ["DJANGO_SETTINGS_MODULE"] = "parley_auth.settings"
    try:
        config = read_config()
        if command == "serve":
            from parley_auth.server import serve  # noqa: PLC0415 - each command loads only what it needs

            serve(config.run_dir)
            return 0
        _set_up_django()
    except ConfigError as error:
        sys.stderr.write(f"parley_auth: {error}\n")
        return 2
    if command == "migrate":
        _migrate()
    else:
        _publish()
    return 0


def _set_up_django() -> None:
    import django  # noqa: PLC0415 - see main

    django.setup()


def _migrate() -> None:
    from django.core.management import call_command  # noqa: PLC0415 - see main

    call_command("migrate", interactive=False, verbosity=1)


def _publish() -> None:
    from parley_auth.events.publisher import publish_until  # noqa: PLC0415 - see main

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    publish_until(stopped)


if __name__ == "__main__":
    sys.exit(main())

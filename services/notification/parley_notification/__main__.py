"""`python -m parley_notification {migrate,rotate-keys,serve,work}`."""

from __future__ import annotations

import json
import os
import sys

from parley_contracts.limits import NOTIFICATION_THREADS
from parley_notification.config import Config, read_config
from parley_serving.commands import run_command
from parley_serving.django.commands import migrate, run_until_signal, set_up_django


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 2 where the environment or the command line is wrong."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "parley_notification.settings"
    commands = {"migrate": migrate, "rotate-keys": _rotate_keys, "serve": _serve, "work": _work}
    return run_command("parley_notification", "Parley's notifications.", read_config, commands, arguments)


def _serve(config: Config) -> None:
    from parley_serving.django.server import serve  # noqa: PLC0415 - each command loads only what it needs

    serve(config.run_dir / "notification.sock", threads=NOTIFICATION_THREADS)


def _work(_config: Config) -> None:
    set_up_django()
    from parley_notification.deliveries.worker import work_until  # noqa: PLC0415 - it needs Django's models

    run_until_signal(work_until)


def _rotate_keys(_config: Config) -> None:
    """Replace the field key; prints how many fields were sealed anew, as JSON."""
    set_up_django()
    from parley_notification.rotation import rotate_field_key  # noqa: PLC0415 - it needs Django's models

    sys.stdout.write(json.dumps({"resealed": rotate_field_key()}) + "\n")


if __name__ == "__main__":
    sys.exit(main())

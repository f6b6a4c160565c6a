"""`python -m parley_auth {migrate,operate,serve,publish-outbox,invitations}`."""

from __future__ import annotations

import os
import sys
import threading

from parley_auth.config import Config, read_config
from parley_contracts.limits import AUTH_THREADS
from parley_serving.commands import run_command
from parley_serving.django.commands import migrate, run_until_signal, set_up_django


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 2 where the environment or the command line is wrong."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "parley_auth.settings"
    commands = {
        "migrate": migrate,
        "operate": _operate,
        "serve": _serve,
        "publish-outbox": _publish,
        "invitations": _invitations,
    }
    return run_command("parley_auth", "Parley's auth service.", read_config, commands, arguments)


def _serve(config: Config) -> None:
    from parley_serving.django.server import serve  # noqa: PLC0415 - each command loads only what it needs

    serve(config.run_dir / "auth.sock", threads=AUTH_THREADS)


def _operate(_config: Config) -> None:
    """Answer the one request on standard input."""
    set_up_django()
    from parley_auth.operators.command import answer  # noqa: PLC0415 - it needs Django's models

    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()) + b"\n")


def _publish(_config: Config) -> None:
    set_up_django()
    # They need Django's models.
    from parley_auth.events.publisher import publish_until  # noqa: PLC0415
    from parley_auth.letters.sending import send_until  # noqa: PLC0415
    from parley_auth.rights.worker import delete_until, export_until  # noqa: PLC0415
    from parley_auth.rotation import keep_until  # noqa: PLC0415

    def work_until(stopped: threading.Event) -> None:
        beside = [
            threading.Thread(target=work, args=(stopped,), name=name)
            for name, work in (
                ("letters", send_until),
                ("keys", keep_until),
                ("deletions", delete_until),
                ("exports", export_until),
            )
        ]
        for thread in beside:
            thread.start()
        publish_until(stopped)
        for thread in beside:
            thread.join()

    run_until_signal(work_until)


def _invitations(_config: Config) -> None:
    set_up_django()
    from parley_auth.invitations.commands import run  # noqa: PLC0415 - it needs Django's models

    run()


if __name__ == "__main__":
    sys.exit(main())

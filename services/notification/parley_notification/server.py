"""Serving: gunicorn with threads, on the Unix socket `PARLEY_RUN_DIR/notification.sock`.

One worker process with threads, which fit the ORM. The arbiter replaces the worker should it hang; it imports nothing of
the application, so that only one process pays for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from parley_contracts.limits import NOTIFICATION_THREADS

STOP_TIMEOUT_S = 8


class Server(BaseApplication):
    """Gunicorn, configured here and nowhere else."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        """Settings instead of files and command lines."""
        settings: dict[str, Any] = {
            "bind": f"unix:{self._socket}",
            "umask": 0o177,  # the socket is its user's alone
            "workers": 1,
            "worker_class": "gthread",
            "threads": NOTIFICATION_THREADS,
            "worker_connections": 1000,
            "keepalive": 75,
            "timeout": 30,
            "graceful_timeout": STOP_TIMEOUT_S,
            "limit_request_line": 4094,
            "accesslog": None,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "parley-notification",
        }
        assert self.cfg is not None
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application, its routes imported too; called in the worker."""
        from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - the arbiter goes without
        from django.urls import get_resolver  # noqa: PLC0415 - the arbiter goes without

        application = get_wsgi_application()
        get_resolver().url_patterns  # noqa: B018 - the attribute is what imports the routes
        return application


def serve(run_dir: Path) -> None:
    """Serve until SIGTERM."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    Server(run_dir / "notification.sock").run()  # type: ignore[no-untyped-call]

"""Serving: gunicorn with threads, on a Unix socket.

One worker process with threads: they fit the ORM, and hashing passwords releases the interpreter's lock. The arbiter
replaces the worker should it hang; it imports nothing of the application, so that only one process pays for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

STOP_TIMEOUT_S = 8


class Server(BaseApplication):
    """Gunicorn, configured here and nowhere else."""

    def __init__(self, socket: Path, *, threads: int) -> None:
        self._socket = socket
        self._threads = threads
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        """Settings instead of files and command lines."""
        settings: dict[str, Any] = {
            "bind": f"unix:{self._socket}",
            "umask": 0o177,  # the socket is its user's alone
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._threads,
            "worker_connections": 1000,
            "keepalive": 75,
            "timeout": 30,
            "graceful_timeout": STOP_TIMEOUT_S,
            "limit_request_line": 4094,
            "accesslog": None,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": f"parley-{self._socket.stem}",
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


def serve(socket: Path, *, threads: int) -> None:
    """Serve until SIGTERM."""
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    Server(socket, threads=threads).run()  # type: ignore[no-untyped-call]

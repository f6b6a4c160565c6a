"""One node under uvicorn, on its Unix socket."""

from __future__ import annotations

import os

import uvicorn

from parley_media.config import Config
from parley_media.main import create_app

STOP_S_MAX = 5
SOCKET_MODE = 0o660
BACKLOG = 1024


def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    config.run_dir.mkdir(parents=True, exist_ok=True)
    path = config.socket_path
    path.unlink(missing_ok=True)
    settings = uvicorn.Config(
        create_app(config),
        uds=str(path),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOP_S_MAX,
    )
    previous = os.umask(0o777 & ~SOCKET_MODE)
    try:
        uvicorn.Server(settings).run()
    finally:
        os.umask(previous)
        path.unlink(missing_ok=True)

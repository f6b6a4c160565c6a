"""One node under uvicorn, on its Unix socket."""

from __future__ import annotations

import uvicorn

from parley_media.config import Config
from parley_media.main import create_app
from parley_serving.fastapi.server import own_socket

STOP_S_MAX = 5
BACKLOG = 1024


def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    settings = uvicorn.Config(
        create_app(config),
        uds=str(config.socket_path),
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
    with own_socket(config.socket_path):
        uvicorn.Server(settings).run()

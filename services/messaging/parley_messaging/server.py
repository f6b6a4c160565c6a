"""One node under uvicorn, on its Unix socket.

Invariant: SIGTERM ends it within 10 s: it stops counting as live, tells its sockets to reconnect, and stores what waits.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from parley_contracts.limits import FRAME_SIZE_BYTES_MAX
from parley_messaging.api.ready_frames import ReadyFramesProtocol
from parley_messaging.api.socket import Sockets
from parley_messaging.config import Config
from parley_messaging.main import create_app
from parley_serving.fastapi.server import own_socket

STOP_S_MAX = 3
BACKLOG = 4096


class NodeServer(uvicorn.Server):
    """uvicorn's server, which drains the node before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take a signal as the wish to end; having ended well is no death by signal."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop."""
        if self.started:
            await self._app.state.drain()
        await super().shutdown(sockets)


def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    app = create_app(config)
    settings = uvicorn.Config(
        Sockets(app),
        uds=str(config.socket_path),
        loop="uvloop",
        http="httptools",
        ws=ReadyFramesProtocol,
        ws_max_size=FRAME_SIZE_BYTES_MAX,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        # The gateway is the only one before us, and `admitting` reads what it says.
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOP_S_MAX,
    )
    with own_socket(config.socket_path):
        NodeServer(settings, app).run()

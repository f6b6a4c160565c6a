"""What every node is served by: an application that answers each error as a problem, on a Unix socket of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

from fastapi import FastAPI

from parley_serving.fastapi.problems import RequestIdMiddleware, install_problem_handlers

SOCKET_MODE = 0o660


def node_application(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """An application without routes."""
    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    install_problem_handlers(app)
    app.add_middleware(RequestIdMiddleware)
    return app


@contextmanager
def own_socket(path: Path) -> Iterator[None]:
    """A place to listen: nobody's before, for the service's user and group alone, and gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    previous = os.umask(0o777 & ~SOCKET_MODE)
    try:
        yield
    finally:
        os.umask(previous)
        path.unlink(missing_ok=True)

"""One node's parts, wired once by `main` and handed to the routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from parley_media.config import Config
from parley_media.ports import QuotaStore
from parley_media.service.erasing import Erasing
from parley_media.service.handing_out import HandingOut
from parley_media.service.uploads import Uploads
from parley_serving.fastapi.access_tokens import TokenVerifier


@dataclass(frozen=True)
class Node:
    """What the routes need."""

    tokens: TokenVerifier
    config: Config
    uploads: Uploads
    quotas: QuotaStore
    erasing: Erasing
    handing_out: HandingOut
    health: Callable[[], Awaitable[str]]


def node_of(connection: HTTPConnection) -> Node:
    """The node that carries this request."""
    node = connection.app.state.node
    if not isinstance(node, Node):
        raise TypeError("the application has no node")
    return node

"""One node's parts, wired once by `main` and handed to the routes and the socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from parley_messaging.config import Config
from parley_messaging.metrics import Metrics
from parley_messaging.ports import RecordStore
from parley_messaging.service.appending import Appending
from parley_messaging.service.fanout import Hub
from parley_messaging.service.joining import Joining
from parley_messaging.service.notifying import Notifying
from parley_messaging.service.reading import Reading
from parley_messaging.service.receipts import Receipts
from parley_serving.access_tokens import TokenVerifier


@dataclass(frozen=True)
class Node:
    """What the routes and the socket need."""

    config: Config
    metrics: Metrics
    tokens: TokenVerifier
    appending: Appending
    reading: Reading
    receipts: Receipts
    records: RecordStore
    notifying: Notifying
    joining: Joining
    hub: Hub
    health: Callable[[], Awaitable[str]]


def node_of(connection: HTTPConnection) -> Node:
    """The node that carries this request or socket."""
    node = connection.app.state.node
    if not isinstance(node, Node):
        raise TypeError("the application has no node")
    return node

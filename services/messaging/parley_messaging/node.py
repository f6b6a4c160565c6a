"""One node's parts, wired once by `main` and handed to the routes and the socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from parley_messaging.api.state_commands import StateCommands
from parley_messaging.api.watch import Watch
from parley_messaging.config import Config
from parley_messaging.metrics import Metrics
from parley_messaging.ports import Attempts, RecordStore
from parley_messaging.service.admission import Admission
from parley_messaging.service.appending import Appending
from parley_messaging.service.applications import ChannelApplications
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.directory import ChannelDirectory
from parley_messaging.service.erasing import Erasing
from parley_messaging.service.fanout import Hub
from parley_messaging.service.generation import Generation
from parley_messaging.service.handing_out import HandingOut
from parley_messaging.service.joining import Joining
from parley_messaging.service.notifying import Notifying
from parley_messaging.service.polls import Polls
from parley_messaging.service.presence import Presence
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.reading import Reading
from parley_messaging.service.receipts import Receipts
from parley_messaging.service.removing import Removing
from parley_messaging.service.reporting import Reporting
from parley_messaging.service.scheduling import Scheduling
from parley_messaging.service.searching import Searching
from parley_messaging.service.storage import Storage
from parley_serving.fastapi.access_tokens import TokenVerifier


@dataclass(frozen=True)
class Node:
    """What the routes and the socket need."""

    config: Config
    metrics: Metrics
    tokens: TokenVerifier
    admission: Admission
    appending: Appending
    reading: Reading
    receipts: Receipts
    removing: Removing
    reporting: Reporting
    scheduling: Scheduling
    records: RecordStore
    storage: Storage
    notifying: Notifying
    joining: Joining
    channels: ChannelDirectory
    channel_attempts: Attempts
    searching: Searching
    applications: ChannelApplications
    generation: Generation
    hub: Hub
    presence: Presence
    polls: Polls
    privacy: Privacy
    blocks: Blocks
    state_commands: StateCommands
    watch: Watch
    erasing: Erasing
    handing_out: HandingOut
    health: Callable[[], Awaitable[str]]


async def require_room(connection: HTTPConnection) -> None:
    """Refuse what would be stored while there is no room; reading and deleting go on.

    A coroutine, because FastAPI sends other dependencies through its threads, for each request.
    """
    if connection.scope.get("method") in {"POST", "PUT", "PATCH"}:
        node_of(connection).storage.require()


def node_of(connection: HTTPConnection) -> Node:
    """The node that carries this request or socket."""
    node = connection.app.state.node
    if not isinstance(node, Node):
        raise TypeError("the application has no node")
    return node

"""A browser: SQLite in the origin private file system, fetch and WebSocket, `@noble`; all in the worker that runs Python."""

from __future__ import annotations

from js import navigator

from parley_client.client import Client
from parley_client.platforms.canvas import browser_tools
from parley_client.platforms.fetch import FetchNetwork
from parley_client.platforms.labels import this_browser
from parley_client.platforms.opfs import open_store
from parley_mls import default_primitives

PROFILE = "parley"


async def open_client(profile: str = PROFILE) -> Client:
    """The device of this browser; `ProfileInUse` where another worker has it."""
    label = this_browser(str(navigator.userAgent))
    return Client(await open_store(profile), FetchNetwork, default_primitives(), browser_tools(), label)

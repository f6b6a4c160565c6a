"""A browser: SQLite in the origin private file system, fetch and WebSocket, `@noble`; all in the worker that runs Python."""

from __future__ import annotations

import time
from collections.abc import Callable

from js import navigator

from parley_client.client import Client
from parley_client.locking.gate import Gate
from parley_client.locking.lock import AppLock
from parley_client.platforms.canvas import browser_tools
from parley_client.platforms.fetch import FetchNetwork
from parley_client.platforms.labels import this_browser
from parley_client.platforms.opfs import open_profile
from parley_client.platforms.stretching import stretch
from parley_client.store.port import Store
from parley_mls import default_primitives

PROFILE = "parley"


async def open_client(profile: str = PROFILE) -> Client:
    """The device of this browser; `ProfileInUse` where another worker has it, `ProfileLocked`."""
    lock = await _open_lock(profile)
    return _begin(lock.open(), lock.close)


async def open_gate(profile: str = PROFILE) -> Gate:
    """The device of this browser behind its app lock; `ProfileInUse` where another worker has it."""
    lock = await _open_lock(profile)
    return Gate(lock, default_primitives(), lambda store: _begin(store, lambda: None), clock=time.time)


async def _open_lock(profile: str) -> AppLock:
    return AppLock(await open_profile(profile), default_primitives(), stretch, time.time)


def _begin(store: Store, let_go: Callable[[], None]) -> Client:
    label = this_browser(str(navigator.userAgent))
    return Client(store, FetchNetwork, default_primitives(), browser_tools(), label, let_go)

"""The app in a browser: what the worker (`app/web/src/worker.js`) starts once Python is there."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import flet as ft
import parley_bridge
from pyodide.ffi import create_proxy

from parley_app.bridge import PlainBridge
from parley_app.engine import Engine, EngineError, LocalEngine
from parley_app.main import show
from parley_app.shared_engine import SharedEngine

_CHANNEL = "parley-engine"


class TabChannel:
    """A BroadcastChannel of the browser."""

    def __init__(self, name: str) -> None:
        self._channel = parley_bridge.open_channel(name)

    def post(self, text: str) -> None:
        """Send to all other tabs."""
        self._channel.post(text)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Hear what the others send."""
        self._channel.listen(create_proxy(listener))


async def open_device() -> Engine:
    """The device of this browser, online where it is signed in; `EngineError` where the browser keeps no data."""
    # Here, because a memory snapshot can hold no C extension and these modules stand on one.
    from parley_client.errors import ProfileInUse  # noqa: PLC0415
    from parley_client.platforms.browser import open_client  # noqa: PLC0415
    from parley_client.rpc import Rpc  # noqa: PLC0415

    try:
        rpc = Rpc(await open_client())
    except ProfileInUse as error:
        raise EngineError(error.slug, str(error)) from error
    rpc.start()
    return LocalEngine(rpc)


async def begin(page: ft.Page) -> None:
    """Show the app on a page of this browser."""
    engine = SharedEngine(TabChannel(_CHANNEL))
    page.run_task(engine.lead, lambda: parley_bridge.acquire_lock(_CHANNEL), open_device)
    show(page, engine, PlainBridge(str(parley_bridge.origin())))


def start() -> None:
    """Run the app; returns at once, the event loop of the worker carries on."""
    # A memory snapshot is the same for everybody: nothing random of it may be used.
    random.seed()
    sys.path_importer_cache.clear()
    ft.run(begin)

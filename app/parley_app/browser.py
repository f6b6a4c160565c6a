"""The app in a browser: what the worker (`app/web/src/worker.js`) starts once Python is there."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable

import flet as ft
import flet_js
import msgpack
import parley_bridge
from pyodide.ffi import create_proxy

from parley_app.engine import Engine, EngineError, Json
from parley_app.main import show
from parley_app.model.app import App
from parley_app.model.by_provider import is_return
from parley_app.model.joining import MARK
from parley_app.model.signing_up import INVITATION_MARK
from parley_app.shared_engine import SharedEngine
from parley_app.web_push import BrowserBridge, Keeper

_CHANNEL = "parley-engine"
#: After the first picture: it takes a tenth of a second.
_COMPILED_MSGPACK_AFTER_S = 2.0


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


class BrowserPage:
    """The page of this tab, over the port of `app/web/src/page-port.js`."""

    async def ask(self, request: str, **params: Json) -> Json:
        """Have something done that only a page can do; raises `EngineError`."""
        answer = json.loads(await parley_bridge.ask_page(request, json.dumps(params)))
        if "failure" in answer:
            raise EngineError(answer["failure"], answer["reason"])
        return answer["result"]

    def listen(self, listener: Callable[[str, str], None]) -> None:
        """Hear of "opened", a notification was pressed, with its conversation or nothing; and of "followed", an address in this very page."""
        parley_bridge.listen_to_page(create_proxy(listener))


async def open_device(page: BrowserPage) -> Engine:
    """The device of this browser, online where it is signed in; `EngineError` where the browser keeps no data.

    From now on this tab also sees that the service worker has what it needs to open pushes.
    """
    # Here, because a memory snapshot can hold no C extension and these modules stand on one.
    from parley_app.local_engine import LocalEngine  # noqa: PLC0415
    from parley_client.errors import ProfileInUse  # noqa: PLC0415
    from parley_client.platforms.browser import open_gate  # noqa: PLC0415

    try:
        gate = await open_gate()
    except ProfileInUse as error:
        raise EngineError(error.slug, str(error)) from error
    engine = LocalEngine(gate)
    asyncio.get_running_loop().call_soon(Keeper(page, engine).start)
    gate.start()
    return engine


async def begin(page: ft.Page) -> None:
    """Show the app on a page of this browser."""
    engine, browser_page = SharedEngine(TabChannel(_CHANNEL)), BrowserPage()
    page.run_task(engine.lead, lambda: parley_bridge.acquire_lock(_CHANNEL), lambda: open_device(browser_page))
    app = show(page, engine, BrowserBridge(str(parley_bridge.origin()), browser_page, engine))
    address = str(flet_js.documentUrl)
    _follow(app, address)
    if is_return(address):
        app.spawn(app.return_from_provider(address))

    async def hear(event: str, value: str) -> None:
        if event == "followed":
            _follow(app, value)
        else:
            app.open(value)

    def heard(event: str, value: str) -> None:
        app.spawn(hear(event, value))

    browser_page.listen(heard)


def _follow(app: App, address: str) -> None:
    """Take an invitation, where the address is the link of one."""
    if MARK in address or INVITATION_MARK in address:
        app.invited(address)


def start() -> None:
    """Run the app; returns at once, the event loop of the worker carries on."""
    # A memory snapshot is the same for everybody: nothing random of it may be used.
    random.seed()
    sys.path_importer_cache.clear()
    asyncio.get_running_loop().call_later(_COMPILED_MSGPACK_AFTER_S, use_compiled_msgpack)
    ft.run(begin)


def use_compiled_msgpack() -> None:
    """Take msgpack's C classes, which a snapshot could not hold, for Flet's messages from now on."""
    try:
        from msgpack import _cmsgpack  # noqa: PLC0415
    except ImportError:
        return  # a browser for which there is no such build keeps the plain ones
    for name in ("Packer", "Unpacker", "unpackb"):
        setattr(msgpack, name, getattr(_cmsgpack, name))

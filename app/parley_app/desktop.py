"""The app on CPython with the client core in the same process: `./parley desktop`.

Invariant: in a browser the page is served on loopback only, under a path that nobody can guess: neither another user of
the machine nor a page of the web that opens sockets to loopback gets at it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import sys
from pathlib import Path

import flet as ft

from parley_app.bridge import PlainBridge
from parley_app.local_engine import LocalEngine
from parley_app.main import show
from parley_client.errors import UsageError
from parley_client.platforms.cpython import open_gate

ASSETS = Path(__file__).resolve().parent / "assets"
HOST = "127.0.0.1"
_PATH_SIZE_BYTES = 16
_LOOK_INTERVAL_S = 0.1


async def serve(profile: Path, *, port: int, server: str, ca_file: str | None, in_browser: bool) -> None:
    """Show the app of a profile until it is closed; in a browser, print its address and serve until Ctrl-C.

    Raises `ClientError` where the profile cannot be opened, `UsageError` where there is no window to show it in.
    """
    if not in_browser and importlib.util.find_spec("flet_desktop") is None:
        raise UsageError("this installation has no window of its own; use --browser")
    gate = open_gate(profile)
    engine = LocalEngine(gate)
    bridge = PlainBridge(server, ca_file)

    async def begin(page: ft.Page) -> None:
        gate.start()
        show(page, engine, bridge)

    if in_browser:
        os.environ["FLET_FORCE_WEB_SERVER"] = "true"  # Flet looks for a display otherwise
    path = secrets.token_urlsafe(_PATH_SIZE_BYTES) if in_browser else ""
    announcing = asyncio.create_task(_announce(port, path)) if in_browser else None
    try:
        await ft.run_async(
            begin,
            name=path,
            view=None if in_browser else ft.AppView.FLET_APP,
            host=HOST,
            port=port,
            assets_dir=str(ASSETS),
            route_url_strategy=ft.RouteUrlStrategy.HASH,
            no_cdn=True,
        )
    finally:
        if announcing is not None:
            announcing.cancel()
        await gate.close()


async def _announce(port: int, path: str) -> None:
    """Print the address once something listens there."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(_LOOK_INTERVAL_S)
        else:
            writer.close()
            sys.stdout.write(f"Parley is at http://{HOST}:{port}/{path}/\n")
            sys.stdout.flush()
            return

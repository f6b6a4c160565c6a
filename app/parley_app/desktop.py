"""The app on CPython with the client core in the same process: `./parley desktop`.

Invariant: the page is served on loopback only, and only to who knows its address with the token in it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import flet as ft

from parley_app.bridge import PlainBridge
from parley_app.local_engine import LocalEngine
from parley_app.main import show
from parley_client import Client
from parley_client.rpc import Rpc

ASSETS = Path(__file__).resolve().parent / "assets"


def serve(profile: Path, *, port: int, server: str, ca_file: str | None, in_browser: bool) -> None:
    """Show the app of a profile until it is closed (in the browser: until Ctrl-C)."""
    client = Client.open(profile)
    rpc = Rpc(client)
    engine = LocalEngine(rpc)
    bridge = PlainBridge(server, ca_file)

    async def begin(page: ft.Page) -> None:
        rpc.start()
        show(page, engine, bridge)

    try:
        ft.run(
            begin,
            view=None if in_browser else ft.AppView.FLET_APP,
            host="127.0.0.1",
            port=port,
            assets_dir=str(ASSETS),
            no_cdn=True,
        )
    finally:
        asyncio.run(client.close())

"""CPython: sqlite3 in a profile directory, HTTPS by httpx, OpenSSL, Pillow."""

from __future__ import annotations

from pathlib import Path

from parley_client.client import Client, NetworkFactory
from parley_client.platforms.files import native_tools
from parley_client.platforms.https import HttpsNetwork
from parley_client.platforms.sqlite import SqliteStore
from parley_mls import Primitives, default_primitives


def open_client(
    profile: Path, *, network: NetworkFactory | None = None, primitives: Primitives | None = None
) -> Client:
    """A device in a profile directory, made where it is missing; `ProfileInUse` where another process has it."""
    return Client(SqliteStore(profile), network or HttpsNetwork, primitives or default_primitives(), native_tools())

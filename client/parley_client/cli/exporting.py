"""`parley client … export`: everything of a person into a folder, what the server keeps and what this device can open."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import IO, Annotated

import typer

from parley_client.cli.account import Code, Password, sign_in_again
from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_contracts.limits import EXPORT_PART_SIZE_BYTES
from parley_contracts.problems import Conflict, Unavailable
from parley_contracts.rights_api import ExportInfo

LOOK_INTERVAL_S = 1.0
PATIENCE_S = 900.0
HISTORY_FILE = "history.jsonl"
ARCHIVE_FILE = "account.zip"


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to put it; made where it is missing.")],
    here: Annotated[
        bool, typer.Option("--here", help="Only what this device can open, not the server's archive.")
    ] = False,
    password: Password = None,
    code: Code = "",
) -> None:
    """Write all of one's history as this device can open it, and the server's archive of everything else."""

    async def work(client: Client) -> None:
        await client.sync()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = {"history": _write_history(client, folder / HISTORY_FILE)}
        if not here:
            await sign_in_again(client, password, code)
            ready = await _ready(client)
            written["archive"] = await _write_archive(client, ready, folder / ARCHIVE_FILE)
        show(written)

    run(context, work)


def _write_history(client: Client, path: Path) -> str:
    position: str | None = ""
    with _private(path) as file:
        while position is not None:
            page = client.export_history(position)
            file.write(page.lines.encode())
            position = page.next
    return _finished(path)


async def _ready(client: Client) -> ExportInfo:
    """An archive that is ready: one that is under way already, or a new one; `Unavailable` where it cannot be made now."""
    try:
        wanted = (await client.ask_export()).export_id
    except Conflict:
        wanted = (await client.exports())[0].export_id
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = next((each for each in await client.exports() if each.export_id == wanted), None)
                if found is None or found.state == "failed":
                    raise Unavailable("The server could not make the archive; try again later.")
                if found.state == "ready":
                    return found
                await asyncio.sleep(LOOK_INTERVAL_S)
    except TimeoutError as error:
        raise Unavailable("The archive is not ready yet; ask again later.") from error


async def _write_archive(client: Client, ready: ExportInfo, path: Path) -> str:
    parts = -(-(ready.size_bytes or 0) // EXPORT_PART_SIZE_BYTES)
    with _private(path) as file:
        for part in range(parts):
            file.write(await client.export_part(ready.export_id, part))
    return _finished(path)


def _private(path: Path) -> IO[bytes]:
    """A file beside `path` that only its owner reads, until it is whole."""
    return os.fdopen(os.open(_partial(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _finished(path: Path) -> str:
    _partial(path).replace(path)
    return str(path.absolute())


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")

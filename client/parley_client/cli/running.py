"""What every command does: open the profile, work, print the answer as JSON."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import typer

from parley_client.client import Client, NetworkFactory
from parley_client.errors import UsageError
from parley_client.platforms.cpython import open_client

_SECRET_FILE_SIZE_BYTES_MAX = 4096


@dataclass(frozen=True)
class Invocation:
    """What every command shares: the profile, what opens it, and how to reach a server."""

    profile: Path
    network: NetworkFactory
    passphrase_file: Path | None = None

    def passphrase(self) -> str | None:
        """Of the profile's app lock, None where none was given; `UsageError`."""
        return first_line(self.passphrase_file) if self.passphrase_file is not None else None


def run(context: typer.Context, work: Callable[[Client], Awaitable[None]]) -> None:
    """Do a piece of work with the profile's client."""
    invocation: Invocation = context.obj

    async def run_once() -> None:
        given = invocation.passphrase()
        async with open_client(invocation.profile, network=invocation.network, passphrase=given) as client:
            await work(client)

    asyncio.run(run_once())


def run_synced(context: typer.Context, work: Callable[[Client], Awaitable[object]]) -> None:
    """Do something on a device that is up to date, and print what it answers, if anything."""

    async def synced(client: Client) -> None:
        await client.sync()
        answer = await work(client)
        if answer is not None:
            show(answer)
        await client.settle()

    run(context, synced)


def first_line(path: Path) -> str:
    """A secret: the first line of its file; `UsageError` where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline(_SECRET_FILE_SIZE_BYTES_MAX).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file {path} cannot be read") from error
    if not line:
        raise UsageError(f"the file {path} is empty")
    return line


def show(answer: object) -> None:
    """Print an answer as one line."""
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()

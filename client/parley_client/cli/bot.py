"""`parley client … bot FILE`: be the bot that a Python file makes."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Annotated

import typer

from parley_client.bot import Bot
from parley_client.cli.running import run
from parley_client.errors import UsageError


def bot(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A Python file that holds a `Bot` by the name of `bot`.")],
) -> None:
    """Answer by yourself: run a bot on this profile until interrupted."""
    if not file.is_file():
        raise UsageError(f"the file {file} cannot be read")
    found = runpy.run_path(str(file)).get("bot")
    if not isinstance(found, Bot):
        raise UsageError(f"the file {file} holds no `Bot` by the name of `bot`")
    run(context, found.serve)

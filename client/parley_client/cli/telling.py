"""`parley client … announcements` and `… terms`: what the server tells its people."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client


def announcements(context: typer.Context) -> None:
    """Print what operators tell everybody at present."""

    async def work(client: Client) -> None:
        show(await client.announcements())

    run(context, work)


def terms(
    context: typer.Context,
    agree: Annotated[int | None, typer.Option(help="Agree to the terms of this version, which you have read.")] = None,
) -> None:
    """Print the terms that you are asked to agree to, and what you agreed to last."""

    async def work(client: Client) -> None:
        show(await (client.own_terms() if agree is None else client.agree(agree)))

    run(context, work)

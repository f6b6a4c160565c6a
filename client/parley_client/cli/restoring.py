"""`parley client … restored`: what to do after the server was restored from a backup."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_client.content.bodies import text_in
from parley_client.content.kinds import KIND_TEXT


def restored(
    context: typer.Context,
    accept: Annotated[bool, typer.Option("--accept", help="You knew of it: go on with what the server has.")] = False,
    strangers: Annotated[
        str | None, typer.Option(help="A conversation to go on in although devices are in it again that it had lost.")
    ] = None,
) -> None:
    """Print whether the server claims a restore, and what it lost; `--accept` sends again what you had sent."""

    async def work(client: Client) -> None:
        if accept:
            show({"conversations": await client.accept_restore()})
            await client.send_waiting()
        if strangers is not None:
            show(await client.accept_strangers(strangers))
            await client.send_waiting()
        lost = [text_in(row.body) for row in client.lost() if row.kind == KIND_TEXT]
        show({"waiting": client.restore_waiting(), "lost": lost})

    run(context, work)

"""`parley client … transparency`: how the log of people's keys stands on this device."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_client.errors import UsageError


def transparency(
    context: typer.Context,
    witness: Annotated[
        list[str] | None, typer.Option(help="The key of somebody who watches the log; may be given again.")
    ] = None,
    at_least: Annotated[
        int | None, typer.Option(min=0, help="How many of them must have signed new keys; 0 demands none.")
    ] = None,
    start_anew: Annotated[
        bool, typer.Option("--start-anew", help="The operator told you why the log is another one: begin again.")
    ] = False,
) -> None:
    """Follow the log of people's keys and print how it stands: its size, its alarms, who else has signed it."""

    async def work(client: Client) -> None:
        if (witness is None) != (at_least is None) and at_least != 0:
            raise UsageError("give --witness and --at-least together")
        if start_anew:
            await client.start_key_log_anew()
        if at_least is not None:
            await client.demand_witnesses(witness or [], at_least)
        show(await client.follow_key_log())

    run(context, work)

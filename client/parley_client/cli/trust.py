"""`parley client … verify` and `accept`: compare safety numbers with somebody, and believe new keys of theirs."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, run_synced, show
from parley_client.client import Client
from parley_client.errors import UsageError


def verify(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="The user name, with or without @.")],
    number: Annotated[str | None, typer.Option(help="The sixty digits that the other person shows.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Take it back that they were verified.")] = False,
) -> None:
    """Print the safety number that you share with somebody; with `--number`, say that theirs is the same."""

    async def work(client: Client) -> None:
        if forget and number is not None:
            raise UsageError("give either --number or --forget")
        await client.sync_settings()
        if forget:
            await client.unverify(person)
        elif number is not None:
            await client.verify(person, number)
        await client.sync_settings()
        show(await client.safety_number(person))

    run(context, work)


def accept(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="The user name, with or without @.")],
    understood: Annotated[
        bool, typer.Option("--understood", help="They told you themselves, by another way than this server.")
    ] = False,
) -> None:
    """Believe the new keys of somebody who began their account anew, and let them into the direct conversation again."""
    if not understood:
        raise UsageError(
            "whoever runs the server could have made these keys: ask the person by another way, or compare with `verify --number`; "
            "say --understood to go on"
        )
    run_synced(context, lambda client: client.accept_keys(person))

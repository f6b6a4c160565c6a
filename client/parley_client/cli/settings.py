"""`parley client … settings` and `mark`: how a person keeps their conversations, on all of their devices."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client


def settings(context: typer.Context) -> None:
    """Print which conversations are archived, muted, favourite, pinned, or in a folder."""

    async def work(client: Client) -> None:
        await client.sync()
        show(client.settings())

    run(context, work)


def mark(
    context: typer.Context,
    conversation: Annotated[str, typer.Argument(help="The conversation's id or name.")],
    archived: Annotated[bool | None, typer.Option(help="Put it away, or back.")] = None,
    favourite: Annotated[bool | None, typer.Option(help="Make it a favourite, or not.")] = None,
    pinned: Annotated[bool | None, typer.Option(help="Keep it at the top, or not.")] = None,
    folder: Annotated[str | None, typer.Option(help="Put it into a folder; empty for none.")] = None,
    mute: Annotated[
        str | None, typer.Option(help="Until when (RFC 3339), `always`, or empty for not any more.")
    ] = None,
) -> None:
    """Mark a conversation; what is not given stays."""
    given = {"archived": archived, "favourite": favourite, "pinned": pinned, "folder": folder, "muted_until": mute}

    async def work(client: Client) -> None:
        await client.sync()
        show(
            client.change_settings(conversation, **{name: value for name, value in given.items() if value is not None})
        )
        await client.sync_settings()

    run(context, work)


def remind(
    context: typer.Context,
    conversation: Annotated[str, typer.Argument(help="The conversation's id or name.")],
    sequence: Annotated[int, typer.Argument(help="The message's place in it.")],
    at: Annotated[str, typer.Argument(help="When (RFC 3339, with its zone); empty puts the reminder away.")],
) -> None:
    """Be reminded of a message, on all of your devices."""

    async def work(client: Client) -> None:
        await client.sync()
        if at:
            show(client.remind(conversation, sequence, at))
        else:
            client.forget_reminder(conversation, sequence)
        await client.sync_settings()

    run(context, work)


def reminders(context: typer.Context) -> None:
    """Print what you want to be reminded of, the next first."""

    async def work(client: Client) -> None:
        await client.sync()
        show(client.reminders())

    run(context, work)

"""`parley client … channels …` and `… search`: open channels, which the server reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_contracts.limits import CHANNELS_PAGE_DEFAULT, CHANNELS_PAGE_MAX, SEARCH_PAGE_DEFAULT, SEARCH_PAGE_MAX

channels = typer.Typer(no_args_is_help=True, help="Open channels: anybody may join, and the server reads them.")
Named = Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's id, or its name as #name.")]
After = Annotated[str | None, typer.Option(help="The `next` of the page before.")]


def _run(context: typer.Context, work: Callable[[Client], Awaitable[object]]) -> None:
    async def synced(client: Client) -> None:
        await client.sync()
        show(await work(client))
        await client.settle()

    run(context, synced)


@channels.command("list")
def list_channels(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What the name holds.")] = "",
    after: After = None,
    limit: Annotated[int, typer.Option(min=1, max=CHANNELS_PAGE_MAX, help="How many.")] = CHANNELS_PAGE_DEFAULT,
) -> None:
    """Print a page of the server's open channels."""

    async def work(client: Client) -> None:
        show(await client.channels(query, after=after, limit=limit))

    run(context, work)


@channels.command("create")
def create(
    context: typer.Context,
    name: str,
    topic: Annotated[str, typer.Option(help="What it is about, in a line.")] = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Make an open channel."""
    _run(context, lambda client: client.channel_create(name, topic, description))


@channels.command("join")
def join(context: typer.Context, channel: Named) -> None:
    """Come into an open channel."""
    _run(context, lambda client: client.channel_join(channel))


@channels.command("leave")
def leave(context: typer.Context, channel: Named) -> None:
    """Leave an open channel."""
    _run(context, lambda client: client.channel_leave(channel))


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Words, each of which a message must hold.")],
    conversation: Annotated[str | None, typer.Option(help="Only this channel: an id, or #name.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only what this person said: @username.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from then on: 2026-01-31T09:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Only before then.")] = None,
    with_files: Annotated[bool, typer.Option("--with-files", help="Only messages with files.")] = False,
    after: After = None,
    limit: Annotated[int, typer.Option(min=1, max=SEARCH_PAGE_MAX, help="How many.")] = SEARCH_PAGE_DEFAULT,
) -> None:
    """Search in the open channels that this person belongs to; the server sees the words."""

    async def work(client: Client) -> object:
        return await client.search(
            query,
            conversation=conversation,
            sender=sender,
            since=since,
            until=until,
            with_files=with_files,
            after=after,
            limit=limit,
        )

    _run(context, work)

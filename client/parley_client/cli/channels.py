"""`parley client … channels …` and `… search`: open channels, which the server reads."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from parley_client.cli.running import run, run_synced, show
from parley_client.client import Client
from parley_client.errors import UsageError
from parley_contracts.applications_api import Scope
from parley_contracts.limits import CHANNELS_PAGE_DEFAULT, CHANNELS_PAGE_MAX, SEARCH_PAGE_DEFAULT, SEARCH_PAGE_MAX

channels = typer.Typer(no_args_is_help=True, help="Open channels: anybody may join, and the server reads them.")
app = typer.Typer(no_args_is_help=True, help="Programs that read or say something in a channel.")
channels.add_typer(app, name="app")
Named = Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's id, or its name as #name.")]
After = Annotated[str | None, typer.Option(help="The `next` of the page before.")]


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
    run_synced(context, lambda client: client.channel_create(name, topic, description))


@channels.command("join")
def join(context: typer.Context, channel: Named) -> None:
    """Come into an open channel."""
    run_synced(context, lambda client: client.channel_join(channel))


@channels.command("leave")
def leave(context: typer.Context, channel: Named) -> None:
    """Leave an open channel."""
    run_synced(context, lambda client: client.channel_leave(channel))


@app.command("create")
def app_create(
    context: typer.Context,
    channel: Named,
    name: str,
    scope: Annotated[list[str], typer.Option(help="What it may do: read or post; may be given again.")],
    callback: Annotated[str | None, typer.Option(help="https address that messages are posted to; needs read.")] = None,
) -> None:
    """Let an application in, and print its token and signing secret, this once."""
    try:
        scopes = msgspec.convert(scope, list[Scope])
    except msgspec.ValidationError as error:
        raise UsageError("a scope is read or post") from error
    run_synced(context, lambda client: client.channel_app_create(channel, name, scopes, callback))


@app.command("list")
def app_list(context: typer.Context, channel: Named) -> None:
    """Print a channel's applications."""
    run_synced(context, lambda client: client.channel_apps(channel))


@app.command("revoke")
def app_revoke(context: typer.Context, channel: Named, application_id: str) -> None:
    """Put an application out at once."""

    async def work(client: Client) -> object:
        await client.channel_app_revoke(channel, application_id)
        return {}

    run_synced(context, work)


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

    run_synced(context, work)

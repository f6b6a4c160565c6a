"""`parley client … push …`: notifications of this device."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_client.errors import UsageError

push = typer.Typer(no_args_is_help=True, help="Notifications while nothing runs.")
Binary = Annotated[str, typer.Option(help="As base64url without padding.")]


@push.command()
def key(context: typer.Context) -> None:
    """Print the server's application key (VAPID)."""

    async def work(client: Client) -> None:
        show({"public_key": await client.push_key()})

    run(context, work)


@push.command()
def subscribe(
    context: typer.Context,
    endpoint: Annotated[str, typer.Option(help="The address that the push service gave.")],
    p256dh: Binary,
    auth: Binary,
    push_public_key: Binary,
) -> None:
    """Take pushes; the private half of the push key stays with whoever opens them."""

    async def work(client: Client) -> None:
        await client.sync()
        show(await client.push_subscribe(endpoint=endpoint, p256dh=p256dh, auth=auth, push_public_key=push_public_key))

    run(context, work)


@push.command()
def unsubscribe(context: typer.Context) -> None:
    """Take no pushes any more."""
    run(context, lambda client: client.push_unsubscribe())


@push.command("self-test")
def self_test(context: typer.Context) -> None:
    """Have the server push to this device, and print what became of it."""

    async def work(client: Client) -> None:
        show(await client.push_self_test())

    run(context, work)


@push.command()
def secrets(context: typer.Context) -> None:
    """Print what opens pushes while nothing runs, sealed to the push key."""

    async def work(client: Client) -> None:
        await client.sync()
        show(client.push_secrets())

    run(context, work)


@push.command()
def level(context: typer.Context, conversation_id: str, value: str) -> None:
    """Hear of `all` messages of a conversation, or of `none`."""

    async def work(client: Client) -> None:
        if value not in {"all", "none"}:
            raise UsageError("the level is all or none")
        show(await client.push_set_level(conversation_id, "all" if value == "all" else "none"))

    run(context, work)

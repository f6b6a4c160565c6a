"""`parley client … people`: contacts, requests of strangers, blocks, and being found."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client

people = typer.Typer(no_args_is_help=True, help="Contacts, requests of strangers, blocks, and being found.")
Person = Annotated[str, typer.Argument(help="The user name, with or without @.")]


@people.command("block")
def block(context: typer.Context, person: Person) -> None:
    """Block somebody: they reach and see you nowhere any more, and are not told."""

    async def work(client: Client) -> None:
        show(await client.block(person))

    run(context, work)


@people.command("unblock")
def unblock(context: typer.Context, person: Person) -> None:
    """Block somebody no more."""

    async def work(client: Client) -> None:
        show(await client.unblock(person))

    run(context, work)


@people.command("blocked")
def blocked(context: typer.Context) -> None:
    """Print whom you have blocked, the last first."""

    async def work(client: Client) -> None:
        show(await client.fetch_blocks())

    run(context, work)


@people.command("contacts")
def contacts(context: typer.Context) -> None:
    """Print your contacts, by name."""

    async def work(client: Client) -> None:
        await client.sync_settings()
        show(client.contacts())

    run(context, work)


@people.command("add")
def add(context: typer.Context, person: Person) -> None:
    """Take somebody among your contacts, on all of your devices."""

    async def work(client: Client) -> None:
        await client.sync_settings()
        show(await client.contact_add(person))
        await client.sync_settings()

    run(context, work)


@people.command("remove")
def remove(context: typer.Context, person: Person) -> None:
    """Take somebody out of your contacts, on all of your devices."""

    async def work(client: Client) -> None:
        await client.sync_settings()
        show(await client.contact_remove(person))
        await client.sync_settings()

    run(context, work)


@people.command("search")
def search(context: typer.Context, prefix: Annotated[str, typer.Argument(help="How the name begins.")]) -> None:
    """Print whom this device knows under a name that begins so; the server is not asked."""

    async def work(client: Client) -> None:
        show(client.search_people(prefix))

    run(context, work)


@people.command("requests")
def requests(context: typer.Context) -> None:
    """Print the conversations that strangers have begun and that wait for you."""

    async def work(client: Client) -> None:
        await client.sync()
        show(client.requests())

    run(context, work)


@people.command("accept")
def accept(
    context: typer.Context, conversation: Annotated[str, typer.Argument(help="The conversation's id or name.")]
) -> None:
    """Accept what a stranger has begun: they see from now on that you read it."""

    async def work(client: Client) -> None:
        await client.sync()
        await client.accept(conversation)

    run(context, work)


@people.command("discovery")
def discovery(
    context: typer.Context,
    by_name: Annotated[bool | None, typer.Option(help="Whether others find you by your whole user name.")] = None,
) -> None:
    """Print, or change, whether others find you by your user name."""

    async def work(client: Client) -> None:
        show(await (client.discovery() if by_name is None else client.change_discovery(by_name=by_name)))

    run(context, work)

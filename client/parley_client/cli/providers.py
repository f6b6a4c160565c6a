"""`parley client … provider`: signing in by an identity provider, which sends its person back to a port of loopback (RFC 8252)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from parley_client.cli.running import first_line, run, show
from parley_client.client import Client
from parley_client.errors import UsageError
from parley_client.platforms.loopback import by_way_of
from parley_contracts.providers_api import ProviderPurpose

provider = typer.Typer(no_args_is_help=True, help="Signing in by an identity provider.")

Name = Annotated[str, typer.Argument(help="The provider, as `invitation rules` prints it.")]
Code = Annotated[str, typer.Option(help="A code of the second factor, where one is set up.")]


async def say(address: str) -> None:
    """Tell where to go."""
    sys.stderr.write(f"Open this address in a browser on this machine:\n{address}\n")
    sys.stderr.flush()


@provider.command()
def login(
    context: typer.Context,
    name: Name,
    server: Annotated[str, typer.Option(help="https://HOST:PORT of the server.")],
    ca: Annotated[Path | None, typer.Option("--ca", help="File with the certificate authority to trust.")] = None,
    recovery_key_file: Annotated[Path | None, typer.Option(help="File whose first line is the recovery key.")] = None,
    username: Annotated[str, typer.Option(help="For a new account: its user name.")] = "",
    email: Annotated[str, typer.Option(help="For a new account: its e-mail address.")] = "",
    invitation: Annotated[str, typer.Option(help="For a new account: an invitation's code.")] = "",
    code: Code = "",
) -> None:
    """Sign in; a new device needs the recovery key, a new account a name and an address."""

    async def work(client: Client) -> None:
        ca_file = str(ca.absolute()) if ca is not None else None

        async def begin(redirect_uri: str) -> str:
            return await client.provider_begin(server=server, ca_file=ca_file, provider=name, redirect_uri=redirect_uri)

        step = await client.provider_finish(await by_way_of(begin, say))
        if step.step == "code":
            if not code:
                raise UsageError("this account has a second factor: give --code")
            step = await client.provider_code(code)
        if step.step == "sign_up" and not (username and email):
            raise UsageError("there is no account for you yet: give --username and --email to make one")
        if username:
            show(await client.provider_register(username=username, email=email, invitation=invitation))
            client.forget_recovery_key()
        else:
            show(await client.provider_restore(first_line(recovery_key_file) if recovery_key_file else None))

    run(context, work)


@provider.command("list")
def list_links(context: typer.Context) -> None:
    """Print the accounts at providers that sign one in."""

    async def work(client: Client) -> None:
        show(await client.provider_links())

    run(context, work)


@provider.command()
def link(
    context: typer.Context,
    name: Name,
    again: Annotated[
        bool, typer.Option("--again", help="Show by a linked account who you are, as by giving the password again.")
    ] = False,
    code: Code = "",
) -> None:
    """Let an account at a provider sign one in."""

    async def work(client: Client) -> None:
        async def begin(redirect_uri: str) -> str:
            purpose: ProviderPurpose = "again" if again else "link"
            return await client.provider_own_begin(name, redirect_uri=redirect_uri, purpose=purpose)

        show(await client.provider_own_finish(await by_way_of(begin, say), code=code))

    run(context, work)


@provider.command()
def unlink(
    context: typer.Context, link_id: Annotated[str, typer.Argument(help="Its `link_id`, as `list` prints it.")]
) -> None:
    """Let an account at a provider sign one in no more."""
    run(context, lambda client: client.provider_unlink(link_id))

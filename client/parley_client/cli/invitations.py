"""`parley client … invitation`: a server's rules for new accounts, and one's own invitations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client

_DAY_S = 24 * 3600
invitation = typer.Typer(no_args_is_help=True, help="Who may make an account, and one's own invitations.")


@invitation.command()
def rules(
    context: typer.Context,
    server: Annotated[str, typer.Option(help="https://HOST:PORT of the server.")],
    ca: Annotated[Path | None, typer.Option("--ca", help="File with the certificate authority to trust.")] = None,
) -> None:
    """Print who may make an account at a server."""

    async def work(client: Client) -> None:
        ca_file = str(ca.absolute()) if ca is not None else None
        show(await client.sign_up_rules(server=server, ca_file=ca_file))

    run(context, work)


@invitation.command("list")
def list_invitations(context: typer.Context) -> None:
    """Print one's own invitations that are still good."""

    async def work(client: Client) -> None:
        show(await client.invitations())

    run(context, work)


@invitation.command()
def make(
    context: typer.Context,
    uses: Annotated[int, typer.Option(help="How many accounts it is good for.")] = 1,
    days: Annotated[int, typer.Option(help="How long it is good.")] = 7,
) -> None:
    """Make an invitation; its code and link are printed this once."""

    async def work(client: Client) -> None:
        show(await client.invite(uses=uses, lifetime_s=days * _DAY_S))

    run(context, work)


@invitation.command()
def withdraw(
    context: typer.Context, invitation_id: Annotated[str, typer.Argument(help="As `list` prints it.")]
) -> None:
    """Let an invitation let nobody in any more."""
    run(context, lambda client: client.withdraw_invitation(invitation_id))

"""`parley client … profile`: how people show themselves, and what one shows of oneself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_client.errors import UsageError
from parley_contracts.auth_api import ProfileChange

profile = typer.Typer(no_args_is_help=True, help="How people show themselves: names, a few words, pictures.")


@profile.command("show")
def show_profile(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="@NAME", help="Whose; left out, one's own.")] = "",
    picture: Annotated[Path | None, typer.Option(help="Write the picture (WebP) to this file.")] = None,
) -> None:
    """Print how somebody shows themselves."""

    async def work(client: Client) -> None:
        found = await client.profile(await client.find(name) if name else client.whoami().user_id)
        if picture is not None:
            _write(picture, found.picture)
        show(found.profile)

    run(context, work)


@profile.command("set")
def set_profile(
    context: typer.Context,
    name: Annotated[str | None, typer.Option(help="The name that is shown beside the user name.")] = None,
    about: Annotated[str | None, typer.Option(help="A few words; empty for none.")] = None,
    pronouns: Annotated[str | None, typer.Option(help="Such as she/her; empty for none.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin; empty for none.")] = None,
) -> None:
    """Change what one shows of oneself; what is left out stays as it is."""
    change = ProfileChange(display_name=name, about=about, pronouns=pronouns, time_zone=time_zone)

    async def work(client: Client) -> None:
        show(await client.change_profile(change))

    run(context, work)


@profile.command("picture")
def picture(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A picture; left out, none is shown any more.")] = None,
) -> None:
    """Show a picture of oneself, or none."""
    try:
        data = file.read_bytes() if file is not None else None
    except OSError as error:
        raise UsageError(f"the file {file} cannot be read: {error.strerror}") from error

    async def work(client: Client) -> None:
        show(await client.show_avatar(data))

    run(context, work)


def _write(path: Path, data: bytes) -> None:
    if not data:
        raise UsageError("this person shows no picture")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"the file {path} cannot be written: {error.strerror}") from error

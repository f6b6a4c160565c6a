"""`./parley invite`: invitations that operators make."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from parley_ops import operating, privilege, services
from parley_ops.instance import require_instance
from parley_ops.layout import Home, runtime
from parley_ops.stack import Stack

_DAY_S = 24 * 3600
invite = typer.Typer(no_args_is_help=True, help="Let people make an account where sign-up takes an invitation.")

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The instance's data.", show_default="the runtime's own folder")
]


@invite.command()
def create(
    *,
    home: HomeOption = None,
    uses: Annotated[int, typer.Option(help="How many accounts it is good for.")] = 1,
    days: Annotated[int, typer.Option(help="How long it is good.")] = 7,
) -> None:
    """Make an invitation; its code and its link are printed this once, as JSON."""
    _ask(home, {"act": "create", "uses": uses, "lifetime_s": days * _DAY_S, "by": operating.who()})


@invite.command("list")
def list_invitations(*, home: HomeOption = None) -> None:
    """Print the invitations that are still good, those of members too, as JSON."""
    _ask(home, {"act": "list"})


@invite.command()
def revoke(
    invitation_id: Annotated[str, typer.Argument(help="As `list` prints it.")], *, home: HomeOption = None
) -> None:
    """Let an invitation let nobody in any more; who came by it stays."""
    _ask(home, {"act": "revoke", "invitation_id": invitation_id, "by": operating.who()})


def _ask(chosen: Path | None, request: dict[str, str | int]) -> None:
    place = Home((chosen or runtime()).absolute())
    stack = Stack.load(place, require_instance(place))
    privilege.drop(place.root)
    answer = services.invitations(place, stack.instance, stack.addresses, json.dumps(request))
    if answer.strip() != "{}":
        sys.stdout.write(answer)

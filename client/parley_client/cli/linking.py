"""`parley client … link`: make another device one of the account's, from this one; the other side is `login --link`."""

from __future__ import annotations

import asyncio
import sys
import time

import typer

from parley_client.cli.account import Code, Password, sign_in_again
from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_client.errors import LinkOver, UsageError
from parley_client.linking.methods import LinkOffer
from parley_contracts.limits import LINK_LIFETIME_S

_POLL_S = 1.0
_LINE_LENGTH_MAX = 64

link = typer.Typer(no_args_is_help=True, help="Make another device one of this account's.")


async def typed_digits() -> str:
    """The digits that somebody types: the next line of standard input; `UsageError` where there is none."""
    line: str = (await asyncio.to_thread(sys.stdin.readline, _LINE_LENGTH_MAX)).strip()
    if not line:
        raise UsageError("the other device's six digits were not typed")
    return line


@link.command()
def start(context: typer.Context, password: Password = None, code: Code = "") -> None:
    """Link the device that waits in `login --link`: type the digits that it shows, then type there those that this prints."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        offer = await _first_offer(client)
        await client.link_answer(offer.link_id)
        show({"device": offer.name})
        show({"digits": await client.link_confirm(await typed_digits())})

    run(context, work)


@link.command("show")
def show_code(context: typer.Context, password: Password = None, code: Code = "") -> None:
    """Print the text of a code for `login --scanned-file` on the other device, and wait for it."""

    async def work(client: Client) -> None:
        await sign_in_again(client, password, code)
        show({"text": await client.link_show()})
        await client.link_hand_over()

    run(context, work)


async def _first_offer(client: Client) -> LinkOffer:
    deadline = time.monotonic() + LINK_LIFETIME_S
    while time.monotonic() < deadline:
        offers = await client.link_offers()
        if offers:
            return offers[0]
        await asyncio.sleep(_POLL_S)
    raise LinkOver("no other device asked to be linked: sign in there with `login --link`")

"""Printing messages: what is new to this profile, once or as it arrives.

Invariant: a message is marked as received only after it was printed, so a crash prints it again and never loses it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import msgspec

from parley_client.answers import Message
from parley_client.client import Client

#: How long one wait lasts while following.
_ROUND_S = 3600.0


async def print_messages(client: Client, *, follow: bool, timeout_s: float | None, history: bool) -> None:
    """Print what this profile has not printed yet (with `history`: all that it can read).

    Without `follow`: what is there, or what comes first within `timeout_s`. With it: what comes, until the time is over.
    """
    if history:
        await client.sync()
        for conversation in client.conversations():
            _print(await client.history(conversation.conversation_id))
        return
    if follow:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await _follow(client)
        return
    await client.sync()
    if _print_new(client, await client.receive()) or not timeout_s:
        return
    client.connect()
    _print_new(client, await client.receive(timeout_s=timeout_s))


async def _follow(client: Client) -> None:
    client.connect()
    ended = asyncio.ensure_future(client.disconnected())
    try:
        while not ended.done():
            batch = asyncio.ensure_future(client.receive(timeout_s=_ROUND_S))
            await asyncio.wait({batch, ended}, return_when=asyncio.FIRST_COMPLETED)
            if batch.done():
                _print_new(client, batch.result())
            batch.cancel()
        await ended
    finally:
        ended.cancel()


def _print_new(client: Client, batch: list[Message]) -> bool:
    _print(batch)
    client.received(batch)
    return bool(batch)


def _print(batch: list[Message]) -> None:
    for message in batch:
        sys.stdout.write(msgspec.json.encode(message).decode() + "\n")
    sys.stdout.flush()

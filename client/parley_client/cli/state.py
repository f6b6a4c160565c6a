"""`parley client …`: reading, receipts, presence and privacy."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from parley_client import answers, timeline
from parley_client.cli.running import run, show
from parley_client.client import Client
from parley_client.errors import UnknownConversation, UsageError
from parley_contracts.ids import ConversationId
from parley_contracts.limits import PRESENCE_WATCH_MAX

Conversation = Annotated[str, typer.Argument(help="The conversation's id or name.")]
Choice = Annotated[bool | None, typer.Option(help="Whether others see it, and you theirs.")]


class Unread(msgspec.Struct, frozen=True):
    """A conversation with something unread."""

    conversation_id: ConversationId
    name: str
    unread: int
    marked_unread: bool


def register_state(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for name, command in (
        ("unread", unread),
        ("mark-read", mark_read),
        ("mark-unread", mark_unread),
        ("receipts", receipts),
        ("presence", presence),
        ("privacy", privacy),
    ):
        app.command(name)(command)


def unread(context: typer.Context) -> None:
    """List the conversations in which something is unread, with how many messages."""

    async def work(client: Client) -> None:
        await client.sync()
        found = [summary for summary in timeline.summaries(client.session) if summary.unread or summary.marked_unread]
        show([Unread(each.conversation_id, each.name, each.unread, each.marked_unread) for each in found])

    run(context, work)


def mark_read(context: typer.Context, conversation: Conversation) -> None:
    """Say that everything in a conversation is read."""

    async def work(client: Client) -> None:
        await client.sync()
        found = _where(client, conversation)
        await client.mark_read(found.conversation_id, found.sequence)

    run(context, work)


def mark_unread(
    context: typer.Context,
    conversation: Conversation,
    sequence: Annotated[int | None, typer.Option(help="From this message on; by default the newest of others.")] = None,
) -> None:
    """Let a conversation count as unread, on all of your devices, until it is read again."""

    async def work(client: Client) -> None:
        await client.sync()
        await client.mark_unread(_where(client, conversation).conversation_id, sequence)

    run(context, work)


def receipts(context: typer.Context, conversation: Conversation) -> None:
    """Print how far the others have read, and how far their devices have got."""

    async def work(client: Client) -> None:
        await client.sync()
        show(await client.receipts(_where(client, conversation).conversation_id))

    run(context, work)


def presence(
    context: typer.Context,
    people: Annotated[list[str], typer.Argument(help="People as @username.")],
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for an answer.")] = 10.0,
) -> None:
    """Print who is there, or when they were last seen."""

    async def work(client: Client) -> None:
        if len(people) > PRESENCE_WATCH_MAX:
            raise UsageError(f"at most {PRESENCE_WATCH_MAX} people at once")
        await client.sync()
        user_ids = [await client.find(name) for name in people]
        await client.connected()
        show(await client.look_for(user_ids, timeout_s=timeout))

    run(context, work)


def privacy(
    context: typer.Context,
    receipts: Choice = None,
    typing: Choice = None,
    presence: Choice = None,
    strangers: Annotated[
        bool | None, typer.Option(help="Whether people who share no conversation write first.")
    ] = None,
) -> None:
    """Print, or change, what others see of you, as you see of them, and whether strangers may write to you."""

    async def work(client: Client) -> None:
        changed = {"receipts": receipts, "typing": typing, "presence": presence, "strangers": strangers}
        show(await client.change_privacy(**changed))

    run(context, work)


def _where(client: Client, name: str) -> answers.Conversation:
    found = [each for each in client.conversations() if name in {each.conversation_id, each.name}]
    if len(found) != 1:
        raise UnknownConversation(f"no conversation, or more than one, is called {name}")
    return found[0]

"""`parley client … message …`: what one says of messages that stand already."""

from __future__ import annotations

from typing import Annotated

import typer

from parley_client import timeline
from parley_client.cli.running import run_synced
from parley_client.client import Client

message = typer.Typer(no_args_is_help=True, help="Messages that stand already: change, delete, react, pin, polls.")
Conversation = Annotated[str, typer.Argument(help="The conversation's id or name.")]
Sequence = Annotated[int, typer.Argument(help="The message's sequence.")]
Removed = Annotated[bool, typer.Option("--remove", help="Take it back.")]


@message.command("show")
def show_message(context: typer.Context, conversation: Conversation, sequence: Sequence) -> None:
    """Print a message as it stands, with reactions and votes."""

    async def work(client: Client) -> object:
        return {"message": timeline.item(client.session, client.conversation_id(conversation), sequence)}

    run_synced(context, work)


@message.command()
def edit(context: typer.Context, conversation: Conversation, sequence: Sequence, text: str) -> None:
    """Put other words in place of an own message's."""
    run_synced(context, lambda client: client.edit(conversation, sequence, text))


@message.command()
def delete(context: typer.Context, conversation: Conversation, sequence: Sequence) -> None:
    """Delete a message for everybody."""
    run_synced(context, lambda client: client.delete(conversation, sequence))


@message.command()
def react(
    context: typer.Context, conversation: Conversation, sequence: Sequence, emoji: str, remove: Removed = False
) -> None:
    """Give a message an emoji."""
    run_synced(context, lambda client: client.react(conversation, sequence, emoji, removed=remove))


@message.command()
def pin(context: typer.Context, conversation: Conversation, sequence: Sequence, remove: Removed = False) -> None:
    """Pin a message for everybody."""
    run_synced(context, lambda client: client.pin(conversation, sequence, removed=remove))


@message.command()
def poll(
    context: typer.Context,
    to: Annotated[str, typer.Argument(help="@username or a conversation.")],
    question: str,
    options: Annotated[list[str], typer.Argument(help="The answers to choose from.")],
    several: Annotated[bool, typer.Option(help="Let people choose more than one.")] = False,
) -> None:
    """Ask something, with answers to choose from."""
    run_synced(context, lambda client: client.poll(to, question, options, several=several))


@message.command()
def vote(
    context: typer.Context,
    conversation: Conversation,
    sequence: Sequence,
    choices: Annotated[
        list[int] | None, typer.Argument(help="Indices of the answers; none takes the vote back.")
    ] = None,
) -> None:
    """Vote in a poll."""
    run_synced(context, lambda client: client.vote(conversation, sequence, choices or []))


@message.command("close-poll")
def close_poll(context: typer.Context, conversation: Conversation, sequence: Sequence) -> None:
    """End an own poll."""
    run_synced(context, lambda client: client.close_poll(conversation, sequence))


@message.command()
def report(
    context: typer.Context,
    conversation: Conversation,
    sequence: Sequence,
    reason: Annotated[str, typer.Argument(help="What is wrong with it.")],
) -> None:
    """Show a message to who runs the server, with the proof of who wrote it; the rest stays sealed."""
    run_synced(context, lambda client: client.report(conversation, sequence, reason))

"""`parley client …`: one device on the command line.

Invariant: answers are JSON on standard output; what goes wrong is one sentence on standard error and exit code 2
(1 where the network is at fault), never a traceback.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from parley_client.attachments.saving import attachable_of, save_attachment
from parley_client.cli.account import account
from parley_client.cli.bot import bot
from parley_client.cli.channels import channels, search
from parley_client.cli.exporting import export
from parley_client.cli.groups import group
from parley_client.cli.invitations import invitation
from parley_client.cli.jsonrpc import serve
from parley_client.cli.linking import link, typed_digits
from parley_client.cli.lock import erase_locked, lock
from parley_client.cli.message import message
from parley_client.cli.people import people
from parley_client.cli.profile import profile
from parley_client.cli.providers import provider
from parley_client.cli.push import push
from parley_client.cli.receiving import print_messages
from parley_client.cli.restoring import restored
from parley_client.cli.running import Invocation, first_line, run, show
from parley_client.cli.settings import mark, remind, reminders, settings
from parley_client.cli.state import register_state
from parley_client.cli.telling import announcements, terms
from parley_client.cli.transparency import transparency
from parley_client.cli.trust import accept, verify
from parley_client.client import Client, NetworkFactory
from parley_client.errors import ClientError, NetworkError, UsageError
from parley_client.platforms.https import HttpsNetwork
from parley_contracts.problems import Problem

EXIT_PROBLEM = 2
EXIT_NETWORK = 1
EXIT_INTERRUPTED = 130

app = typer.Typer(add_completion=False, no_args_is_help=True, help="An encrypted device on the command line.")
app.add_typer(group, name="group")
app.add_typer(account, name="account")
app.add_typer(invitation, name="invitation")
app.add_typer(provider, name="provider")
app.add_typer(people, name="people")
app.add_typer(profile, name="profile")
attachment = typer.Typer(no_args_is_help=True, help="Files of messages.")
app.add_typer(attachment, name="attachment")
app.add_typer(message, name="message")
app.command("bot")(bot)
app.add_typer(push, name="push")
register_state(app)
app.command()(settings)
app.command()(restored)
app.command()(announcements)
app.command()(terms)
app.command()(export)
app.command()(remind)
app.command()(reminders)
app.command()(mark)
app.add_typer(channels, name="channels")
app.command()(search)
app.command()(verify)
app.command()(accept)
app.add_typer(link, name="link")
app.add_typer(lock, name="lock")
app.command()(transparency)

Server = Annotated[str, typer.Option(help="https://HOST:PORT of the server.")]
CaFile = Annotated[Path | None, typer.Option("--ca", help="File with the certificate authority to trust.")]
Username = Annotated[str, typer.Option(help="The account's user name.")]
PasswordFile = Annotated[Path, typer.Option(help="File whose first line is the password.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON (the only form there is).")]


class _Account(TypedDict):
    server: str
    ca_file: str | None
    username: str
    code: str | None


@app.callback()
def _every_command(
    context: typer.Context,
    profile: Annotated[Path, typer.Option(help="Directory that holds this device's keys and messages.")],
    passphrase_file: Annotated[
        Path | None, typer.Option(help="File whose first line opens the profile's app lock, where it has one.")
    ] = None,
) -> None:
    """An encrypted device on the command line."""
    network = context.obj if callable(context.obj) else HttpsNetwork
    context.obj = Invocation(profile, network, passphrase_file)


@app.command()
def register(
    context: typer.Context,
    server: Server,
    username: Username,
    email: Annotated[str, typer.Option(help="The account's e-mail address.")],
    password_file: PasswordFile,
    ca: CaFile = None,
    invitation: Annotated[str, typer.Option(help="An invitation's code, where the server asks for one.")] = "",
) -> None:
    """Make an account with this device; keep the recovery key that this prints."""

    async def work(client: Client) -> None:
        registration = await client.register(
            server=server,
            ca_file=_text(ca),
            username=username,
            email=email,
            password=first_line(password_file),
            invitation=invitation,
        )
        show(registration)
        client.forget_recovery_key()

    run(context, work)


@app.command()
def login(
    context: typer.Context,
    server: Server,
    username: Username,
    password_file: PasswordFile,
    ca: CaFile = None,
    recovery_key_file: Annotated[Path | None, typer.Option(help="File whose first line is the recovery key.")] = None,
    code: Annotated[str | None, typer.Option(help="A code of the second factor, where one is set up.")] = None,
    linked: Annotated[bool, typer.Option("--link", help="By another device, in `link start`, and its digits.")] = False,
    scanned_file: Annotated[
        Path | None, typer.Option(help="File with the text that another device's `link show` printed.")
    ] = None,
) -> None:
    """Sign in; a new device needs the recovery key or another device, and brings back the history."""
    if [linked, scanned_file is not None, recovery_key_file is not None].count(True) > 1:
        raise UsageError("give one of --link, --scanned-file and --recovery-key-file")
    account = _Account(server=server, ca_file=_text(ca), username=username, code=code)

    async def work(client: Client) -> None:
        password = first_line(password_file)
        if linked:
            await client.link_ask(**account, password=password)
            show({"digits": await client.link_digits()})
            show(await client.link_finish(await typed_digits()))
        elif scanned_file is not None:
            show(await client.link_scan(first_line(scanned_file), **account, password=password))
        else:
            recovery_key = first_line(recovery_key_file) if recovery_key_file else None
            show(await client.login(**account, password=password, recovery_key=recovery_key))

    run(context, work)


@app.command()
def logout(context: typer.Context) -> None:
    """Sign this device out for good and erase the profile, its app lock too."""
    run(context, lambda client: client.logout())
    erase_locked(context)


@app.command()
def whoami(context: typer.Context, as_json: Json = False) -> None:  # noqa: ARG001 - the only form there is
    """Say whose device this is."""

    async def work(client: Client) -> None:
        show(client.whoami())

    run(context, work)


@app.command()
def send(
    context: typer.Context,
    to: Annotated[str, typer.Option(help="@username (your own: note to self) or a conversation.")],
    text: Annotated[str, typer.Argument(help="The message.")] = "",
    attach: Annotated[list[Path] | None, typer.Option(help="A file to send along; may be given again.")] = None,
    reply_to: Annotated[int | None, typer.Option(help="The sequence of the message that this answers.")] = None,
    thread: Annotated[int | None, typer.Option(help="The sequence of the message under which this stands.")] = None,
) -> None:
    """Send a message, with files or without; returns when the server has stored it."""

    async def work(client: Client) -> None:
        await client.sync()
        files = [attachable_of(path) for path in attach or ()]
        show(await client.send(to, text, attachments=files, reply_to=reply_to, thread=thread))
        await client.send_waiting()
        await client.settle()

    run(context, work)


@app.command()
def schedule(
    context: typer.Context,
    to: Annotated[str, typer.Option(help="@username (your own: note to self) or a conversation.")],
    at: Annotated[str, typer.Option(help="When: a time with its zone, as in 2026-01-31T09:00:00+01:00.")],
    text: Annotated[str, typer.Argument(help="The message.")],
) -> None:
    """Send a message later, also while this device is away."""

    async def work(client: Client) -> None:
        await client.sync()
        show(await client.schedule(to, text, at))
        await client.settle()

    run(context, work)


@app.command()
def scheduled(
    context: typer.Context,
    cancel: Annotated[str | None, typer.Option(help="The client id of one that is not to be sent.")] = None,
) -> None:
    """List what is sent later, or cancel one."""

    async def work(client: Client) -> None:
        if cancel is not None:
            await client.sync()
            await client.unschedule(cancel)
        show(client.scheduled())

    run(context, work)


@app.command()
def receive(
    context: typer.Context,
    as_json: Json = False,  # noqa: ARG001 - the only form there is
    follow: Annotated[bool, typer.Option(help="Stay and print what arrives.")] = False,
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds to wait (with --follow: to stay).")] = None,
    history: Annotated[bool, typer.Option(help="Print everything that is readable, again and own texts too.")] = False,
) -> None:
    """Print messages that this profile has not printed yet, one JSON object a line."""
    run(context, lambda client: print_messages(client, follow=follow, timeout_s=timeout, history=history))


@app.command()
def conversations(context: typer.Context, as_json: Json = False) -> None:  # noqa: ARG001 - the only form there is
    """List the conversations."""

    async def work(client: Client) -> None:
        await client.sync()
        show(client.conversations())

    run(context, work)


@attachment.command("get")
def attachment_get(
    context: typer.Context,
    conversation: Annotated[str, typer.Argument(help="The conversation's id or name.")],
    sequence: Annotated[int, typer.Argument(help="The message's sequence.")],
    index: Annotated[int, typer.Argument(help="The file's index in the message.")],
    output: Annotated[Path, typer.Option(help="Where to save it.")],
) -> None:
    """Save a file of a message; after an interruption it goes on where it stood."""

    async def work(client: Client) -> None:
        await client.sync()
        show(await save_attachment(client, conversation, sequence, index, output))

    run(context, work)


@app.command()
def jsonrpc(context: typer.Context) -> None:
    """Serve JSON-RPC 2.0, one object a line, on standard input and output."""
    run(context, serve)


@functools.cache
def _commands() -> Callable[..., object]:
    """All commands, which typer would make anew for each command line."""
    return typer.main.get_command(app)


def main(arguments: list[str] | None = None, *, network: NetworkFactory | None = None) -> int:
    """Run a command line and return its exit code."""
    try:
        _commands()(arguments, standalone_mode=False, obj=network)
    except typer.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_NETWORK
    except (typer.TyperException, ClientError, Problem, OSError) as error:
        sys.stderr.write(" ".join(_sentence(error).split()) + "\n")
        return EXIT_NETWORK if isinstance(error, NetworkError) else EXIT_PROBLEM
    return 0


def _sentence(error: Exception) -> str:
    if isinstance(error, typer.TyperException):
        return error.format_message()
    if isinstance(error, OSError):
        return f"{error.strerror or 'the system refused'}{f': {error.filename}' if error.filename else ''}"
    return str(error)


def _text(path: Path | None) -> str | None:
    return str(path.absolute()) if path is not None else None

"""`./parley transparency`: watching a server's log of people's keys from outside, and naming who watches one's own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from parley_contracts.checkpoints import CheckpointError, NoteKey, parse_key
from parley_ops import privilege, restarting
from parley_ops.errors import UsageError
from parley_ops.instance import require_instance
from parley_ops.layout import Home, runtime
from parley_ops.secret_files import keep_witnesses
from parley_ops.stack import Stack
from parley_ops.watching import key_log
from parley_ops.watching.server import WatchedServer

transparency = typer.Typer(no_args_is_help=True, help="Watch a server's log of people's keys.")

Address = Annotated[str, typer.Argument(help="https://HOST:PORT of the server.")]
CaFile = Annotated[Path | None, typer.Option("--ca", help="File with the certificate authority to trust.")]
LogKey = Annotated[str | None, typer.Option(help="The log's key, where it is known from elsewhere.")]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@transparency.command()
def audit(
    server: Address,
    *,
    ca: CaFile = None,
    state: Annotated[Path | None, typer.Option(help="File that remembers what was seen.")] = None,
    log_key: LogKey = None,
) -> None:
    """Read the whole log, check it, and print what was found; exit code 1 where it does not hold together."""
    found = key_log.audit(WatchedServer(server, ca), state, log_key, time.time())
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    raise typer.Exit(1 if found.irregular or found.stale else 0)


@transparency.command()
def witness(
    server: Address,
    *,
    key: Annotated[Path, typer.Option(help="File with the witness's key; made where it is missing.")],
    state: Annotated[Path, typer.Option(help="File that remembers what was signed.")],
    name: Annotated[str | None, typer.Option(help="The name of a new witness, like watch.example.")] = None,
    ca: CaFile = None,
    log_key: LogKey = None,
    interval: Annotated[float, typer.Option(min=1, help="Seconds between two looks.")] = 300,
    once: Annotated[bool, typer.Option("--once", help="Look once.")] = False,
) -> None:
    """Sign each state of the log that continues the one before, for whoever demands witnesses; stop at a contradiction."""
    private, found = key_log.witness_key(key, name)
    sys.stdout.write(NoteKey(found, private.public_key().public_bytes_raw()).text() + "\n")
    sys.stdout.flush()
    watched = WatchedServer(server, ca)

    def look() -> None:
        said = key_log.witness(watched, state, private, found, log_key)
        _say(f"signed {said.size} entries")

    if once:
        look()
    else:
        key_log.repeat(look, interval, _say)


@transparency.command()
def witnesses(
    file: Annotated[Path, typer.Argument(help="File with the witnesses' keys, one a line; an empty one names none.")],
    *,
    home: Annotated[
        Path | None, typer.Option("--home", help="The instance's data.", show_default="the runtime's own folder")
    ] = None,
) -> None:
    """Name who watches this server's own log: their signatures are handed to its people."""
    place = Home((home or runtime()).absolute())
    stack = Stack.load(place, require_instance(place))
    try:
        lines = [parse_key(line).text() for line in file.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, CheckpointError) as error:
        raise UsageError(f"{file} has not one key of a witness in each line: {error}.") from error
    privilege.drop(place.root)
    keep_witnesses(place, lines)
    restarting.restart(stack, ["auth"], _say)

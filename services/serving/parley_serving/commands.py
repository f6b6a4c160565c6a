"""The command line of a service: `python -m PACKAGE COMMAND`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from parley_serving.environment import ConfigError, ServiceConfig

Config = TypeVar("Config", bound=ServiceConfig)


def run_command(
    package: str,
    description: str,
    read_config: Callable[[], Config],
    commands: Mapping[str, Callable[[Config], None]],
    arguments: Sequence[str] | None,
) -> int:
    """Run the one command that `arguments` (None: the process's own) name; gives the exit code.

    It is 2 where the environment or the command line is wrong (argparse raises `SystemExit` for the latter).
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description=description)
    parser.add_argument("command", choices=list(commands))
    command = parser.parse_args(arguments).command
    try:
        commands[command](read_config())
    except ConfigError as error:
        sys.stderr.write(f"{package}: {error}\n")
        return 2
    return 0

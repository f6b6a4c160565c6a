"""The command line of a FastAPI service: `migrate` and `serve`, over MongoDB."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TypeVar

from pymongo.errors import PyMongoError

from parley_serving.commands import run_command
from parley_serving.fastapi.config import NodeConfig
from parley_serving.logs import configure_logging

Config = TypeVar("Config", bound=NodeConfig)


def run_node_command(
    package: str,
    description: str,
    read_config: Callable[[], Config],
    *,
    migrate: Callable[[Config], Coroutine[None, None, None]],
    serve: Callable[[Config], None],
    arguments: Sequence[str] | None,
    further: Mapping[str, Callable[[Config], Coroutine[None, None, None]]] | None = None,
) -> int:
    """Run one command, of a service's `further` ones, too; the exit code is 2 where the environment is wrong, 1 where MongoDB is away."""

    def read_and_log() -> Config:
        config = read_config()
        configure_logging(config.log_format)
        return config

    def to_its_end(work: Callable[[Config], Coroutine[None, None, None]]) -> Callable[[Config], None]:
        return lambda config: asyncio.run(work(config))

    commands = {name: to_its_end(work) for name, work in {"migrate": migrate, **(further or {})}.items()}
    commands["serve"] = serve
    try:
        return run_command(package, description, read_and_log, commands, arguments)
    except PyMongoError:
        sys.stderr.write(f"{package}: MongoDB does not answer\n")
        return 1

"""`python -m parley_media {migrate,serve}`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from pymongo.errors import PyMongoError

from parley_media.config import Config, read_config
from parley_serving.environment import ConfigError
from parley_serving.logs import configure_logging


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 2 where the environment is wrong, 1 where a store is away."""
    parser = argparse.ArgumentParser(prog="python -m parley_media", description="Parley's media service.")
    parser.add_argument("command", choices=["migrate", "serve"])
    command = parser.parse_args(arguments).command
    try:
        config = read_config()
        configure_logging(config.log_format)
        if command == "serve":
            from parley_media.server import serve  # noqa: PLC0415 - each command loads only what it needs

            serve(config)
        else:
            asyncio.run(_migrate(config))
    except ConfigError as error:
        sys.stderr.write(f"parley_media: {error}\n")
        return 2
    except PyMongoError:
        sys.stderr.write("parley_media: MongoDB does not answer\n")
        return 1
    return 0


async def _migrate(config: Config) -> None:
    from parley_media.adapters.mongo import connect, database_of, migrate  # noqa: PLC0415 - see main

    client = connect(config.mongodb_url)
    try:
        await migrate(database_of(client))
    finally:
        await client.close()


if __name__ == "__main__":
    sys.exit(main())

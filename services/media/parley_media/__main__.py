"""`python -m parley_media {migrate,serve}`."""

from __future__ import annotations

import sys

from parley_media.config import Config, read_config
from parley_serving.fastapi.commands import run_node_command


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    return run_node_command(
        "parley_media",
        "Parley's media service.",
        read_config,
        migrate=_migrate,
        serve=_serve,
        arguments=arguments,
    )


def _serve(config: Config) -> None:
    from parley_media.server import serve  # noqa: PLC0415 - each command loads only what it needs

    serve(config)


async def _migrate(config: Config) -> None:
    from parley_media.adapters.mongo import connect, database_of, migrate  # noqa: PLC0415 - see _serve

    client = connect(config.mongodb_url)
    try:
        await migrate(database_of(client))
    finally:
        await client.close()


if __name__ == "__main__":
    sys.exit(main())

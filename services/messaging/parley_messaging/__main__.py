"""`python -m parley_messaging {migrate,reports,restored,serve}`."""

from __future__ import annotations

import sys

from parley_messaging.config import Config, read_config
from parley_serving.fastapi.commands import run_node_command


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    return run_node_command(
        "parley_messaging",
        "Parley's messaging service.",
        read_config,
        migrate=_migrate,
        serve=_serve,
        further={"reports": _reports, "restored": _restored},
        arguments=arguments,
    )


def _serve(config: Config) -> None:
    from parley_messaging.server import serve  # noqa: PLC0415 - each command loads only what it needs

    serve(config)


async def _migrate(config: Config) -> None:
    from parley_messaging.adapters.mongo.database import connect, database_of, migrate  # noqa: PLC0415 - see _serve

    client = connect(config.mongodb_url)
    try:
        await migrate(database_of(client))
    finally:
        await client.close()


async def _reports(config: Config) -> None:
    """Print the newest reports, a line of JSON each, newest first."""
    from parley_contracts.limits import REPORTS_SHOWN_MAX  # noqa: PLC0415 - see _serve
    from parley_messaging.adapters.mongo.database import connect, database_of  # noqa: PLC0415 - see _serve
    from parley_messaging.adapters.mongo.reports import MongoReports  # noqa: PLC0415 - see _serve
    from parley_messaging.domain.reports import line_of  # noqa: PLC0415 - see _serve

    client = connect(config.mongodb_url)
    try:
        found = await MongoReports(database_of(client), config.field_secret).newest(REPORTS_SHOWN_MAX)
    finally:
        await client.close()
    for report in found:
        sys.stdout.write(line_of(report) + "\n")


async def _restored(config: Config) -> None:
    """Declare that the database came from a backup: a new server generation, for nodes that start after this."""
    from parley_messaging.adapters.mongo.database import connect, database_of  # noqa: PLC0415 - see _serve
    from parley_messaging.adapters.mongo.generation import renew  # noqa: PLC0415 - see _serve

    client = connect(config.mongodb_url)
    try:
        await renew(database_of(client))
    finally:
        await client.close()


if __name__ == "__main__":
    sys.exit(main())

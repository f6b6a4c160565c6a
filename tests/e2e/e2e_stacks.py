"""What it takes to start a stack of one's own."""

import socket
from pathlib import Path

ENGINES = ("PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URL", "PARLEY_REDIS_URL")


def free_port() -> int:
    """A port of loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def admin_addresses(home: Path) -> dict[str, str]:
    from parley_ops.instance import require_instance
    from parley_ops.layout import Home
    from parley_ops.stack import Stack as OpsStack

    return OpsStack.load(Home(home), require_instance(Home(home))).admin_addresses()

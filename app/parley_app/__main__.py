"""`python -m parley_app PROFILE`: the app on this machine."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from parley_app.desktop import serve
from parley_client.errors import ClientError


def main() -> int:
    """Run the command line; a fault becomes a sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="./parley desktop", description="The app on this machine.")
    parser.add_argument("profile", type=Path, help="folder that holds this device's keys and messages")
    parser.add_argument("--browser", action="store_true", help="serve it to a browser on loopback instead of a window")
    parser.add_argument("--port", type=int, default=8550, help="where the browser finds it")
    parser.add_argument("--server", default="", help="https://HOST:PORT of the server; otherwise people type it")
    parser.add_argument("--ca", default=None, help="file with the certificate authority to trust")
    arguments = parser.parse_args()
    try:
        asyncio.run(
            serve(
                arguments.profile,
                port=arguments.port,
                server=arguments.server,
                ca_file=arguments.ca,
                in_browser=arguments.browser,
            )
        )
    except ClientError as error:
        sys.stderr.write(f"parley: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

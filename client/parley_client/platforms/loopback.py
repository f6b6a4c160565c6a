"""Where somebody comes back to from a page of the web: a port of loopback, for as long as they are away (RFC 8252 section 7.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from parley_client.errors import UsageError

WAIT_S = 600
_LINE_TIMEOUT_S = 10
_THANKS = b"Parley has heard from your provider. You can close this page.\n"
_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    f"Content-Length: {len(_THANKS)}\r\n\r\n"
).encode()


async def by_way_of(begin: Callable[[str], Awaitable[str]], visit: Callable[[str], Awaitable[None]]) -> str:
    """Send somebody where `begin` says, which is told where they come back to; the address that they came back to.

    `UsageError` where nobody came in ten minutes.
    """
    returned: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), _LINE_TIMEOUT_S)
            method, _, rest = line.decode("ascii", "replace").partition(" ")
            target = rest.partition(" ")[0]
            writer.write(_HEAD + _THANKS)
            await writer.drain()
            if method == "GET" and target.startswith("/?") and not returned.done():
                returned.set_result(f"http://127.0.0.1{target}")
        except (TimeoutError, ValueError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await visit(await begin(f"http://127.0.0.1:{port}/"))
        try:
            return await asyncio.wait_for(returned, WAIT_S)
        except TimeoutError as error:
            raise UsageError("nobody came back from the provider in time") from error

"""The port to the system that the app runs on: where its server is, and what only the system can do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, Protocol

from parley_app.engine import EngineError, Json

#: Gives the address of a page of the web, told where its person comes back to.
Begin = Callable[[str], Awaitable[str]]
#: Shows an address in the window of a name.
Visit = Callable[[str, str], Awaitable[None]]
NotificationState = Literal["on", "off", "denied", "unsupported"]


class Bridge(Protocol):
    """A browser, a desktop or a phone."""

    #: The server's address where it is given (a browser's origin, a command line), else empty: then people type it.
    server: str
    #: A file with the authority to trust, for servers with a certificate of their own.
    ca_file: str | None

    async def by_way_of(self, begin: Begin, visit: Visit) -> str:
        """Send the person to the address that `begin` makes of where they come back to; the address that they come back to.

        It is empty where the app begins anew then, and is told the address by `App.returned`.
        """
        ...

    async def notifications(self) -> NotificationState:
        """Whether this system shows notifications of the app."""
        ...

    async def enable_notifications(self) -> NotificationState:
        """Ask the system, subscribe, and say what came of it; raises `EngineError`."""
        ...

    async def disable_notifications(self) -> NotificationState:
        """Unsubscribe; raises `EngineError`."""
        ...

    async def test_notification(self) -> str:
        """Have a notification sent to this very device; what was seen of it, as a sentence. Raises `EngineError`."""
        ...

    async def passkeys(self) -> bool:
        """Whether this system makes and asks for passkeys."""
        ...

    async def make_passkey(self, options: Json) -> Json:
        """Have a passkey made by the server's creation options (WebAuthn, as JSON); raises `EngineError`."""
        ...

    async def use_passkey(self, options: Json) -> Json:
        """Have a passkey sign by the server's request options (WebAuthn, as JSON); raises `EngineError`."""
        ...

    async def save(self, name: str, media_type: str, parts: AsyncIterator[bytes]) -> str:
        """Give the person a file, whose parts are made one after the other; where it is, empty where the system shows that itself.

        Raises what `parts` raises, and `EngineError` where it cannot be written.
        """
        ...


class PlainBridge:
    """A system that shows no notifications and has no passkeys: CPython with a window in a browser."""

    def __init__(self, server: str = "", ca_file: str | None = None) -> None:
        self.server = server
        self.ca_file = ca_file

    async def by_way_of(self, begin: Begin, visit: Visit) -> str:
        """In another window, and back by loopback."""
        # A browser has none, and does not come here.
        from parley_client.platforms.loopback import by_way_of  # noqa: PLC0415

        return await by_way_of(begin, lambda address: visit(address, "_blank"))

    async def notifications(self) -> NotificationState:
        """Never."""
        return "unsupported"

    async def enable_notifications(self) -> NotificationState:
        """Nothing to enable."""
        return "unsupported"

    async def disable_notifications(self) -> NotificationState:
        """Nothing to disable."""
        return "unsupported"

    async def test_notification(self) -> str:
        """Nothing to test."""
        return ""

    async def passkeys(self) -> bool:
        """Never."""
        return False

    async def make_passkey(self, options: Json) -> Json:  # noqa: ARG002 - the port's
        """Nothing to make one with."""
        raise EngineError("passkeys_unsupported", "passkeys need a browser")

    async def use_passkey(self, options: Json) -> Json:
        """Nothing to ask for one."""
        return await self.make_passkey(options)

    async def save(self, name: str, media_type: str, parts: AsyncIterator[bytes]) -> str:  # noqa: ARG002 - the port's
        """Into the person's folder of downloads, or their home."""
        from parley_app.downloads import save  # noqa: PLC0415 - a browser has no files

        return await save(name, parts)

"""What waits for a primary that is gone, once there is another.

A frozen member keeps its connections open: an operation sent there would wait for its whole time-out, though another member has long
been elected. So what is on its way ends when the driver learns of a new primary; whoever asked asks again, there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.monitoring import (
    TopologyClosedEvent,
    TopologyDescriptionChangedEvent,
    TopologyListener,
    TopologyOpenedEvent,
)

#: The operations of this process; it has one client.
_in_flight: set[asyncio.Timeout] = set()


@asynccontextmanager
async def until_failover() -> AsyncIterator[None]:
    """Raise `TimeoutError` inside as soon as another member is the primary."""
    async with asyncio.timeout(None) as limit:
        _in_flight.add(limit)
        try:
            yield
        finally:
            _in_flight.discard(limit)


class PrimaryWatch(TopologyListener):
    """Hears who is the primary. While nobody is, what waits goes on waiting: the same one may come back."""

    def __init__(self) -> None:
        self._primary: tuple[str, int | None] | None = None

    def opened(self, event: TopologyOpenedEvent) -> None:
        """Nothing is known yet."""

    def description_changed(self, event: TopologyDescriptionChangedEvent) -> None:
        """End what is on its way to another member than the primary."""
        servers = event.new_description.server_descriptions()
        primary = next((where for where, server in servers.items() if server.server_type_name == "RSPrimary"), None)
        if primary is None:
            return
        if self._primary not in {None, primary}:
            now = asyncio.get_running_loop().time()
            while _in_flight:
                _in_flight.pop().reschedule(now)
        self._primary = primary

    def closed(self, event: TopologyClosedEvent) -> None:
        """Nothing waits any more."""

"""One look at all sockets of this node, again and again: a timer and a task for each would cost more than all else it does when idle."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from parley_contracts.limits import HEARTBEAT_INTERVAL_S

EVERY_S = HEARTBEAT_INTERVAL_S / 5
#: So many are looked at before others get their turn.
AT_ONCE = 500


class Watched(Protocol):
    """A socket that may outlive its token or its device."""

    def end_if_overdue(self, now_s: float, monotonic_s: float) -> None:
        """Close where the last token or the last heartbeat is too old, by the wall's clock and the monotonic one."""
        ...


class Watch:
    """The sockets that are looked at."""

    def __init__(self) -> None:
        self._sockets: set[Watched] = set()

    def add(self, socket: Watched) -> None:
        """Look at it from now on."""
        self._sockets.add(socket)

    def remove(self, socket: Watched) -> None:
        """It has ended."""
        self._sockets.discard(socket)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            sockets = list(self._sockets)
            for at in range(0, len(sockets), AT_ONCE):
                now_s, monotonic_s = time.time(), time.monotonic()
                for socket in sockets[at : at + AT_ONCE]:
                    socket.end_if_overdue(now_s, monotonic_s)
                await asyncio.sleep(0)

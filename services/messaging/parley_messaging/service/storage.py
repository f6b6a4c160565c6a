"""Whether there is room for what people write.

A database that meets the end of its disk dies in the middle of its work, and so do its neighbours there. So a node looks how
much is left, and refuses to store more in time: with a clear problem, after which devices keep what they have and offer it
again. What was acknowledged stays readable, and what people delete still goes.
"""

from __future__ import annotations

import asyncio

import structlog

from parley_contracts.limits import STORAGE_FREE_BYTES_MIN, STORAGE_INTERVAL_S
from parley_contracts.problems import StorageFull, Unavailable
from parley_messaging.ports import SpaceStore

_log = structlog.get_logger("parley_messaging.storage")


class Storage:
    """The room that is left, as it was at the last look."""

    def __init__(self, store: SpaceStore) -> None:
        self._store = store
        self._full = False

    @property
    def problem(self) -> StorageFull | None:
        """Why nothing more can be stored just now."""
        return StorageFull(retry_after_s=STORAGE_INTERVAL_S) if self._full else None

    def require(self) -> None:
        """Raise `StorageFull` where there is no room."""
        if problem := self.problem:
            raise problem

    async def look(self) -> None:
        """Ask how much is left. A database that does not answer, or does not tell, changes nothing: writes find out."""
        try:
            free_bytes = await self._store.free_bytes()
        except Unavailable:
            return
        full = free_bytes is not None and free_bytes < STORAGE_FREE_BYTES_MIN
        if full != self._full:
            _log.warning("storage_full" if full else "storage_has_room", free_bytes=free_bytes)
        self._full = full

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(STORAGE_INTERVAL_S)

"""Accounts that are gone, read from auth: what a service has of them is erased.

Invariant: an account is passed only when it was erased, and the position lies in the service's own database. So a service that was
away, and one whose backup was restored, erases what it missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog

from parley_contracts.ids import UserId
from parley_contracts.limits import DELETION_POLL_INTERVAL_S
from parley_contracts.problems import Unavailable
from parley_contracts.rights_api import Deletions
from parley_serving.fastapi.access_tokens import AuthClient

_log = structlog.get_logger("parley_serving.fastapi.deletions")


class Positions(Protocol):
    """How far a service has read; both may raise `Unavailable`."""

    async def position(self) -> int:
        """The last position passed, 0 before the first."""
        ...

    async def passed(self, position: int) -> None:
        """Everything up to here is done."""
        ...


class DeletionReader:
    """Reads who is gone, from the service's position on, and has it erased; `is_ours` says whether this node does that."""

    def __init__(
        self,
        auth: AuthClient,
        positions: Positions,
        erase: Callable[[UserId], Awaitable[None]],
        *,
        is_ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._auth = auth
        self._positions = positions
        self._erase = erase
        self._is_ours = is_ours

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                if self._is_ours():
                    await self.read()
            except (Unavailable, msgspec.DecodeError) as error:
                _log.warning("deletions_not_read", reason=type(error).__name__)
            except Exception:  # noqa: BLE001 - a bug is logged, and the work goes on
                _log.exception("deletions_failed")
            await asyncio.sleep(DELETION_POLL_INTERVAL_S)

    async def read(self) -> None:
        """Erase everybody who is told of; `Unavailable`."""
        since = await self._positions.position()
        while page := await self._page(since):
            for deletion in page.deletions:
                await self._erase(deletion.user_id)
                await self._positions.passed(deletion.position)
            since = page.next

    async def _page(self, since: int) -> Deletions | None:
        page = msgspec.json.decode(await self._auth.get(f"/internal/deletions?since={since}"), type=Deletions)
        return page if page.deletions else None

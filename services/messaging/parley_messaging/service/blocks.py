"""Whom people have blocked, in memory: auth is the truth, read at the start and every `BLOCKS_POLL_INTERVAL_S` (decisions/0031).

Invariant: before all blocks were read once, nothing is decided that one could forbid and nothing is shown; Redis only hastens.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

import structlog

from parley_contracts.ids import UserId
from parley_contracts.limits import BLOCKS_POLL_INTERVAL_S
from parley_contracts.people_api import BlockChange
from parley_contracts.problems import Problem, Unavailable
from parley_messaging.ports import BlockFeed

_log = structlog.get_logger("parley_messaging.blocks")


class Blocks:
    """Who has blocked whom, as this node knows it; `changed` hears of pairs, the blocker first, that stand otherwise."""

    def __init__(self, feed: BlockFeed, changed: Callable[[Sequence[BlockChange]], None]) -> None:
        self._feed = feed
        self._changed = changed
        self._blocked: defaultdict[UserId, set[UserId]] = defaultdict(set)
        self._versions: dict[UserId, int] = {}
        self._position = 0
        self._hint = asyncio.Event()
        self.loaded = False

    def version(self, user_id: UserId) -> int:
        """That of the person's blocks, as far as it is known here; 0 before the first."""
        return self._versions.get(user_id, 0)

    def has_blocked(self, user_id: UserId, other: UserId) -> bool:
        """Whether `user_id` has blocked `other`."""
        return other in self._blocked.get(user_id, ())

    def between(self, one: UserId, other: UserId) -> bool:
        """Whether either has blocked the other."""
        return self.has_blocked(one, other) or self.has_blocked(other, one)

    def hides(self, one: UserId, other: UserId) -> bool:
        """Whether neither may see what the other does."""
        return not self.loaded or self.between(one, other)

    def require(self) -> None:
        """`Unavailable` before all blocks were read once."""
        if not self.loaded:
            raise Unavailable("Who has blocked whom is not known yet.", retry_after_s=1)

    def hint(self) -> None:
        """Somebody says that there is something new."""
        self._hint.set()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            self._hint.clear()
            try:
                await self._read()
            except Problem as problem:
                _log.warning("blocks_not_read", problem=problem.slug)
            try:
                await asyncio.wait_for(self._hint.wait(), BLOCKS_POLL_INTERVAL_S)
            except TimeoutError:
                continue

    async def _read(self) -> None:
        while (page := await self._feed.block_changes(self._position)).changes:
            for change in page.changes:
                self._take(change)
            self._position = page.next
            if self.loaded:
                self._changed(page.changes)
        self.loaded = True

    def _take(self, change: BlockChange) -> None:
        if change.active:
            self._blocked[change.blocker_id].add(change.blocked_id)
        else:
            self._blocked[change.blocker_id].discard(change.blocked_id)
        self._versions[change.blocker_id] = max(change.position, self.version(change.blocker_id))

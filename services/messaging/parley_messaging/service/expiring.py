"""Forgetting what the timer or the retention of a conversation says is to be forgotten: ciphertexts, and nothing else.

One node does it, the owner of it by the same hash that shares conversations out; where two do, they do the same. Invariant: a
place of the log, its header, its count and its hash stay, so the chain holds; what is due is found in the log alone, so
a node that dies leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from parley_contracts.ids import ConversationId
from parley_contracts.limits import EXPIRY_BATCH_MAX, EXPIRY_INTERVAL_S, PAGE_ENTRIES_MAX, RETENTION_INTERVAL_S
from parley_contracts.problems import Unavailable
from parley_messaging.domain.entries import StoredEntry, time_text
from parley_messaging.ports import ExpiryStore

_log = structlog.get_logger("parley_messaging.expiring")


def utc_now() -> datetime:
    """The present time."""
    return datetime.now(UTC)


class Expiring:
    """`is_ours` says whether this node is to do it."""

    def __init__(
        self, log: ExpiryStore, *, is_ours: Callable[[], bool], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._log = log
        self._is_ours = is_ours
        self._clock = clock
        #: Up to where each conversation holds nothing that is too old: spares reading it again.
        self._done: dict[ConversationId, int] = {}

    async def run(self) -> None:
        """Forget what is due until cancelled."""
        turns_between = RETENTION_INTERVAL_S // EXPIRY_INTERVAL_S
        for turn in itertools.count():
            if self._is_ours():
                try:
                    await self.forget_expired()
                    if turn % turns_between == 0:
                        await self.forget_old()
                except Unavailable:
                    _log.warning("expiry_pauses")
            await asyncio.sleep(EXPIRY_INTERVAL_S)

    async def forget_expired(self) -> int:
        """Forget the messages whose timer has run out; how many that were."""
        now, forgotten = time_text(self._clock()), 0
        while found := await self._log.expired(now, limit=EXPIRY_BATCH_MAX):
            forgotten += await self._forget(found)
            if len(found) < EXPIRY_BATCH_MAX:
                break
        return forgotten

    async def forget_old(self) -> int:
        """Forget the messages that policies in force let be kept no longer; how many that were."""
        now, forgotten = self._clock(), 0
        bounds = await self._log.retained()
        tails = await self._log.tails(sorted({bound.conversation_id for bound in bounds}))
        heads = {tail.conversation_id: tail for tail in tails}
        for bound in bounds:
            tail = heads.get(bound.conversation_id)
            if tail is not None and tail.policy_sequence == bound.sequence:
                oldest = time_text(now - timedelta(seconds=bound.retention_s))
                forgotten += await self._forget_old(bound.conversation_id, oldest, tail.sequence)
        return forgotten

    async def _forget_old(self, conversation_id: ConversationId, oldest: str, head: int) -> int:
        """Forget what was stored before that time, up to the first entry that was not."""
        forgotten = 0
        while True:
            after = self._done.get(conversation_id, 0)
            found = await self._log.entries(conversation_id, after=after, before=head + 1, limit=PAGE_ENTRIES_MAX)
            old = list(itertools.takewhile(lambda entry: entry.stored_at < oldest, found))
            forgotten += await self._forget(old)
            if old:
                self._done[conversation_id] = old[-1].sequence
            if not old or len(old) < len(found):
                return forgotten

    async def _forget(self, entries: list[StoredEntry]) -> int:
        held = [entry for entry in entries if entry.ciphertext]
        for entry in held:
            await self._log.remove(entry)
        return len(held)

"""Group commit: what all conversations want stored goes into one ordered insert at a time.

Invariant: never two inserts in flight, never an unordered one. A duplicate stops the insert: whose entries stood wholly
before it must still see them by a majority read, whose entry it was starts over, and the rest goes into the next insert.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from parley_contracts.limits import APPEND_BATCH_MAX
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.metrics import Metrics
from parley_messaging.ports import Inserted, LogStore

COLLECT_S = 0.002
BATCH_SIZE_BYTES_MAX = 24 * 1024 * 1024
_log = structlog.get_logger("parley_messaging.writer")

#: `stored` is final; after the others the caller settles each entry by a majority read.
Verdict = Literal["stored", "unconfirmed", "conflict", "unknown"]


@dataclass(frozen=True)
class _Run:
    """Entries of one conversation, consecutive."""

    entries: Sequence[StoredEntry]
    verdict: asyncio.Future[Verdict]


class GroupWriter:
    """Collects runs of entries and inserts them together."""

    def __init__(self, log: LogStore, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._waiting: deque[_Run] = deque()
        self._task: asyncio.Task[None] | None = None

    async def write(self, entries: Sequence[StoredEntry]) -> Verdict:
        """Store consecutive entries of one conversation; one call at a time for each conversation."""
        run = _Run(entries, asyncio.get_running_loop().create_future())
        self._waiting.append(run)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush())
        return await run.verdict

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(COLLECT_S)
            runs = self._take()
            entries = [entry for run in runs for entry in run.entries]
            try:
                inserted = await self._log.insert(entries)
            except Exception:  # noqa: BLE001 - a bug: the callers settle by a majority read, and nobody waits for ever
                _log.exception("insert_failed")
                inserted = Inserted("unknown")
            self._metrics.batches += 1
            self._tell(runs, inserted)

    def _take(self) -> list[_Run]:
        runs: list[_Run] = []
        count = size = 0
        while self._waiting:
            entries = self._waiting[0].entries
            count += len(entries)
            size += sum(_size_bytes(entry) for entry in entries)
            if runs and (count > APPEND_BATCH_MAX or size > BATCH_SIZE_BYTES_MAX):
                break
            runs.append(self._waiting.popleft())
        return runs

    def _tell(self, runs: list[_Run], inserted: Inserted) -> None:
        first = 0
        later: list[_Run] = []
        for run in runs:
            verdict = _verdict(inserted, first, len(run.entries))
            first += len(run.entries)
            if verdict is None:
                later.append(run)
            elif not run.verdict.done():
                run.verdict.set_result(verdict)
        self._waiting.extendleft(reversed(later))


def _verdict(inserted: Inserted, first: int, count: int) -> Verdict | None:
    """What an insert says of the run at `first`; None where it never got that far."""
    match inserted.outcome:
        case "all":
            return "stored"
        case "unknown":
            return "unknown"
        case "duplicate":
            if first + count <= inserted.stored:
                return "unconfirmed"
            return "conflict" if first <= inserted.stored else None


def _size_bytes(entry: StoredEntry) -> int:
    large = (
        *(entry.header, entry.ciphertext, entry.commit, entry.policy, entry.group_info, entry.welcome),
        *(entry.body, entry.standing),
    )
    return 512 + sum(len(field) for field in large)

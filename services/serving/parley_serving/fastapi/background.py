"""Background work of a node, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

CANCEL_AGAIN_S = 0.5


async def end_tasks(tasks: Collection[asyncio.Task[object]]) -> None:
    """Cancel tasks, again and again until all are over.

    Once is not enough: where a library's own time-out ends in the same moment it may take the cancellation for that, and the
    task, which goes on after time-outs, would never end.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)

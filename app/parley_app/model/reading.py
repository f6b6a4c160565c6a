"""How far this person has read in an open conversation, and where the New line stands.

Invariant: what stands in the window counts as read only while somebody looks at it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from parley_app.engine import Engine, EngineError, Json


class Reading:
    """The position, told to the device when it moves; `marked`: this person wanted to find it unread."""

    def __init__(self, engine: Engine, summary: Json) -> None:
        self._engine = engine
        self._conversation_id = summary["conversation_id"]
        self._position = int(summary["read_sequence"])
        self._marked = bool(summary["marked_unread"])
        self.watched = True
        self.new_after: int | None = None
        self.new_count = 0

    def begin(self, summary: Json) -> None:
        """Let the New line stand where reading stopped, if anything is unread."""
        if summary["unread"]:
            self.new_after, self.new_count = summary["unread_after"], summary["unread"]

    def end(self) -> None:
        """No New line any more: who writes has read."""
        self.new_after, self.new_count = None, 0

    def told(self, position: int) -> None:
        """How far the device says that this person has read."""
        self._position = max(self._position, position)

    async def read(self, items: Iterable[Json]) -> None:
        """Somebody looks at these, which reach the latest."""
        sequence = last_heard(items)
        if not self.watched or (sequence <= self._position and not self._marked):
            return
        self._position, self._marked = max(sequence, self._position), False
        with contextlib.suppress(EngineError):  # the device keeps the position and tells the server later
            await self._engine.call("mark_read", {"conversation_id": self._conversation_id, "sequence": self._position})


def last_heard(items: Iterable[Json]) -> int:
    """The last sequence of others that these show or tell of, 0 for none.

    Who sees that there are replies has heard of them: a thread that nobody opens would else stay unread for ever.
    """
    known = list(items)
    heard = [item["sequence"] for item in known if not item["own"]]
    return max([*heard, *(item["thread"]["last_sequence"] for item in known if item["thread"])], default=0)

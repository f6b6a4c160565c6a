"""The messages of this device that are on their way, until the log shows them.

Invariant: a message stays in sight from the moment it is queued until it stands in the log, also while the device has its
acknowledgement and not yet the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parley_app.engine import Json


class Waiting:
    """What is queued, and what was sent and has not come back yet."""

    def __init__(self) -> None:
        self.queued: list[Json] = []
        self._sent: dict[str, Json] = {}
        self._places: dict[str, int] = {}

    def __iter__(self) -> Iterator[Json]:
        """All, in the order in which they were written."""
        return iter([*self._sent.values(), *self.queued])

    def acknowledged(self, client_id: str, sequence: int) -> None:
        """The log has it, at this place."""
        self._places[client_id] = sequence

    def take(self, queued: Sequence[Json], shown: Sequence[Json]) -> None:
        """What the device has queued now, and what the window shows of the log.

        What waited and does neither any more was acknowledged between: only what failed can be taken back.
        """
        here = {item["client_id"] for item in shown}
        still = {message["client_id"] for message in queued}
        reached = max((item["sequence"] for item in shown), default=0)
        for message in self.queued:
            if message["state"] == "waiting" and message["client_id"] not in still:
                self._sent[message["client_id"]] = {**message, "state": "sent"}
        gone = here | still | {key for key, place in self._places.items() if place <= reached}
        self._sent = {key: message for key, message in self._sent.items() if key not in gone}
        self._places = {key: place for key, place in self._places.items() if place > reached}
        self.queued = list(queued)

"""How a person stands, over devices and nodes."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from parley_contracts.state_api import PresenceStatus


@dataclass(frozen=True)
class Status:
    """A status; `since_ms` (UNIX time) is when the person went away or offline, 0 where that is unknown or says nothing."""

    status: PresenceStatus = "offline"
    since_ms: int = 0

    @property
    def last_seen_at(self) -> str | None:
        """RFC 3339 in whole seconds, None where it is not known."""
        if not self.since_ms:
            return None
        return datetime.fromtimestamp(self.since_ms // 1000, UTC).isoformat().replace("+00:00", "Z")


#: Also what is told of the unknown and of those who may not be seen (I6).
OFFLINE = Status()


def merged(statuses: Collection[Status]) -> Status | None:
    """One person over several places: online while online anywhere, else away since the last went away; None for nowhere."""
    if not statuses:
        return None
    return min(statuses, key=lambda status: (status.status != "online", -status.since_ms))


def now_ms() -> int:
    """UNIX time."""
    return time.time_ns() // 1_000_000

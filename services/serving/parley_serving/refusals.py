"""What somebody tried to get round, as lines of the log: foreign origins, rules of conversations, limits (ASVS 5.0, 16.3.3).

Invariant: however much is refused, a kind of refusal writes at most one line in `LINE_INTERVAL_S`; the next one says how many there were.
So nobody drives other lines out of the log by being refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from parley_contracts.problems import OriginRefused, PolicyRefused, Problem, RateLimited

LINE_INTERVAL_S = 1.0
_TOLD = (OriginRefused, PolicyRefused, RateLimited)
_log = structlog.get_logger("parley_serving.refusals")


class Refusals:
    """Counts refusals by their kind, and tells of them; for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def note(self, problem: Problem) -> None:
        """Hear of what is answered; what is no attempt to get round something is passed over."""
        if not isinstance(problem, _TOLD):
            return
        now = self._clock()
        with self._lock:
            unsaid = self._unsaid.pop(problem.slug, 0)
            if now - self._said_at.get(problem.slug, -LINE_INTERVAL_S) < LINE_INTERVAL_S:
                self._unsaid[problem.slug] = unsaid + 1
                return
            self._said_at[problem.slug] = now
        _log.warning("refused", problem=problem.slug, more=unsaid)


#: Those of this process.
refusals = Refusals()

"""Token buckets: so many at once, so many a second, for each key; bounded in the number of keys."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from parley_contracts.problems import RateLimited
from parley_messaging.domain.entries import Submission

Clock = Callable[[], float]
monotonic: Clock = time.monotonic


class Rates:
    """One bucket for each key. Whoever was not heard of for longest is forgotten, which fills their bucket."""

    def __init__(self, *, burst: int, per_s: float, keys_max: int = 50_000, clock: Clock = monotonic) -> None:
        self._burst = burst
        self._per_s = per_s
        self._keys_max = keys_max
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, cost: float = 1) -> bool:
        """Whether there was so much left."""
        now = self._clock()
        left, at = self._buckets.pop(key, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_s)
        allowed = left >= cost
        self._buckets[key] = (left - cost if allowed else left, now)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        return allowed


def count_message(rates: Rates, submission: Submission) -> None:
    """Count what a member says in a conversation; `RateLimited` where all of them say too much."""
    if not rates.take(submission.conversation_id):
        raise RateLimited("Very much is being said in this conversation; wait a little.", retry_after_s=1)

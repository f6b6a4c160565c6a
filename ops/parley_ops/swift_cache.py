"""What Swift's proxy keeps in memory: its memcache filter, replaced by a bounded cache inside the one proxy process."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

ENTRIES_MAX = 20_000

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class LocalCache:
    """The methods that Swift calls on its memcache ring; times to live in seconds, 0 for ever."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Any, float]] = {}

    def get(self, key: str, **_: Any) -> Any:
        """The value, or None."""
        value, expires = self._entries.get(key, (None, 0.0))
        if expires and expires < clock.time():
            del self._entries[key]
            return None
        return value

    def set(self, key: str, value: Any, *, time: float = 0, **_: Any) -> None:
        """Store; a full cache starts anew."""
        if len(self._entries) >= ENTRIES_MAX:
            self._entries.clear()
        self._entries[key] = (value, clock.time() + time if time else 0.0)

    def incr(self, key: str, delta: int = 1, time: float = 0, **_: Any) -> int:
        """Add, never below zero."""
        value = max(int(self.get(key) or 0) + int(delta), 0)
        self.set(key, value, time=time)
        return value

    def decr(self, key: str, delta: int = 1, time: float = 0, **_: Any) -> int:
        """Subtract."""
        return self.incr(key, -delta, time)

    def delete(self, key: str, **_: Any) -> None:
        """Forget."""
        self._entries.pop(key, None)

    def set_multi(self, mapping: Mapping[str, Any], *, time: float = 0, **_: Any) -> None:
        """Store several."""
        for key, value in mapping.items():
            self.set(key, value, time=time)

    def get_multi(self, keys: Sequence[str], *_: Any, **__: Any) -> list[Any]:
        """Several values, in order."""
        return [self.get(key) for key in keys]


def filter_factory(_settings: Mapping[str, str], **_: str) -> Callable[[Application], Application]:
    """Paste's entry point."""
    cache = LocalCache()

    def wrap(application: Application) -> Application:
        def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ["swift.cache"] = cache
            return application(environ, start_response)

        return call

    return wrap

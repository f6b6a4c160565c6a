"""Parts of the model that tell when they have changed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

#: Runs a coroutine in the background; the views' page brings it.
Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Observed:
    """Something that views watch; `version` counts its changes."""

    def __init__(self) -> None:
        self.version = 0
        self._observers: list[Callable[[], None]] = []

    def observe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call `observer` after each change, until the answer is called."""
        self._observers.append(observer)

        def end() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return end

    def changed(self) -> None:
        """Tell the observers."""
        self.version += 1
        for observer in list(self._observers):
            observer()

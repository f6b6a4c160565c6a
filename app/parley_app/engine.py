"""The port to a device: methods by name and events, whether the client core runs here, in a worker or in another tab.

Invariant: nothing that the views import stands on a C extension; a memory snapshot of a browser's start could not hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

#: JSON: what `msgspec.to_builtins` makes of the structs of `parley_client`.
Json = Any
EventListener = Callable[[str, Mapping[str, Any]], None]


class EngineError(Exception):
    """A call that failed: `slug` for programs, the text for people where nothing better is known."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence


class Engine(Protocol):
    """A device. Methods, parameters and answers are those of `parley_client.rpc`, as JSON."""

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Json:
        """Carry a method out; raises `EngineError`."""
        ...

    def subscribe(self, listener: EventListener) -> Callable[[], None]:
        """Call `listener` with the name and parameters of every event, until the answer is called."""
        ...

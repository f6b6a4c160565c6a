"""The port to a device: methods by name and events, whether the client core runs here, in a worker or in another tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from parley_client.events import Event
from parley_client.rpc import CallError, Rpc

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


class LocalEngine:
    """The device in this very process."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Json:
        """Carry a method out; raises `EngineError`."""
        try:
            return msgspec.to_builtins(await self._rpc.call(method, dict(params or {})))
        except CallError as error:
            raise EngineError(error.slug, error.sentence) from error

    def subscribe(self, listener: EventListener) -> Callable[[], None]:
        """Call `listener` with the name and parameters of every event, until the answer is called."""

        def hear(event: Event) -> None:
            listener(event.name, msgspec.to_builtins(event.params))

        return self._rpc.subscribe(hear)

"""The engine whose device runs in this very process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from parley_app.engine import EngineError, EventListener, Json
from parley_client.events import Event
from parley_client.locking.gate import Gate
from parley_client.rpc import CallError, Rpc


class LocalEngine:
    """The device in this very process, behind its app lock or without one."""

    def __init__(self, rpc: Rpc | Gate) -> None:
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

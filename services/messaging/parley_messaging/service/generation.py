"""The server generation as this node knows it: read once, because whoever renews it restarts the nodes."""

from __future__ import annotations

from parley_messaging.ports import GenerationStore


class Generation:
    """The word that is another after each restore of a backup."""

    def __init__(self, store: GenerationStore) -> None:
        self._store = store
        self._value: str | None = None

    async def value(self) -> str:
        """The generation; `Unavailable` where it was never read and cannot be."""
        if self._value is None:
            self._value = await self._store.read()
        return self._value

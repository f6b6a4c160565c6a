"""Taking everything of a person out who is gone: their objects, wherever they were sent, and what is known of their space.

Invariant: the bytes go before their row, so that what is interrupted is found again.
"""

from __future__ import annotations

from parley_contracts.ids import UserId
from parley_contracts.limits import MEDIA_SWEEP_BATCH_MAX
from parley_media.ports import ObjectIndex, ObjectStore, QuotaStore


class Erasing:
    """What auth tells of, and asks afterwards."""

    def __init__(self, index: ObjectIndex, store: ObjectStore, quotas: QuotaStore) -> None:
        self._index = index
        self._store = store
        self._quotas = quotas

    async def erase(self, user_id: UserId) -> None:
        """Erase what there is of a person; again is harmless. `Unavailable`."""
        while owned := await self._index.owned(user_id, MEDIA_SWEEP_BATCH_MAX):
            for found in owned:
                if found.multipart_id is not None and not found.stored:
                    await self._store.abort_multipart(found.key, found.multipart_id)
                await self._store.delete(found.key)
                await self._index.remove(found)
        await self._quotas.forget(user_id)

    async def left(self, user_id: UserId) -> dict[str, int]:
        """How much there is of a person, by what it is; nothing where there is none."""
        counts = {"objects": await self._index.count_owned(user_id), "space": int(await self._quotas.knows(user_id))}
        return {name: count for name, count in counts.items() if count}

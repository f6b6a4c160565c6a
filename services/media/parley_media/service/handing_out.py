"""Handing out the list of a person's files, for the archive that they asked auth for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ObjectId, UserId
from parley_contracts.limits import MEDIA_SWEEP_BATCH_MAX
from parley_media.ports import ObjectIndex, QuotaStore


class HandingOut:
    """What auth asks for. The bytes are sealed by devices, and stay where they are."""

    def __init__(self, index: ObjectIndex, quotas: QuotaStore) -> None:
        self._index = index
        self._quotas = quotas

    async def lines(self, user_id: UserId) -> AsyncIterator[bytes]:
        """A person's space and files, a line of JSON each; it breaks off with `Unavailable`."""
        yield _line({"kind": "quota"} | msgspec.structs.asdict(await self._quotas.quota(user_id)))
        last: ObjectId | None = None
        while page := await self._index.owned(user_id, MEDIA_SWEEP_BATCH_MAX, after=last):
            for found in page:
                yield _line(
                    {
                        "kind": "file",
                        "object_id": found.object_id,
                        "conversation_id": found.conversation_id,
                        "size_bytes": found.size_bytes,
                        "digest": b64encode(found.digest),
                        "stored": found.stored,
                    }
                )
            last = page[-1].object_id


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members).encode() + b"\n"

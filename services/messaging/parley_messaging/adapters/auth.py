"""What messaging asks of auth besides tokens and revocations: who exists, under which root key."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from parley_contracts.ids import UserId
from parley_contracts.limits import USERS_PER_LOOKUP_MAX
from parley_serving.fastapi.access_tokens import AuthClient

SERVICE = "messaging"


class _KnownUser(msgspec.Struct):
    user_id: UserId
    root_fingerprint: str | None


class _KnownUsers(msgspec.Struct):
    users: list[_KnownUser]


class AccountClient(AuthClient):
    """Calls to auth about accounts."""

    async def root_fingerprints(self, user_ids: Sequence[UserId]) -> dict[UserId, str | None]:
        """The people that exist, with the base64url fingerprint of their root key."""
        found: dict[UserId, str | None] = {}
        for first in range(0, len(user_ids), USERS_PER_LOOKUP_MAX):
            wanted = msgspec.json.encode({"user_ids": user_ids[first : first + USERS_PER_LOOKUP_MAX]})
            answer = msgspec.json.decode(await self.call("POST", "/internal/users", wanted), type=_KnownUsers)
            found |= {user.user_id: user.root_fingerprint for user in answer.users}
        return found

"""What messaging asks of auth besides tokens and revocations: who exists, under which root key, and what they have stated; who has blocked whom."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from parley_contracts.encoding import b64decode
from parley_contracts.identity import AccountStatement
from parley_contracts.ids import UserId
from parley_contracts.limits import USERS_PER_LOOKUP_MAX
from parley_contracts.people_api import BlockChanges
from parley_contracts.problems import Unavailable
from parley_serving.fastapi.access_tokens import AuthClient


class _KnownUser(msgspec.Struct):
    user_id: UserId
    root_fingerprint: str | None


class _KnownUsers(msgspec.Struct):
    users: list[_KnownUser]


class _StatedUser(msgspec.Struct):
    user_id: UserId
    statements: list[str]


class _StatedUsers(msgspec.Struct):
    users: list[_StatedUser]


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

    async def statements(self, user_ids: Sequence[UserId]) -> dict[UserId, list[AccountStatement]]:
        """What these people have stated, by version."""
        found: dict[UserId, list[AccountStatement]] = {}
        for first in range(0, len(user_ids), USERS_PER_LOOKUP_MAX):
            wanted = msgspec.json.encode({"user_ids": user_ids[first : first + USERS_PER_LOOKUP_MAX]})
            answer = msgspec.json.decode(await self.call("POST", "/internal/statements", wanted), type=_StatedUsers)
            for user in answer.users:
                found[user.user_id] = [AccountStatement.decode(b64decode(text)) for text in user.statements]
        return found

    async def block_changes(self, since: int) -> BlockChanges:
        """What changed of blocks after a position; `Unavailable`."""
        body = await self.get(f"/internal/blocks?since={since}")
        try:
            return msgspec.json.decode(body, type=BlockChanges)
        except msgspec.DecodeError as error:
            raise Unavailable("The account service answered something else.", retry_after_s=1) from error
